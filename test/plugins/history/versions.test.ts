/** Versions, comments and reverts: secrets, races, rollbacks, and who is told what. The common ways are in test/conformance. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { mask } from 'plinth/items'
import { startKernel, type TestHost } from '../../host.ts'

const sql = `
create table author (id serial primary key, name text, pin text);
create table book (id serial primary key, title varchar(10), secret text, pin text, twice integer generated always as (id * 2) stored,
  changed timestamptz, author integer references author);
create table page (lang text, slug text, title text, primary key (lang, slug));
`
const meta = `
insert into directus_collections (collection, versioning) values ('book', true), ('page', true);
insert into directus_fields (collection, field, special) values
  ('book', 'secret', 'conceal'), ('book', 'pin', 'hash'), ('author', 'pin', 'hash'), ('book', 'changed', 'date-updated');
insert into directus_relations (many_collection, many_field, one_collection) values ('book', 'author', 'author');
`

describe('versions and reverts', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({ sql })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
  })
  after(() => host.close())
  beforeEach(() =>
    host.kernel.db.execute(`truncate author, book, page, directus_versions, directus_activity, directus_revisions restart identity cascade;
      insert into book (title, secret, pin) values ('one', 'hush', 'x'), ('two', null, null); insert into page values ('de', 'a,b', 'p')`),
  )

  const post = (path: string, body: unknown) => host.api('POST', path, { body })
  const make = async (item = '1', key = 'v', collection = 'book'): Promise<string> =>
    (await post('/versions', { collection, item, key })).data.id
  const compare = async (id: string) => (await host.api('GET', `/versions/${id}/compare`)).data
  const count = async (table: string) => Number(await host.kernel.db.text(`select count(*) from ${table}`))

  const secrets: [why: string, body: Record<string, unknown>, saved: Record<string, unknown> | null][] = [
    ['a concealed one', { secret: 's' }, null],
    ['a hashed one', { pin: '1234' }, null],
    ['one of a nested item', { author: { name: 'a', pin: '1234' } }, null],
    [
      'a mask changes nothing',
      { title: 'x', secret: mask, pin: mask, author: { pin: mask, name: 'a' } },
      { title: 'x', author: { name: 'a' } },
    ],
    ['taking one away', { secret: null }, { secret: null }],
  ]
  for (const [why, body, saved] of secrets) {
    test(`a version keeps no secret: ${why}`, async () => {
      const id = await make()
      const answer = await post(`/versions/${id}/save`, body)
      if (saved) assert.deepEqual((await compare(id)).current, { id: '1', changed: answer.data._date, ...saved })
      else assert.deepEqual([answer.code, await count('directus_revisions')], ['INVALID_PAYLOAD', 1])
    })
  }

  test('a key that is saved is not compared: that of the item stays', async () => {
    const id = await make()
    await post(`/versions/${id}/save`, { id: 99, title: 'x' })
    assert.equal((await compare(id)).current.id, '1')
  })

  test('of two versions with one key made at once there is one', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => post('/versions', { collection: 'book', item: '1', key: 'same' })))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(5).fill(422)])
    assert.equal(await count('directus_versions'), 1)
  })

  test('saves at once are all kept', async () => {
    const id = await make()
    const bodies = [{ title: 't' }, { author: null }, { secret: null }, { changed: null }]
    await Promise.all(bodies.map((body) => post(`/versions/${id}/save`, body)))
    const delta = await host.kernel.db.text(`select delta::text from directus_versions`)
    assert.deepEqual(Object.keys(JSON.parse(delta!)).sort(), ['_date', '_user', 'author', 'changed', 'secret', 'title'])
  })

  test('of two versions promoted at once the second one hears that the item has changed', async () => {
    const ids = [await make('1', 'a'), await make('1', 'b')]
    for (const [i, id] of ids.entries()) await post(`/versions/${id}/save`, { title: `t${i}` })
    const { mainHash } = await compare(ids[0]!)
    const answers = await Promise.all(ids.map((id) => post(`/versions/${id}/promote`, { mainHash })))
    assert.deepEqual(answers.map(({ code }) => code ?? 'done').sort(), ['VERSION_HASH_MISMATCH', 'done'])
  })

  test('a promotion that fails changes nothing and tells nothing', async () => {
    const id = await make()
    await post(`/versions/${id}/save`, { title: 'longer than ten', author: { name: 'made' } })
    const before = await count('directus_activity')
    const { mainHash } = await compare(id)
    const { status, code } = await post(`/versions/${id}/promote`, { mainHash })
    assert.deepEqual([status, code, await count('author'), await count('directus_activity')], [400, 'VALUE_TOO_LONG', 0, before])
  })

  test('secrets of the item are not told by a comparison, and stay when a version is promoted', async () => {
    const id = await make()
    const saved = await post(`/versions/${id}/save`, { title: 'new' })
    const { main, mainHash } = await compare(id)
    assert.deepEqual([main.secret, saved.data.secret], [mask, mask])
    assert.equal((await post(`/versions/${id}/promote`, { mainHash })).data, '1')
    assert.deepEqual(await host.kernel.db.query('select title, secret, pin from book where id = 1'), [
      { title: 'new', secret: 'hush', pin: 'x' },
    ])
  })

  test('an item with a composite key has versions too', async () => {
    const id = await make('de,a%2Cb', 'v', 'page')
    await post(`/versions/${id}/save`, { title: 'q' })
    const { mainHash } = await compare(id)
    assert.equal((await post(`/versions/${id}/promote`, { mainHash })).status, 200)
    assert.equal(await host.kernel.db.text('select title from page'), 'q')
  })

  const refused: [why: string, path: string, body: unknown, code: string][] = [
    ['a list is no item', 'save', [{ title: 'x' }], 'INVALID_PAYLOAD'],
    ['nothing was saved', 'promote', { mainHash: 'x' }, 'UNPROCESSABLE_CONTENT'],
    ['fields that are no list', 'promote', { mainHash: 'x', fields: { a: 1 } }, 'INVALID_PAYLOAD'],
  ]
  for (const [why, path, body, code] of refused) {
    test(`${path} is refused: ${why}`, async () => assert.equal((await post(`/versions/${await make()}/${path}`, body)).code, code))
  }

  test('a revert leaves secrets, keys and computed columns as they are', async () => {
    await host.api('PATCH', '/items/book/1', { body: { title: 'b', secret: 'hush 2', pin: '1234' } })
    const [kept] = await host.kernel.db.query('select secret, pin from book where id = 1')
    await host.api('PATCH', '/items/book/1', { body: { title: 'c' } })
    const { status } = await post('/utils/revert/1', undefined)
    assert.equal(status, 204)
    assert.deepEqual(await host.kernel.db.query('select title, secret, pin from book where id = 1'), [{ title: 'b', ...kept }])
  })

  test('a revert leaves secrets of nested items as they are', async () => {
    await host.kernel.db.execute(`insert into author (name, pin) values ('a', 'kept');
      insert into directus_activity (id, action, collection, item) values (91, 'version_save', 'book', '1');
      insert into directus_revisions (id, activity, collection, item, data) values (91, 91, 'book', '1', '{"author":{"id":1,"name":"b","pin":"${mask}"}}')`)
    assert.equal((await post('/utils/revert/91', undefined)).status, 204)
    assert.deepEqual(await host.kernel.db.query('select name, pin from author'), [{ name: 'b', pin: 'kept' }])
  })

  test('a revert of something whose collection is gone is refused', async () => {
    await host.kernel.db.execute(`insert into directus_activity (id, action, collection, item) values (90, 'create', 'gone', '1');
      insert into directus_revisions (id, activity, collection, item, data) values (90, 90, 'gone', '1', '{"a":1}')`)
    assert.equal((await post('/utils/revert/90', undefined)).code, 'FORBIDDEN')
  })
})
