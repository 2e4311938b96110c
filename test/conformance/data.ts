/** Tables that several scenarios work on. */
import { autoKey, field } from './fields.ts'
import type { Api } from './runner.ts'

export const UUIDS = ['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000002'] as const

/** Three rows with a column of each type: low values, high values, nulls. */
export async function typedTable(api: Api, collection: string): Promise<void> {
  await api.table(collection, [
    autoKey(),
    field('a_string', 'string'),
    field('a_text', 'text'),
    field('an_integer', 'integer'),
    field('a_big', 'bigInteger'),
    field('a_decimal', 'decimal', { schema: { numeric_precision: 10, numeric_scale: 3 } }),
    field('a_float', 'float'),
    field('a_boolean', 'boolean'),
    field('a_date', 'date'),
    field('a_time', 'time'),
    field('a_datetime', 'dateTime'),
    field('a_timestamp', 'timestamp'),
    field('a_uuid', 'uuid'),
    field('a_json', 'json'),
    field('a_csv', 'csv'),
  ])
  await api.seed(collection, [
    {
      a_string: 'Alpha one',
      a_text: 'the quick brown fox',
      an_integer: 1,
      a_big: '9007199254740993',
      a_decimal: '1.5',
      a_float: 0.5,
      a_boolean: true,
      a_date: '2001-02-03',
      a_time: '07:08:09',
      a_datetime: '2001-02-03T04:05:06',
      a_timestamp: '2001-02-03T04:05:06Z',
      a_uuid: UUIDS[0],
      a_json: { a: 1, list: [1, 2], deep: { text: 'x' } },
      a_csv: ['red', 'green'],
    },
    {
      a_string: 'beta TWO',
      a_text: 'Jumps over the lazy dog',
      an_integer: 20,
      a_big: '-5',
      a_decimal: '20.25',
      a_float: -2.25,
      a_boolean: false,
      a_date: '2012-12-31',
      a_time: '23:59:59',
      a_datetime: '2012-12-31T23:59:59',
      a_timestamp: '2012-12-31T23:59:59.123Z',
      a_uuid: UUIDS[1],
      a_json: [1, 'two', null],
      a_csv: ['blue'],
    },
    { a_string: null },
  ])
}

/** A parent table of two rows, and an empty one whose columns are required, unique, short, defaulted and a foreign key. */
export async function writtenTables(api: Api, prefix: string): Promise<{ parents: string; items: string }> {
  const parents = `${prefix}_parents`
  const items = `${prefix}_items`
  await api.table(parents, [autoKey(), field('name', 'string')])
  await api.table(items, [
    autoKey(),
    field('title', 'string', { schema: { is_nullable: false } }),
    field('code', 'string', { schema: { is_unique: true } }),
    field('short', 'string', { schema: { max_length: 5 } }),
    field('rank', 'integer', { schema: { default_value: 7 } }),
    field('flag', 'boolean', { schema: { default_value: true, is_nullable: false } }),
    field('kind', 'string', { schema: { default_value: 'plain' } }),
    field('parent', 'integer'),
  ])
  await api.relate(items, 'parent', parents)
  await api.seed(parents, [{ name: 'one' }, { name: 'two' }])
  return { parents, items }
}
