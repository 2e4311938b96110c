/** Entity tags, and reads that are answered by one. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { definePlugin } from 'plinth'
import { itemsRead } from 'plinth/items'
import { isHeld } from '../../../plugins/items/conditional.ts'
import { startKernel, type TestHost } from '../../host.ts'

describe('isHeld()', () => {
  const tag = 'W/"abc-_1"'
  const cases: [why: string, held: string | null, cache: string | null, known: boolean][] = [
    ['nothing is said', null, null, false],
    ['nothing is named', '', null, false],
    ['the tag', tag, null, true],
    ['the tag, strong', '"abc-_1"', null, true],
    ['the tag among others', ` "other" ,${tag}, W/"third"`, null, true],
    ['another tag', 'W/"abc-_2"', null, false],
    ['the tag in other letters', 'W/"ABC-_1"', null, false],
    ['the tag without its quotes', 'abc-_1', null, false],
    ['whatever there is', ' * ', null, true],
    ['a star among tags is a tag', '*, "other"', null, false],
    ['an old answer will do', tag, 'max-age=0', true],
    ['a new answer is wanted', tag, 'no-cache', false],
    ['a new answer is wanted, among other wishes', '*', 'max-age=0,No-Cache', false],
    ['a word that holds this one', tag, 'x-no-cache, no-cached', true],
  ]
  for (const [why, held, cache, known] of cases) {
    test(why, () => {
      const headers: Record<string, string | null> = { 'if-none-match': held, 'cache-control': cache }
      assert.equal(
        isHeld(tag, (name) => headers[name] ?? null),
        known,
      )
    })
  }
})

describe('conditional reads', () => {
  let host: TestHost
  let suffix = ''
  before(async () => {
    const shout = definePlugin({
      name: 'suffix',
      after: ['items'],
      setup(host) {
        host.hook(itemsRead, ({ rows }) => {
          if (suffix) for (const row of rows) row.title += suffix
        })
      },
    })
    host = await startKernel({
      plugins: [shout],
      sql: `create table book (id serial primary key, title text); insert into book (title) values ('one'), ('två');`,
    })
  })
  after(() => host.close())

  const get = (path: string, held?: string, method = 'GET') => host.api(method, path, { headers: held ? { 'if-none-match': held } : {} })
  const tagOf = async (path: string) => (await get(path)).headers.get('etag')!

  test('an answer has a weak tag, the same as long as it says the same', async () => {
    const list = await tagOf('/items/book')
    assert.match(list, /^W\/"[\w-]{27}"$/)
    assert.equal(await tagOf('/items/book'), list)
    assert.equal((await host.api('SEARCH', '/items/book', { body: {} })).headers.get('etag'), list)
    const others = await Promise.all(['/items/book/1', '/items/book/2', '/items/book?fields=id', '/items/book?limit=1'].map(tagOf))
    assert.equal(new Set([list, ...others]).size, 5)
  })

  test('who has it gets 304 without a body; who has another one gets all', async () => {
    for (const path of ['/items/book', '/items/book/1', '/items/book?aggregate[count]=*', '/users?fields=email']) {
      const tag = await tagOf(path)
      for (const method of ['GET', 'HEAD']) {
        const { status, body, headers } = await get(path, tag, method)
        assert.deepEqual(
          [status, body, headers.get('etag'), headers.get('cache-control')],
          [304, null, tag, 'no-cache'],
          `${method} ${path}`,
        )
      }
      assert.equal((await get(path, 'W/"other"')).status, 200)
    }
  })

  test('a change makes another tag, a change back the old one', async () => {
    const tag = await tagOf('/items/book/1')
    const changed = await host.api('PATCH', '/items/book/1', { body: { title: 'eins' } })
    assert.equal((await get('/items/book/1', tag)).status, 200)
    assert.equal((await get('/items/book/1', changed.headers.get('etag')!)).status, 304, "the answer to PATCH has the item's tag")
    await host.api('PATCH', '/items/book/1', { body: { title: 'one' } })
    assert.equal((await get('/items/book/1', tag)).status, 304)
  })

  test('it tells of the answer, also where a plugin changed it', async () => {
    const tag = await tagOf('/items/book/1')
    suffix = '!'
    assert.equal((await get('/items/book/1', tag)).data.title, 'one!')
    assert.equal((await get('/items/book/1', await tagOf('/items/book/1'))).status, 304)
    suffix = ''
  })

  test('rights come first: who may not see it is refused, whatever is held', async () => {
    const tag = await tagOf('/items/book/1')
    for (const held of [tag, '*']) {
      assert.equal((await host.api('GET', '/items/book/1', { token: null, headers: { 'if-none-match': held } })).status, 403)
      assert.equal((await get('/items/book/99', held)).status, 403)
      assert.equal((await get('/items/book?fields=nope', held)).status, 403)
    }
  })

  test('writes happen whatever is held, and files have no tag', async () => {
    const { status, data } = await host.api('POST', '/items/book', { body: { title: 'three' }, headers: { 'if-none-match': '*' } })
    assert.deepEqual([status, data.title], [200, 'three'])
    const file = await get('/items/book?export=csv', '*')
    assert.deepEqual([file.status, file.headers.get('etag')], [200, null])
  })
})
