/** The official SDK's commands for activity, revisions, versions, comments and reverts. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  compareContentVersion,
  createComment,
  createComments,
  createContentVersion,
  createContentVersions,
  createDirectus,
  createItem,
  createItems,
  customEndpoint,
  deleteComment,
  deleteComments,
  deleteContentVersion,
  deleteContentVersions,
  promoteContentVersion,
  readActivities,
  readActivity,
  readComment,
  readComments,
  readContentVersion,
  readContentVersions,
  readItem,
  readRevision,
  readRevisions,
  rest,
  saveToContentVersion,
  staticToken,
  updateComment,
  updateComments,
  updateContentVersion,
  updateContentVersions,
  updateContentVersionsBatch,
  updateItem,
} from '@directus/sdk'
import { admin, startKernel, type TestHost } from '../host.ts'
import { asking } from './options.ts'

interface Schema {
  book: { id: number; title: string; pages: number | null }[]
}

describe('@directus/sdk on histories', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({ sql: 'create table book (id serial primary key, title text, pages integer)' })
    await host.kernel.db.execute(`insert into directus_collections (collection, versioning) values ('book', true)`)
    await host.kernel.registry.reload()
  })
  after(() => host.close())
  const client = () => createDirectus<Schema>('http://plinth.test', asking(host)).with(staticToken(admin.token)).with(rest())

  test('activity and revisions, and going back to one', async () => {
    const sdk = client()
    const { id } = await sdk.request(createItem('book', { title: 'a' }))
    await sdk.request(updateItem('book', id, { title: 'b' }))
    const filter = { item: { _eq: String(id) }, collection: { _eq: 'book' } }
    const deeds: any[] = await sdk.request(
      readActivities({ filter, sort: ['id'], fields: ['id', 'action', { revisions: ['data'] }] } as never),
    )
    assert.deepEqual(
      deeds.map(({ action, revisions }: any) => [action, revisions]),
      [
        ['create', [{ data: { title: 'a' } }]],
        ['update', [{ data: { id, title: 'b', pages: null } }]],
      ],
    )
    assert.equal((await sdk.request(readActivity(deeds[0]!.id))).collection, 'book')
    const [first]: any[] = await sdk.request(readRevisions({ filter, sort: ['id'] } as never))
    assert.deepEqual((await sdk.request(readRevision(first!.id))).delta, { title: 'a' })
    // The SDK has no command of its own for it.
    await sdk.request(customEndpoint({ method: 'POST', path: `/utils/revert/${first!.id}` }))
    assert.equal((await sdk.request(readItem('book', id))).title, 'a')
  })

  test('versions', async () => {
    const sdk = client()
    const { id: item } = await sdk.request(createItem('book', { title: 'main', pages: 1 }))
    const { id } = await sdk.request(createContentVersion({ collection: 'book', item: String(item), key: 'next', name: 'Next' } as never))
    assert.equal(((await sdk.request(saveToContentVersion(id, { title: 'next' }))) as any).title, 'next')
    const compared: any = await sdk.request(compareContentVersion(id))
    assert.deepEqual([compared.outdated, compared.main.title, compared.current.title], [false, 'main', 'next'])
    await sdk.request(updateContentVersion(id, { name: 'Renamed' } as never))
    assert.equal((await sdk.request(readContentVersion(id))).name, 'Renamed')
    assert.equal((await sdk.request(readContentVersions({ filter: { key: { _eq: 'next' } } } as never))).length, 1)
    await sdk.request(promoteContentVersion(id, compared.mainHash))
    assert.deepEqual(await sdk.request(readItem('book', item)), { id: item, title: 'next', pages: 1 })
    await sdk.request(deleteContentVersion(id))
    assert.deepEqual(await sdk.request(readContentVersions()), [])
  })

  test('versions, several at once', async () => {
    const sdk = client()
    const items: any[] = await sdk.request(createItems('book', [{ title: 'x' }, { title: 'y' }]))
    const made: any[] = await sdk.request(
      createContentVersions(items.map(({ id }) => ({ collection: 'book', item: String(id), key: 'draft', name: 'D' })) as never),
    )
    const ids = made.map(({ id }) => id as string)
    assert.equal(ids.length, 2)
    const named = async () =>
      (await sdk.request(readContentVersions({ fields: ['name'], sort: ['name'] } as never))).map(({ name }: any) => name)
    const changed: any[] = await sdk.request(updateContentVersions(ids, { name: 'E' } as never))
    assert.deepEqual(
      [changed.map(({ name }) => name), await named()],
      [
        ['E', 'E'],
        ['E', 'E'],
      ],
    )
    await sdk.request(updateContentVersionsBatch(ids.map((id, i) => ({ id, name: `F${i}` })) as never))
    assert.deepEqual(await named(), ['F0', 'F1'])
    await sdk.request(deleteContentVersions(ids))
    assert.deepEqual(await named(), [])
  })

  test('comments', async () => {
    const sdk = client()
    const { id: item } = await sdk.request(createItem('book', { title: 'discussed' }))
    const about = { collection: 'book', item: String(item) }
    const { id } = await sdk.request(createComment({ ...about, comment: 'first' } as never))
    const others = await sdk.request(
      createComments([
        { ...about, comment: 'second' },
        { ...about, comment: 'third' },
      ] as never),
    )
    await sdk.request(updateComment(id, { comment: 'changed' } as never))
    assert.equal((await sdk.request(readComment(id))).comment, 'changed')
    const both: any[] = await sdk.request(
      updateComments(
        others.map((other) => other.id),
        { comment: 'alike' } as never,
      ),
    )
    assert.deepEqual(
      both.map(({ comment }) => comment),
      ['alike', 'alike'],
    )
    await sdk.request(deleteComments(others.map((other) => other.id)))
    assert.equal((await sdk.request(readComments())).length, 1)
    await sdk.request(deleteComment(id))
    assert.deepEqual(await sdk.request(readComments()), [])
  })
})
