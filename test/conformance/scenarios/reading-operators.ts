/** Every operator on a column of every type: allowed ones select, others are refused. */
import { typedTable, UUIDS } from '../data.ts'
import type { Scenario } from '../runner.ts'

/** For each column a value of the first row, one of the second, and a piece of the first row's text. */
const columns: readonly [contract: string, column: string, first: unknown, second: unknown, piece: string][] = [
  ['text', 'a_string', 'Alpha one', 'beta TWO', 'Alpha'],
  ['text', 'a_text', 'the quick brown fox', 'Jumps over the lazy dog', 'the'],
  ['text', 'a_csv', 'red,green', 'blue', 'red'],
  ['order', 'id', 1, 2, '1'],
  ['order', 'an_integer', 1, 20, '1'],
  ['order', 'a_big', '9007199254740993', '-5', '9'],
  ['order', 'a_decimal', '1.5', '20.25', '1'],
  ['order', 'a_float', 0.5, -2.25, '0'],
  ['order', 'a_date', '2001-02-03', '2012-12-31', '2001'],
  ['order', 'a_time', '07:08:09', '23:59:59', '07'],
  ['order', 'a_datetime', '2001-02-03T04:05:06', '2012-12-31T23:59:59', '2001'],
  ['order', 'a_timestamp', '2001-02-03T04:05:06Z', '2012-12-31T23:59:59.123Z', '2001'],
  ['boolean', 'a_boolean', true, false, 'true'],
  ['uuid', 'a_uuid', UUIDS[0], UUIDS[1], 'aaaaaaaa'],
  ['json', 'a_json', '{"a":1}', '[1]', 'a'],
]

const ofOne = ['_eq', '_neq', '_lt', '_lte', '_gt', '_gte']
const ofMany = ['_in', '_nin', '_between', '_nbetween']
const ofNone = ['_null', '_nnull', '_empty', '_nempty']
const ofText = [
  ...['_contains', '_ncontains', '_icontains', '_nicontains'],
  ...['_starts_with', '_nstarts_with', '_istarts_with', '_nistarts_with'],
  ...['_ends_with', '_nends_with', '_iends_with', '_niends_with'],
]
const others = ['_regex', '_intersects', '_nintersects', '_intersects_bbox', '_nintersects_bbox', '_bogus', '_some', '_none']

const scenario: Scenario = async (api) => {
  await typedTable(api, 'c_operators')
  const check = (column: string, operator: string, value: unknown) => {
    const filter = encodeURIComponent(JSON.stringify({ [column]: { [operator]: value } }))
    return api.get(`/items/c_operators?fields=id&sort=id&filter=${filter}`, { label: `${column} ${operator} ${JSON.stringify(value)}` })
  }
  for (const [contract, column, first, second, piece] of columns) {
    const tryEach = async (operators: readonly string[], value: unknown, bullet?: string) => {
      for (const operator of operators) {
        api.proves(`reading: operators-${contract}`, `reading: ${bullet ?? operator}`)
        await check(column, operator, value)
      }
    }
    await tryEach(ofOne, first)
    await tryEach(ofMany, [first, second])
    await tryEach(ofNone, true)
    await tryEach(ofText, piece)
    await tryEach(others, piece, 'unknown-operators')
  }
  api.proves('reading: value-order')
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
