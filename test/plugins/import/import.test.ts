/** POST /utils/import: rows made and changed, all or none, and what is wrong with them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { admin, startKernel, type TestHost } from '../../host.ts'

let host: TestHost
before(async () => {
  host = await startKernel({
    env: { IMPORT_MAX_FILE_SIZE: '100kb' },
    sql: `create table author (id serial primary key, name text not null unique);
    create table book (id serial primary key, title text not null unique, pages integer, ok boolean, data json, author integer references author);`,
  })
})
after(() => host.close())

async function send(path: string, text: string, type = 'text/csv', token: string | null = admin.token) {
  const form = new FormData()
  form.append('file', new Blob([text], { type }), 'file')
  // As it travels: the stream that a form makes in this process cannot be left halfway.
  const sent = new Response(form)
  const headers: Record<string, string> = {
    'content-type': sent.headers.get('content-type')!,
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  }
  const response = await host.kernel.fetch(
    new Request(`http://localhost/utils/import/${path}`, { method: 'POST', body: await sent.arrayBuffer(), headers }),
  )
  const body = await response.text()
  return { status: response.status, body, errors: body ? JSON.parse(body).errors.map((e: any) => e.extensions) : [] }
}
const books = async () => (await host.api('GET', '/items/book?fields=id,title,pages,ok,data,author.name&sort=id')).data
const clear = () => host.kernel.db.execute('truncate book, author restart identity')

test('makes items, those in them too, and changes those that are there', async () => {
  await clear()
  const first = await send('book', '\uFEFFtitle,pages,ok,data,author.name,nope\ntrue,12,true,"{""a"":1}",Ann,x\nb,,,,,\n')
  assert.deepEqual([first.status, first.body], [200, ''])
  assert.deepEqual(await books(), [
    { id: 1, title: 'true', pages: 12, ok: true, data: { a: 1 }, author: { name: 'Ann' } },
    { id: 2, title: 'b', pages: null, ok: null, data: null, author: null },
  ])
  const second = await send('book', '[{"id":2,"pages":7},{"id":9,"title":"c"},{"id":9,"pages":1},{"title":"d"}]', 'application/json')
  assert.equal(second.status, 200, second.body)
  assert.deepEqual(
    (await books()).map(({ id, title, pages }: any) => [id, title, pages]),
    [
      [1, 'true', 12],
      [2, 'b', 7],
      [9, 'c', 1],
      [10, 'd', null],
    ],
  )
})

test('tells what is wrong with the rows in which it is, and keeps nothing', async () => {
  await clear()
  const { status, errors } = await send('book', 'title,pages\na,1\n,2\nc,x\nd,4\n,5\na,6\ne,7\n')
  assert.equal(status, 400)
  const told = errors.map(({ code, field, rows }: any) => [code, field, rows[0].rows])
  assert.deepEqual(told.sort(), [
    ['FAILED_VALIDATION', 'title', [2, 5]],
    ['INVALID_PAYLOAD', undefined, [3]],
    ['RECORD_NOT_UNIQUE', 'title', [6]],
  ])
  assert.deepEqual(await books(), [])
})

const refused: [why: string, path: string, text: string, type: string, token: string | null, status: number, code: string][] = [
  ['a collection that is not there', 'nope', 'a\n1\n', 'text/csv', admin.token, 403, 'FORBIDDEN'],
  ['one that the caller may not write', 'book', 'title\na\n', 'text/csv', null, 403, 'FORBIDDEN'],
  ['a system collection without such a route', 'directus_sessions', 'token\na\n', 'text/csv', admin.token, 403, 'FORBIDDEN'],
  ['another type', 'book', 'title\na\n', 'text/plain', admin.token, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['broken CSV', 'book', 'title\n"a\n', 'text/csv', admin.token, 400, 'INVALID_PAYLOAD'],
  ['broken JSON', 'book', '[{"title":"a"},', 'application/json', admin.token, 400, 'INVALID_PAYLOAD'],
  ['more than it may be', 'book', 'large', 'text/csv', admin.token, 413, 'CONTENT_TOO_LARGE'],
]
for (const [why, path, text, type, token, status, code] of refused) {
  test(`refuses ${why}`, async () => {
    await clear()
    const { status: answered, errors } = await send(path, text === 'large' ? `title\n${'x\n'.repeat(60_000)}` : text, type, token)
    assert.deepEqual([answered, errors[0]?.code], [status, code])
    assert.deepEqual(await books(), [])
  })
}

test('refuses what is no form, and a form without a file', async () => {
  const json = await host.api('POST', '/utils/import/book', { body: {} })
  assert.deepEqual([json.status, json.code], [415, 'UNSUPPORTED_MEDIA_TYPE'])
  const text = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'
  const empty = await host.api('POST', '/utils/import/book', { text, headers: { 'content-type': 'multipart/form-data; boundary=x' } })
  assert.deepEqual([empty.status, empty.code], [400, 'INVALID_PAYLOAD'])
  const cut = await host.api('POST', '/utils/import/book', {
    text: '--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: text/csv\r\n\r\ntitle\nz',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  })
  assert.deepEqual([cut.status, cut.code], [400, 'INVALID_PAYLOAD'])
})

test('in the background it is answered at once, and how it went is left as a notification', async () => {
  await clear()
  assert.equal((await send('book?background', 'title\na\n')).status, 200)
  assert.equal((await send('book?background', 'title,pages\nb,x\n')).status, 200)
  let told: any[] = []
  for (let round = 0; told.length < 2 && round < 100; round++) {
    await sleep(50)
    told = (await host.api('GET', '/notifications?fields=subject,message')).data
  }
  assert.deepEqual(told.map(({ subject }) => subject).sort(), ['The import into "book" has failed', 'The import into "book" is done'])
  assert.match(told.find(({ message }) => message).message, /"rows":\[1\]/)
})
