/** Every kind of column is given every kind of value: it is kept, or refused with a 4xx that keeps nothing and shows no SQL. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../../host.ts'

const columns = {
  integer: 'integer',
  small: 'smallint',
  big: 'bigint',
  decimal: 'numeric(6, 2)',
  real: 'real',
  boolean: 'boolean',
  day: 'date',
  clock: 'time',
  moment: 'timestamp',
  instant: 'timestamptz',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'jsonb',
  short: 'varchar(10)',
  text: 'text',
  bytes: 'bytea',
  mood: 'mood',
  positive: 'positive',
  numbers: 'integer[]',
  texts: 'text[]',
  length: 'interval',
  address: 'inet',
  words: 'tsvector',
  price: 'money',
  place: 'point',
  span: 'int4range',
  flags: 'bit(4)',
  parent: 'integer references parent',
}

const values: unknown[] = [
  ...[null, true, -1, 1.5, 1e308, 2 ** 53],
  ...['', 'x', '1', 'NaN', 'null', '\\', "'; drop table strange; --"],
  ...['2024-02-30', '99999-01-01', '2024-01-01T25:00:00Z', '2024-01-01x', '25:00'],
  ...['a\0b', '\ud800', 'é'.repeat(20), 'x'.repeat(100_000), '{1,x}', '[1,2)', "a:1 'b"],
  ...[[], [1], ['x'], [[1], [2, 3]], {}, { a: 1 }, { id: {} }],
  ...[{ a: 'x\0' }, JSON.parse('{"__proto__":1}'), { type: 'Buffer', data: [999, -1] }],
]

/** Words of statements and of the catalogue. */
const sql = /json_to|pg_|\bselect\b|\binsert\b|at character|relation "/i

describe('strange values', () => {
  let host: TestHost
  before(async () => {
    const declared = Object.entries(columns).map(([name, type]) => `"${name}" ${type}`)
    host = await startKernel({
      change: ['-history'],
      sql: `create type mood as enum ('glad', 'sad'); create domain positive as integer check (value > 0);
        create table parent (id serial primary key); create table strange (id serial primary key, ${declared.join(', ')}); insert into strange default values;`,
    })
  })
  after(() => host.close())

  const rows = async () => Number(await host.kernel.db.text('select count(*) from strange'))

  for (const name of ['id', ...Object.keys(columns)]) {
    test(`in "${name}"`, async () => {
      let kept = await rows()
      for (const value of values) {
        const made = await host.api('POST', '/items/strange?fields=id', { body: { [name]: value } })
        const changes = [{ id: 1, short: null, [name]: value }, { id: 1e6 }]
        const changed = await host.api('PATCH', '/items/strange?fields=id', { body: changes })
        for (const { status, body } of [made, changed]) {
          const shown = `${JSON.stringify(value).slice(0, 80)}: ${status} ${JSON.stringify(body)}`
          assert.ok(status === 200 || (status >= 400 && status < 500), shown)
          if (status === 200) continue
          const { message, extensions } = body.errors[0]
          assert.ok(!sql.test(message), shown)
          if (extensions.code === 'INVALID_PAYLOAD' && !message.includes('check constraint'))
            assert.ok(message.includes(`"${name}"`), shown)
        }
        if (made.status === 200) kept++
      }
      assert.equal(await rows(), kept)
    })
  }
})
