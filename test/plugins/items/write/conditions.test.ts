/** Writes on condition: of a version (If-Match), and at most once (Idempotency-Key). */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { TestHost } from '../../../host.ts'
import { createRecorder } from '../../../recorded.ts'
import { emptyShop, startShop } from './shop.ts'

describe('writes on condition', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    const sql = 'create view titles as select * from product; create table pair (a integer, b text, c text, primary key (a, b));'
    host = await startShop({ change: ['-history'], sql, wrap: recorder.wrap })
  })
  after(() => host.close())
  beforeEach(() => emptyShop(host))

  const get = (path: string) => host.api('GET', path)
  const send = (method: string, path: string, body: unknown, headers: Record<string, string>, token?: string | null) =>
    host.api(method, path, { body, headers, ...(token !== undefined && { token }) })
  const version = async (path: string) => (await get(path)).headers.get('x-item-version')!
  const count = async (table: string) => Number(await host.kernel.db.text(`select count(*) from ${table}`))

  describe('If-Match', () => {
    test('reads by key and answers to writes of one item tell a version; it changes with every change', async () => {
      const made = await send('POST', '/items/product', { name: 'a' }, {})
      const first = made.headers.get('x-item-version')!
      assert.match(first, /^"[^"]+"$/)
      assert.equal(await version('/items/product/1'), first)
      assert.equal(await version('/items/product/1?fields=name'), first)
      const changed = await send('PATCH', '/items/product/1', { name: 'b' }, {})
      const second = changed.headers.get('x-item-version')!
      assert.notEqual(second, first)
      assert.equal(await version('/items/product/1'), second)
      const held = await send('GET', '/items/product/1', undefined, {
        'if-none-match': (await get('/items/product/1')).headers.get('etag')!,
      })
      assert.deepEqual([held.status, held.headers.get('x-item-version')], [304, second])
    })

    test('lists tell none', async () => assert.equal((await get('/items/product')).headers.get('x-item-version'), null))

    const cases: [why: string, header: (current: string) => string, status: number][] = [
      ['the version read', (current) => current, 200],
      ['the same without quotes', (current) => current.slice(1, -1), 200],
      ['one of several', (current) => `"1", ${current}`, 200],
      ['any', () => '*', 200],
      ['another', () => '"1"', 412],
      ['a weak tag', (current) => `W/${current}`, 412],
      ['no tag', () => '"', 412],
      ['no list', () => 'a b', 400],
      ['an attempt at SQL', () => `"1') or true --"`, 400],
    ]
    for (const [why, header, status] of cases) {
      test(`${why}: ${status}`, async () => {
        await send('POST', '/items/product', { name: 'a' }, {})
        const answer = await send('PATCH', '/items/product/1', { name: 'b' }, { 'if-match': header(await version('/items/product/1')) })
        assert.deepEqual([answer.status, (await get('/items/product/1')).data.name], [status, status === 200 ? 'b' : 'a'])
        if (status === 412) assert.equal(answer.code, 'PRECONDITION_FAILED')
      })
    }

    test('is checked by the statement that writes', async () => {
      await send('POST', '/items/product', { name: 'a' }, {})
      const current = await version('/items/product/1')
      recorder.take()
      await send('PATCH', '/items/product/1', { name: 'b' }, { 'if-match': current })
      const sent = recorder.take()
      assert.deepEqual(
        sent.map(({ text }) => /\w+/.exec(text)![0]),
        ['begin', 'update', 'select', 'commit'],
      )
      assert.match(sent[1]!.text, /xmin/)
    })

    test('of two who have read the same only one may write', async () => {
      await send('POST', '/items/product', { name: 'a' }, {})
      const current = await version('/items/product/1')
      const names = ['b', 'c', 'd', 'e']
      const answers = await Promise.all(names.map((name) => send('PATCH', '/items/product/1', { name }, { 'if-match': current })))
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412, 412, 412])
    })

    test('a change of lists alone makes a new version of the item, and is undone with it', async () => {
      await send('POST', '/items/order', { title: 'a' }, {})
      const current = await version('/items/order/1')
      assert.equal((await send('PATCH', '/items/order/1', { lines: [{ amount: 2 }] }, { 'if-match': current })).status, 200)
      assert.notEqual(await version('/items/order/1'), current)
      const late = await send('PATCH', '/items/order/1', { lines: [], buyer: { name: 'nobody' } }, { 'if-match': current })
      assert.deepEqual([late.status, await count('line'), await count('person')], [412, 1, 0])
    })

    test('DELETE: 412 and nothing gone, or 204', async () => {
      await send('POST', '/items/product', { name: 'a' }, {})
      const current = await version('/items/product/1')
      assert.deepEqual(
        [(await send('DELETE', '/items/product/1', undefined, { 'if-match': '"1"' })).status, await count('product')],
        [412, 1],
      )
      assert.deepEqual(
        [(await send('DELETE', '/items/product/1', undefined, { 'if-match': current })).status, await count('product')],
        [204, 0],
      )
      assert.equal((await send('DELETE', '/items/product/1', undefined, { 'if-match': '*' })).status, 412)
      assert.equal((await send('PATCH', '/items/product/1', { name: 'x' }, { 'if-match': '*' })).status, 412)
    })

    test('composite keys', async () => {
      await send('POST', '/items/pair', { a: 1, b: 'x', c: 'y' }, {})
      const current = await version('/items/pair/1,x')
      assert.equal((await send('PATCH', '/items/pair/1,x', { c: 'z' }, { 'if-match': '"1"' })).status, 412)
      assert.equal((await send('PATCH', '/items/pair/1,x', { c: 'z' }, { 'if-match': current })).status, 200)
    })

    test('with many items, or none that could have a version, it is refused', async () => {
      await send('POST', '/items/product', { name: 'a' }, {})
      assert.equal((await send('PATCH', '/items/product', { keys: [1], data: { name: 'b' } }, { 'if-match': '*' })).status, 400)
      assert.equal((await send('DELETE', '/items/product', [1], { 'if-match': '*' })).status, 400)
      assert.equal((await get('/items/product/1')).data.name, 'a')
    })
  })

  describe('Idempotency-Key', () => {
    const post = (body: unknown, key: string, path = '/items/order?fields=id,title', token?: string | null) =>
      send('POST', path, body, { 'idempotency-key': key }, token)

    test('a retry gets the first answer and makes nothing', async () => {
      const body = { title: 'a', lines: [{ amount: 3 }] }
      const first = await post(body, 'k1')
      const again = await post(body, 'k1')
      assert.deepEqual([first.status, first.data], [200, { id: 1, title: 'a' }])
      assert.deepEqual([again.status, again.body], [200, first.body])
      assert.deepEqual([await count('"order"'), await count('line')], [1, 1])
      assert.equal((await post(body, 'k2')).data.id, 2)
      assert.equal((await send('POST', '/items/order', body, {})).data.id, 3)
    })

    test('an answer without a body, and one of many items', async () => {
      for (const [path, body] of [
        ['/items/order?fields=nope', { title: 'a' }],
        ['/items/order', [{ title: 'b' }, { title: 'c' }]],
      ] as const) {
        const first = await post(body, `many ${path}`.replaceAll(' ', '-'), path)
        const again = await post(body, `many ${path}`.replaceAll(' ', '-'), path)
        assert.deepEqual([again.status, again.body], [first.status, first.body])
      }
      assert.equal(await count('"order"'), 3)
    })

    test('eight at once make one', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => post({ title: 'a' }, 'at-once')))
      assert.deepEqual(
        answers.map(({ status, data }) => [status, data]),
        Array(8).fill([200, { id: answers[0]!.data.id, title: 'a' }]),
      )
      assert.equal(await count('"order"'), 1)
    })

    test('the key of another request: 422, and nothing is made', async () => {
      await post({ title: 'a' }, 'same')
      for (const [body, path] of [
        [{ title: 'b' }, undefined],
        [{ title: 'a' }, '/items/order?fields=id'],
      ] as const) {
        const other = await post(body, 'same', path)
        assert.deepEqual([other.status, other.code, await count('"order"')], [422, 'UNPROCESSABLE_CONTENT', 1])
      }
    })

    test('what failed may be tried again', async () => {
      assert.equal((await post({}, 'failed')).status, 400)
      assert.equal((await post({ title: 'a' }, 'failed')).status, 200)
    })

    test('an old key is a new one', async () => {
      await post({ title: 'a' }, 'old')
      await host.kernel.db.query(`update plinth.answers set made_at = now() - interval '25 hours' where key = 'old'`)
      assert.equal((await post({ title: 'b' }, 'old')).data.title, 'b')
      assert.equal((await post({ title: 'b' }, 'old')).data.title, 'b')
      assert.equal(await count('"order"'), 2)
    })

    test('keys are those of their users', async () => {
      const token = 'another-token'
      const policy = (await host.api('POST', '/policies', { body: { name: 'all', admin_access: true } })).data.id
      const user = (await host.api('POST', '/users', { body: { email: 'b@example.com', token } })).data.id
      await host.api('POST', '/access', { body: { user, policy } })
      await post({ title: 'mine' }, 'ours')
      assert.equal((await post({ title: 'theirs' }, 'ours', undefined, token)).data.title, 'theirs')
      assert.equal((await post({ title: 'nobody' }, 'ours', undefined, null)).status, 403)
    })

    for (const key of ['', 'a b', 'x'.repeat(256), 'ü'.normalize()]) {
      test(`${JSON.stringify(key.slice(0, 10))}… is no key`, async () => {
        assert.deepEqual([(await post({ title: 'a' }, key)).status, await count('"order"')], [400, 0])
      })
    }
    test('255 characters are', async () => assert.equal((await post({ title: 'a' }, 'x'.repeat(255))).status, 200))
  })
})
