/** Items as their versions have them: who sees what, and that nothing of it stays. The common ways are in test/conformance. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { definePlugin } from 'plinth'
import { itemsChanged } from 'plinth/items'
import { startKernel, type TestHost } from '../../host.ts'
import { addReader } from '../../readers.ts'
import { createRecorder } from '../../recorded.ts'

const sql = `
create table author (id serial primary key, name text);
create table book (id serial primary key, title text, pages integer, owner text, author integer references author);
create table part (id serial primary key, name text, book integer references book);
create table page (lang text, slug text, title text, primary key (lang, slug));
insert into author (name) values ('Ann'), ('Bob');
insert into book (title, pages, owner, author) values ('one', 1, 'me', 1), ('two', 2, 'you', 2), ('three', 3, 'you', 2);
insert into part (name, book) values ('mine', 1), ('secret', 2);
insert into page values ('de', 'a,b', 'p');
`
const meta = `
insert into directus_collections (collection, versioning) values ('book', true), ('page', true);
insert into directus_fields (collection, field, special) values ('book', 'parts', 'o2m');
insert into directus_relations (many_collection, many_field, one_collection, one_field) values
  ('book', 'author', 'author', null), ('part', 'book', 'book', 'parts');
`

describe('?version', () => {
  let host: TestHost
  const recorder = createRecorder()
  let told = 0
  const listener = definePlugin({
    name: 'listener',
    setup(host) {
      host.hook(itemsChanged, () => void told++)
    },
  })

  before(async () => {
    host = await startKernel({ sql, wrap: recorder.wrap, plugins: [listener] })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    await addReader(host, 'all', 'book')
    await addReader(host, 'own', 'book', { owner: { _eq: 'me' } })
    await addReader(host, 'none', 'book')
    await addReader(host, 'whole', 'book')
    const rule = async (name: string, collection: string, more: object = {}) => {
      const [policy] = (await host.api('GET', `/policies?filter[name][_eq]=${name}&fields=id`)).data
      const body = { policy: policy.id, collection, action: 'read', fields: ['*'], ...more }
      assert.equal((await host.api('POST', '/permissions', { body })).status, 200)
    }
    for (const name of ['all', 'own', 'whole']) await rule(name, 'directus_versions')
    await rule('whole', 'part')
    await rule('whole', 'directus_versions', { action: 'update' })
    await rule('all', 'part', { permissions: { book: { owner: { _eq: 'me' } } } })
    await rule('all', 'directus_versions', { action: 'update' })
    await make('book', '1', 'plain', { title: 'one v', author: 2 })
    await make('book', '2', 'plain', { title: 'two v', owner: 'me' })
    await make('book', '1', 'given', { owner: 'you' })
    await make('book', '1', 'nested', { author: { name: 'new' }, parts: [{ name: 'made' }] })
    await make('book', '1', 'wrong', { author: 99 })
    await make('book', '2', 'wrong', { title: 'right' })
    await make('book', '2', 'unfit', { id: 77, title: 'two u', pages: 'many' })
    await make('page', 'de,a%2Cb', 'plain', { title: 'q' })
    await host.settled()
  })
  after(() => host.close())

  async function make(collection: string, item: string, key: string, body: object): Promise<string> {
    const { id } = (await host.api('POST', '/versions', { body: { collection, item, key } })).data
    assert.equal((await host.api('POST', `/versions/${id}/save`, { body })).status, 200)
    return id
  }
  /** The answer without the marks of versions, or its code. */
  async function read(path: string, token?: string): Promise<unknown> {
    const { status, data, code } = await host.api('GET', `/items/${path}`, { token })
    const bare = ({ $meta, ...row }: Record<string, unknown>) => row
    return status === 200 ? (Array.isArray(data) ? data.map(bare) : bare(data)) : code
  }

  const rows: [who: string, path: string, answer: unknown][] = [
    ['all', 'book/1?version=plain&fields=title,author', { title: 'one v', author: 2 }],
    ['all', 'book/1?version=plain&fields=author.name', {}],
    ['own', 'book/1?version=plain&fields=title', { title: 'one v' }],
    ['own', 'book/1?version=given&fields=title', 'FORBIDDEN'],
    ['own', 'book/2?version=plain&fields=title', 'FORBIDDEN'],
    ['own', 'book?version=plain&fields=id', [{ id: 1 }]],
    ['own', 'book?version=given&fields=id', []],
    ['own', 'book/1?version=plain&versionRaw=true', 'FORBIDDEN'],
    ['all', 'book/1?version=plain&versionRaw=true&fields=id', { id: '1', title: 'one v', author: 2 }],
    ['none', 'book/1?version=plain', 'FORBIDDEN'],
    ['none', 'book?version=plain', 'FORBIDDEN'],
    ['admin-token', 'page/de,a%2Cb?version=plain', { lang: 'de', slug: 'a,b', title: 'q' }],
    ['admin-token', 'page?version=plain&fields=title', [{ title: 'q' }]],
    ['admin-token', 'book/1?version=wrong', 'INVALID_FOREIGN_KEY'],
    [
      'admin-token',
      'book?version=wrong&fields=id,title&sort=pages',
      [
        { id: 1, title: 'one' },
        { id: 2, title: 'right' },
      ],
    ],
    ['admin-token', 'book?version=unfit&fields=id,pages', [{ id: 2, pages: 'many' }]],
    ['admin-token', 'book?version=unfit&fields=title', [{ id: null, title: 'two u' }]],
    ['all', 'book?version=unfit&fields=title', [{ id: null, title: 'two' }]],
  ]
  for (const [who, path, answer] of rows) test(`${who}: ${path}`, async () => assert.deepEqual(await read(path, who), answer))

  test('GraphQL tells what is asked for, of types and functions too, and nothing else', async () => {
    const query =
      '{ book_by_id(id: 1, version: "nested") { key: id __typename author { name __typename } parts_func { n: count } parts(sort: ["id"]) { name of: __typename } } }'
    assert.deepEqual((await host.api('POST', '/graphql', { body: { query } })).body, {
      data: {
        book_by_id: {
          key: '1',
          __typename: 'book',
          author: { name: 'new', __typename: 'author' },
          parts_func: { n: 1 },
          parts: [{ name: 'made', of: 'part' }],
        },
      },
    })
  })

  test('why a version cannot be read is told in full to administrators alone', async () => {
    const marks = async (token?: string) => (await host.api('GET', '/items/book?version=wrong&sort=pages', { token })).data[0].$meta
    const { delta, error } = await marks()
    assert.deepEqual(Object.keys(delta).sort(), ['_date', '_user', 'author'])
    assert.deepEqual([delta.author, error.code, error.status, error.extensions.field], [99, 'INVALID_FOREIGN_KEY', 400, 'author'])
    const limited = await marks('all')
    assert.deepEqual([limited.delta, limited.error], [undefined, { code: 'INVALID_FOREIGN_KEY', status: 400, extensions: {} }])
  })

  test('nobody brings rows into a version that they do not see', async () => {
    const id = await make('book', '3', 'taken', { title: 't' })
    const save = (body: object, token = 'all') => host.api('POST', `/versions/${id}/save`, { token, body })
    for (const parts of [
      [2],
      { create: [], update: [{ id: 2, name: 'x' }], delete: [] },
      { create: [], update: [], delete: [2] },
      [{ id: 2 }],
    ])
      assert.equal((await save({ parts })).code, 'FORBIDDEN', JSON.stringify(parts))
    assert.equal((await save({ parts: [1, { name: 'new' }] }, 'whole')).status, 200)
  })

  test('nothing is kept of a read, and nobody hears of it', async () => {
    const state = () =>
      host.kernel.db.text(`select json_build_array((select json_agg(b order by id) from book b), (select json_agg(a order by id) from author a),
        (select json_agg(p order by id) from part p), (select count(*) from directus_activity), (select count(*) from directus_revisions))::text`)
    const before = await state()
    told = 0
    for (const path of ['book/1?version=nested&fields=*.*', 'book?version=plain', 'book?version=wrong', 'book/1?version=wrong'])
      await host.api('GET', `/items/${path}`)
    assert.deepEqual(await read('book/1?version=nested&fields=author.*,parts.name,parts.id'), {
      author: { id: null, name: 'new' },
      parts: [{ name: 'made', id: null }],
    })
    assert.equal(told, 0)
    assert.equal(await state(), before)
  })

  const counts: [path: string, sent: string[], token?: string][] = [
    ['book/1?version=none', ['select']],
    ['book/1?version=plain', ['select', 'begin', 'update', 'select', 'rollback']],
    ['book?version=plain&fields=title', ['select', 'begin', 'update', 'select', 'select', 'rollback']],
    ['book/2?version=plain', ['select', 'select'], 'own'],
    ['book/1?version=plain', ['select', 'select', 'begin', 'update', 'select', 'update', 'select', 'rollback'], 'own'],
  ]
  for (const [path, sent, token] of counts) {
    test(`${token ?? 'admin'}: ${path} sends ${sent.join(', ')}`, async () => {
      await host.api('GET', `/items/${path}`, { token })
      recorder.take()
      await host.api('GET', `/items/${path}`, { token })
      assert.deepEqual(
        recorder.take().map(({ text }) => /^\s*(\w+)/.exec(text)![1]!.toLowerCase()),
        sent,
      )
    })
  }
})
