/** What each type takes, and how it comes back. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const numbers = [0, -1, 1.5, '5', '1.5', ' 7 ', '1e2', 'abc', '', true, false, null, [1], {}, 3000000000, '99999999999999999999', 'NaN']

/** For each column the values that it is given. */
const values: readonly [shows: readonly string[], column: string, values: readonly unknown[]][] = [
  [['writing: text-values'], 'a_string', ['x', '', 5, true, { a: 1 }, [1, 'b'], '  ', 'ü😀', null]],
  [['writing: text-values'], 'a_text', ['x\ny', '', 5.5, false, { a: 1 }, [], null]],
  [['writing: number-values', 'writing: answered-numbers'], 'an_integer', numbers],
  [['writing: number-values', 'writing: answered-numbers'], 'a_big', [...numbers, '9223372036854775807', '9223372036854775808']],
  [['writing: number-values', 'writing: answered-numbers'], 'a_decimal', [...numbers, 4.26, '4.2678', 123456.7, 12345678]],
  [['writing: number-values', 'writing: answered-numbers'], 'a_float', [...numbers, 1e30, '-0.25', 'Infinity']],
  [['writing: boolean-values'], 'a_boolean', [true, false, 'true', 'false', 1, 0, '1', '0', 'yes', 'no', 't', 'abc', '', null, [], {}, 2]],
  [
    ['writing: dates'],
    'a_date',
    [
      '2001-02-03',
      '2001-02-03T23:59:59',
      '2001-02-03T23:59:59Z',
      '2001-02-30',
      '2001-13-01',
      '2001',
      'abc',
      '',
      5,
      true,
      null,
      [],
      {},
      '2001-2-3',
      '20010203',
    ],
  ],
  [
    ['writing: dates'],
    'a_time',
    ['07:08', '07:08:09', '07:08:09.123', '7:8', '24:00:00', '25:00:00', '07:08:09Z', '07:08:09+02:00', 'abc', '', 5, null, '7 pm'],
  ],
  [
    ['writing: dates'],
    'a_datetime',
    [
      '2001-02-03T04:05:06',
      '2001-02-03 04:05:06',
      '2001-02-03T04:05:06Z',
      '2001-02-03T04:05:06+02:00',
      '2001-02-03',
      '2001-02-03T04:05',
      '2001-02-03T04:05:06.789',
      'abc',
      '',
      5,
      null,
      '2001-02-30T00:00:00',
    ],
  ],
  [
    ['writing: dates'],
    'a_timestamp',
    [
      '2001-02-03T04:05:06Z',
      '2001-02-03T04:05:06+02:00',
      '2001-02-03T04:05:06.789Z',
      '2001-02-03',
      'abc',
      '',
      5,
      981173106000,
      null,
      '2001-02-30T00:00:00Z',
    ],
  ],
  [
    ['writing: uuid-values'],
    'a_uuid',
    [
      'aaaaaaaa-0000-4000-8000-000000000001',
      'AAAAAAAA-0000-4000-8000-000000000002',
      'aaaaaaaa000040008000000000000003',
      '{aaaaaaaa-0000-4000-8000-000000000004}',
      'abc',
      '',
      5,
      null,
    ],
  ],
  [
    ['writing: json-values'],
    'a_json',
    [{ a: [1, { b: null }] }, [], [1, 'a', null], 'text', '"text"', '{"a":1}', '[1]', '{broken', '', 5, true, false, null, {}],
  ],
  [
    ['writing: csv-values'],
    'a_csv',
    ['a,b', ['a', 'b'], ['a,b', 'c'], '', [], 'single', ' a , b ', 'a,,b', [1, 2], 5, true, null, { a: 1 }, [''], 'a\u0000,b', ['a\u0000']],
  ],
]

const scenario: Scenario = async (api) => {
  const types = [
    'string',
    'text',
    'integer',
    'bigInteger',
    'decimal',
    'float',
    'boolean',
    'date',
    'time',
    'dateTime',
    'timestamp',
    'uuid',
    'json',
    'csv',
  ]
  const columns = values.map(([, column]) => column)
  await api.table('c_values', [autoKey(), ...columns.map((column, i) => field(column, types[i]!))])
  for (const [shows, column, given] of values) {
    api.proves(...shows)
    for (const value of given)
      await api.post(`/items/c_values?fields=${column}`, { [column]: value }, { label: `${column} ${JSON.stringify(value)}` })
  }

  api.proves('writing: defaults')
  const defaults = [
    'text',
    'long text',
    5,
    12,
    '1.25',
    0.5,
    true,
    '2001-02-03',
    '04:05:06',
    '2001-02-03T04:05:06',
    '2001-02-03T04:05:06Z',
    'aaaaaaaa-0000-4000-8000-000000000001',
    { a: 1 },
    'a,b',
  ]
  const withDefault = columns.map((column, i) => field(column, types[i]!, { schema: { default_value: defaults[i] } }))
  await api.table('c_defaults', [autoKey(), ...withDefault])
  await api.post('/items/c_defaults', {})
  await api.post('/items/c_defaults', Object.fromEntries(columns.map((column) => [column, null])), { label: 'null beats a default' })
  await api.get('/fields/c_defaults', { keep: (body) => body.data.map((one: Json) => [one.field, one.type, one.schema.default_value]) })
}

export default scenario
