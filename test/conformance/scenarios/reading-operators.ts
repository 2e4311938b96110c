/** Every operator on a column of every type: allowed ones select, others are refused. */
import { typedTable, UUIDS } from '../data.ts'
import type { Scenario } from '../runner.ts'

/** For each column a value of the first row, one of the second, and a piece of the first row's text. */
const columns: readonly [contract: string, column: string, first: unknown, second: unknown, piece: string][] = [
  ['reading: string, text, csv: _eq … _nempty, (n)contains, …', 'a_string', 'Alpha one', 'beta TWO', 'Alpha'],
  ['reading: string, text, csv: _eq … _nempty, (n)contains, …', 'a_text', 'the quick brown fox', 'Jumps over the lazy dog', 'the'],
  ['reading: string, text, csv: _eq … _nempty, (n)contains, …', 'a_csv', 'red,green', 'blue', 'red'],
  ['reading: integer … timestamp: _eq … _nbetween _null _nnull; _empty is refused', 'id', 1, 2, '1'],
  ['reading: integer … timestamp: _eq … _nbetween _null _nnull; _empty is refused', 'an_integer', 1, 20, '1'],
  ['reading: integer … timestamp: _eq … _nbetween _null _nnull; _empty is refused', 'a_big', '9007199254740993', '-5', '9'],
  ['reading: integer … timestamp: _eq … _nbetween _null _nnull; _empty is refused', 'a_decimal', '1.5', '20.25', '1'],
  ['reading: integer … timestamp: _eq … _nbetween _null _nnull; _empty is refused', 'a_float', 0.5, -2.25, '0'],
  ['reading: integer … timestamp: _eq … _nbetween _null _nnull; _empty is refused', 'a_date', '2001-02-03', '2012-12-31', '2001'],
  ['reading: integer … timestamp: _eq … _nbetween _null _nnull; _empty is refused', 'a_time', '07:08:09', '23:59:59', '07'],
  [
    'reading: integer … timestamp: _eq … _nbetween _null _nnull; _empty is refused',
    'a_datetime',
    '2001-02-03T04:05:06',
    '2012-12-31T23:59:59',
    '2001',
  ],
  [
    'reading: integer … timestamp: _eq … _nbetween _null _nnull; _empty is refused',
    'a_timestamp',
    '2001-02-03T04:05:06Z',
    '2012-12-31T23:59:59.123Z',
    '2001',
  ],
  ['reading: boolean: _eq _neq _null _nnull', 'a_boolean', true, false, 'true'],
  ['reading: uuid: those plus _in _nin', 'a_uuid', UUIDS[0], UUIDS[1], 'aaaaaaaa'],
  ['reading: json: _null _nnull _json only', 'a_json', '{"a":1}', '[1]', 'a'],
]

const ofOne = ['_eq', '_neq', '_lt', '_lte', '_gt', '_gte']
const ofMany = ['_in', '_nin', '_between', '_nbetween']
const ofNone = ['_null', '_nnull', '_empty', '_nempty']
const ofText = [
  ...['_contains', '_ncontains', '_icontains', '_nicontains'],
  ...['_starts_with', '_nstarts_with', '_istarts_with', '_nistarts_with'],
  ...['_ends_with', '_nends_with', '_iends_with', '_niends_with'],
]
const others = ['_regex', '_intersects', '_bogus', '_some', '_none']

const scenario: Scenario = async (api) => {
  await typedTable(api, 'c_operators')
  const check = (column: string, operator: string, value: unknown) => {
    const filter = encodeURIComponent(JSON.stringify({ [column]: { [operator]: value } }))
    return api.get(`/items/c_operators?fields=id&sort=id&filter=${filter}`, { label: `${column} ${operator} ${JSON.stringify(value)}` })
  }
  for (const [contract, column, first, second, piece] of columns) {
    api.proves(contract)
    for (const operator of ofOne) await check(column, operator, first)
    for (const operator of ofMany) await check(column, operator, [first, second])
    for (const operator of ofNone) await check(column, operator, true)
    for (const operator of [...ofText, ...others]) await check(column, operator, piece)
  }
  api.proves('reading: filter values select by order, in the direction of the type')
  for (const [, column, first, second] of columns.slice(3, 12)) {
    await check(column, '_gt', second)
    await check(column, '_between', [second, first])
    await check(column, '_in', [second])
    await check(column, '_nin', [second])
    await check(column, '_eq', null)
    await check(column, '_neq', null)
  }
}

export default scenario
