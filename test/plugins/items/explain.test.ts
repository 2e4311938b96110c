/** `?explain`: the statement of a read and its plan, for administrators. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'
import { addReader } from '../../readers.ts'
import { createRecorder } from '../../recorded.ts'

const sql = `
create table author (id serial primary key, name text);
create table book (id serial primary key, title text, author integer references author);
create table page (lang text, slug text, primary key (lang, slug));
insert into author (name) values ('Ann');
insert into book (title, author) select 'it''s ' || n, 1 from generate_series(1, 50) n;`

describe('?explain', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startKernel({ sql, wrap: recorder.wrap })
    await addReader(host, 'reader', 'book')
  })
  after(() => host.close())

  /** The explanation of a request, which is all that is sent for it, and the very statement that the request without it sends. */
  async function explained(method: string, path: string, body?: { query: object; keys?: unknown[] }) {
    const sent = () => recorder.take().filter(({ text }) => text.includes('"data"'))
    sent()
    const url = method === 'GET' ? `${path}${path.includes('?') ? '&' : '?'}explain` : path
    const asked = body && { ...body, query: { ...body.query, explain: true } }
    const { status, data } = await host.api(method, url, { body: asked })
    assert.equal(status, 200)
    const [one, ...others] = sent()
    assert.deepEqual(others, [])
    assert.equal(one!.text, `explain (format json) ${data.statement}`)
    assert.equal((await host.api(method, path, { body })).status, 200)
    assert.deepEqual(sent(), [{ text: data.statement, parameters: one!.parameters }])
    assert.deepEqual(data.parameters, JSON.parse(JSON.stringify(one!.parameters)))
    return data
  }

  test('of a list: its statement, its parameters, its plan, and no row of it', async () => {
    const data = await explained('GET', `/items/book?filter[title][_eq]=it's 7&fields=title,author.name&meta=*&limit=3`)
    assert.deepEqual(Object.keys(data), ['statement', 'parameters', 'plan'])
    assert.deepEqual(data.parameters, ["it's 7"])
    assert.ok(data.plan.Plan['Node Type'])
    assert.doesNotMatch(JSON.stringify(data.plan), /Actual Rows/)
  })

  test('of a key, of keys, of a search, of groups, of what comes as a body', async () => {
    assert.deepEqual((await explained('GET', '/items/book/7')).parameters, ['7'])
    await explained('GET', '/items/book?search=it')
    await explained('GET', '/items/book?aggregate[count]=*&groupBy=author')
    assert.deepEqual((await explained('SEARCH', '/items/book', { query: { fields: ['id'] }, keys: [1, 2] })).parameters, [['1', '2']])
    await explained('GET', '/users?fields=email')
  })

  test('analyze runs it', async () => {
    const { status, data } = await host.api('GET', '/items/book?explain=analyze&limit=7')
    assert.equal(status, 200)
    assert.match(JSON.stringify(data.plan), /"Actual Rows":7\b/)
    assert.ok(data.plan['Execution Time'] >= 0)
  })

  test('a missing row has a plan too; false is no wish; other words are refused', async () => {
    assert.ok((await host.api('GET', '/items/book/99999?explain=true')).data.plan)
    assert.equal((await host.api('GET', '/items/book?explain=false&limit=2')).data.length, 2)
    for (const word of ['yes', '1', 'ANALYZE', 'analyze,verbose']) {
      const { status, code } = await host.api('GET', `/items/book?explain=${word}`)
      assert.deepEqual([status, code], [400, 'INVALID_QUERY'], word)
    }
    assert.equal((await host.api('GET', '/items/book?explain[]=analyze')).status, 400)
    assert.equal((await host.api('GET', '/items/nope?explain')).status, 403)
    assert.equal((await host.api('GET', '/items/book?explain&fields=nope')).status, 403)
  })

  test('is for administrators alone', async () => {
    assert.equal((await host.api('GET', '/items/book', { token: 'reader' })).data.length, 50)
    for (const token of ['reader', null]) {
      for (const path of ['/items/book?explain', '/items/book/1?explain=analyze', '/users?explain', '/items/nope?explain']) {
        const { status, code, body } = await host.api('GET', path, { token })
        assert.deepEqual([status, code], [403, 'FORBIDDEN'], path)
        assert.doesNotMatch(JSON.stringify(body), /select/)
      }
    }
  })

  test('a write that asks for it is refused, and does nothing', async () => {
    const count = async () => (await host.api('GET', '/items/book?aggregate[count]=*')).data[0].count
    const before = await count()
    const writes: [method: string, path: string, body?: unknown][] = [
      ['POST', '/items/book?explain', { title: 'new' }],
      ['PATCH', '/items/book/1?explain', { title: 'new' }],
      ['PATCH', '/items/book?explain=analyze', { keys: [1], data: { title: 'new' } }],
      ['DELETE', '/items/book/1?explain'],
      ['DELETE', '/items/book?explain', [1, 2]],
    ]
    for (const [method, path, body] of writes) {
      const { status, code } = await host.api(method, path, { body })
      assert.deepEqual([status, code], [400, 'INVALID_QUERY'], `${method} ${path}`)
    }
    assert.equal(await count(), before)
    assert.equal((await host.api('GET', '/items/book/1')).data.title, "it's 1")
  })
})
