/** The official SDK's commands of the model, unchanged. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  createCollection,
  createDirectus,
  createField,
  createRelation,
  deleteCollection,
  deleteField,
  deleteRelation,
  readCollection,
  readCollections,
  readField,
  readFields,
  readFieldsByCollection,
  readRelation,
  readRelationByCollection,
  readRelations,
  rest,
  schemaApply,
  schemaDiff,
  schemaSnapshot,
  staticToken,
  updateCollection,
  updateCollectionsBatch,
  updateField,
  updateRelation,
} from '@directus/sdk'
import { admin, startKernel, type TestHost } from '../host.ts'
import { asking } from './options.ts'

type Json = any

let one: TestHost
let two: TestHost

before(async () => {
  one = await startKernel()
  two = await startKernel()
})
after(async () => {
  await one.close()
  await two.close()
})

const connect = (host: TestHost) => createDirectus<Json>('http://plinth.test', asking(host)).with(rest()).with(staticToken(admin.token))

describe('@directus/sdk and the model', () => {
  test('collections', async () => {
    const client = connect(one)
    const fields = [
      { field: 'id', type: 'integer', schema: { is_primary_key: true, has_auto_increment: true }, meta: { hidden: true } },
      { field: 'title', type: 'string', schema: {}, meta: {} },
    ]
    for (const collection of ['post', 'tag'])
      await client.request(createCollection({ collection, schema: {}, meta: { note: collection }, fields } as Json))
    const changed = await client.request(updateCollection('post', { meta: { icon: 'article', sort: 2 } } as Json))
    assert.deepEqual([changed.meta.icon, changed.meta.sort, changed.meta.note], ['article', 2, 'post'])
    const batch = await client.request(
      updateCollectionsBatch([
        { collection: 'post', meta: { sort: 1 } },
        { collection: 'tag', meta: { sort: 2 } },
      ] as Json),
    )
    assert.deepEqual(
      (batch as Json[]).map(({ collection, meta }) => [collection, meta.sort]),
      [
        ['post', 1],
        ['tag', 2],
      ],
    )
    assert.equal(((await client.request(readCollection('tag'))) as Json).meta.note, 'tag')
    assert.ok((await client.request(readCollections())).some(({ collection }) => collection === 'post'))
  })

  test('fields', async () => {
    const client = connect(one)
    await client.request(createField('post', { field: 'tag', type: 'integer', schema: {}, meta: {} } as Json))
    await client.request(createField('tag', { field: 'posts', type: 'alias', meta: { special: ['o2m'] } } as Json))
    const changed = await client.request(
      updateField('post', 'title', { type: 'string', schema: { max_length: 80, is_nullable: false }, meta: { width: 'half' } } as Json),
    )
    assert.deepEqual([changed.schema!.max_length, changed.schema!.is_nullable, (changed as Json).meta.width], [80, false, 'half'])
    assert.equal((await client.request(readField('post', 'title'))).field, 'title')
    assert.deepEqual(
      (await client.request(readFieldsByCollection('post'))).map(({ field }) => field),
      ['id', 'title', 'tag'],
    )
    assert.ok((await client.request(readFields())).some(({ collection, field }) => collection === 'tag' && field === 'posts'))
  })

  test('relations', async () => {
    const client = connect(one)
    await client.request(
      createRelation({ collection: 'post', field: 'tag', related_collection: 'tag', meta: { one_field: 'posts' } } as Json),
    )
    const changed: Json = await client.request(
      updateRelation('post', 'tag', { schema: { on_delete: 'SET NULL' }, meta: { one_deselect_action: 'delete' } } as Json),
    )
    assert.deepEqual([changed.schema.on_delete, changed.meta.one_deselect_action, changed.meta.one_field], ['SET NULL', 'delete', 'posts'])
    assert.equal((await client.request(readRelation('post', 'tag'))).related_collection, 'tag')
    assert.equal(((await client.request(readRelationByCollection('post'))) as Json).length, 1)
    assert.ok((await client.request(readRelations())).some(({ collection }) => collection === 'post'))
    await client.request(deleteRelation('post', 'tag'))
    await client.request(
      createRelation({ collection: 'post', field: 'tag', related_collection: 'tag', meta: { one_field: 'posts' } } as Json),
    )
  })

  test('snapshot, diff and apply from one server to another', async () => {
    const snapshot = await connect(one).request(schemaSnapshot())
    const diff = await connect(two).request(schemaDiff(snapshot))
    await connect(two).request(schemaApply(diff))
    assert.deepEqual(await connect(two).request(schemaSnapshot()), snapshot)
    // The SDK hands over a 204 as it comes, from the reference too.
    assert.equal(((await connect(two).request(schemaDiff(snapshot))) as unknown as Response).status, 204)
    assert.equal((await two.api('POST', '/items/tag', { body: { title: 't', posts: [{ title: 'p' }] } })).status, 200)
  })

  test('removing', async () => {
    const client = connect(one)
    await client.request(deleteField('post', 'tag'))
    assert.deepEqual(
      (await client.request(readFieldsByCollection('tag'))).map(({ field }) => field),
      ['id', 'title'],
    )
    await client.request(deleteCollection('tag'))
    assert.ok(!(await client.request(readCollections())).some(({ collection }) => collection === 'tag'))
  })
})
