/** POST /utils/import: several collections from one file. What the reference does too is in test/conformance/scenarios/system-import-batch.ts. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { inOrder, referencesOf } from '../../../plugins/import/order.ts'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost
before(async () => {
  host = await startKernel({
    env: { IMPORT_BATCH_MAX: '1kb' },
    sql: `create table a (id serial primary key, b integer, name text unique);
    create table b (id serial primary key, a integer references a, c integer);
    create table c (id serial primary key, b integer not null references b);
    alter table a add foreign key (b) references b; alter table b add foreign key (c) references c;
    create table pair (x integer, y integer, primary key (x, y));`,
  })
})
after(() => host.close())

const send = (body: unknown, query = '') => host.api('POST', `/utils/import${query}`, { body })
const count = async () => Promise.all(['a', 'b', 'c'].map(async (name) => (await host.api('GET', `/items/${name}?limit=-1`)).data.length))

test('inOrder() puts what others need first, and what cannot be first in its place later', () => {
  const { tables } = host.kernel.registry.snapshot
  const named = (names: string) => [...names].map((name) => tables.get(name)!)
  const told = (names: string) => {
    const { order, late } = inOrder(named(names))
    const lateOnes = order.flatMap((table) => referencesOf(table).flatMap((one) => (late.has(one) ? `${table.name}.${one.field}` : [])))
    return [order.map(({ name }) => name).join(''), lateOnes]
  }
  assert.deepEqual(told('ba'), ['ba', ['b.a']])
  assert.deepEqual(told('cb'), ['bc', ['b.c']])
  assert.deepEqual(told('cba'), ['bca', ['b.a', 'b.c']])
  assert.deepEqual(told('a'), ['a', []])
})

test('circles are closed when all items are there', async () => {
  const file = [
    { collection: 'c', items: [{ id: 7, b: 8 }] },
    { collection: 'b', items: [{ id: 8, a: 9, c: 7 }] },
    { collection: 'a', items: [{ id: 9, b: 8, name: 'n' }] },
  ]
  const dry = await send(file, '?dryRun=true')
  assert.deepEqual([dry.status, dry.data.applied, await count()], [200, false, [0, 0, 0]])
  const { data } = await send(file)
  const [a, b, c] = ['a', 'b', 'c'].map((name) => data.collections[name].new[0])
  assert.deepEqual((await host.api('GET', '/items/b')).data, [{ id: b, a, c }])
  assert.deepEqual((await host.api('GET', '/items/a')).data, [{ id: a, b, name: 'n' }])
  assert.deepEqual((await host.api('GET', '/items/c')).data, [{ id: c, b }])
})

const refused: [why: string, body: unknown, query: string, status: number, code: string][] = [
  ['a key of several columns', [{ collection: 'pair', items: [{ x: 1, y: 2 }] }], '', 400, 'INVALID_PAYLOAD'],
  ['a flag that is none', [{ collection: 'a', items: [{}] }], '?dryRun=maybe', 400, 'INVALID_QUERY'],
  ['names of prototypes', [{ collection: '__proto__', items: [{}] }], '', 403, 'FORBIDDEN'],
  [
    'what is wrong in the last part',
    [
      { collection: 'a', items: [{ name: 'x' }] },
      { collection: 'c', items: [{ b: 999 }] },
    ],
    '',
    400,
    'INVALID_FOREIGN_KEY',
  ],
]
for (const [why, body, query, status, code] of refused) {
  test(`refuses ${why}, and keeps nothing`, async () => {
    const before = await count()
    const answer = await send(body, query)
    assert.deepEqual([answer.status, answer.code, await count()], [status, code, before])
  })
}

test('a file of it may have IMPORT_BATCH_MAX', async () => {
  const sized = (bytes: number) => {
    const text = JSON.stringify([{ collection: 'a', items: [{ name: '' }] }])
    return `--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: application/json\r\n\r\n${text.replace('""', `"${'x'.repeat(bytes - text.length)}"`)}\r\n--x--\r\n`
  }
  const ask = (bytes: number) =>
    host.api('POST', '/utils/import?dryRun', { text: sized(bytes), headers: { 'content-type': 'multipart/form-data; boundary=x' } })
  assert.equal((await ask(1024)).status, 200)
  const beyond = await ask(1025)
  assert.deepEqual([beyond.status, beyond.code], [413, 'CONTENT_TOO_LARGE'])
})
