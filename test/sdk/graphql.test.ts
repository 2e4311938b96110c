/** The official SDK's `graphql()`, unchanged, on both endpoints; and how many of a document's reads run at once. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createDirectus, graphql, staticToken } from '@directus/sdk'
import type { Database } from 'plinth'
import { admin, startKernel, type TestHost } from '../host.ts'
import { asking } from './options.ts'

let host: TestHost
let [running, most] = [0, 0]
/** Tells how many statements run at once. */
const watched = (db: Database): Database => ({
  ...db,
  async text(...parameters) {
    most = Math.max(most, ++running)
    return db.text(...parameters).finally(() => running--)
  },
})

before(async () => {
  host = await startKernel({
    wrap: watched,
    sql: `create table notes (id serial primary key, text text); insert into notes (text) values ('one'), ('two')`,
  })
})
after(() => host.close())

const client = () => createDirectus('http://localhost', asking(host)).with(staticToken(admin.token)).with(graphql())

test('query() reads, with variables', async () => {
  const data = await client().query('query ($n: Int) { notes(limit: $n, sort: ["-id"]) { text } }', { n: 1 })
  assert.deepEqual(data, { notes: [{ text: 'two' }] })
})

test('query() writes', async () => {
  const data = await client().query('mutation { create_notes_item(data: { text: "three" }) { id } }')
  assert.deepEqual(data, { create_notes_item: { id: '3' } })
})

test('query() in the scope of the system', async () => {
  const data = await client().query('{ users_me { email } }', {}, 'system')
  assert.deepEqual(data, { users_me: { email: admin.email } })
})

test('query() rejects with the errors of the answer', async () => {
  await assert.rejects(client().query('{ nope { id } }'), (refusal: any) => refusal.errors[0].extensions.code === 'GRAPHQL_VALIDATION')
})

test('four fields at the root are read at once, whatever their number, and answered in their order', async () => {
  most = 0
  const names = Array.from({ length: 30 }, (_, i) => `n${i}`)
  const data = await client().query(`{ ${names.map((name) => `${name}: notes { id }`).join(' ')} }`)
  assert.deepEqual(Object.keys(data), names)
  assert.ok(most <= 4, `${most} at once`)
})
