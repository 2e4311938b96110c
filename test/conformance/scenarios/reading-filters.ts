/** Filters on own columns: the values they take, how they combine, the three ways to write them. */
import { typedTable } from '../data.ts'
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const json = (filter: unknown) => `/items/c_filters?fields=id&sort=id&filter=${encodeURIComponent(JSON.stringify(filter))}`
const written = (filter: string) => `/items/c_filters?fields=id&sort=id&${filter}`

const scenario: Scenario = async (api) => {
  await typedTable(api, 'c_filters')

  api.proves('reading: empty-text')
  for (const column of ['a_string', 'a_text', 'a_csv', 'an_integer', 'a_boolean', 'a_date', 'a_timestamp', 'a_uuid']) {
    await api.get(json({ [column]: { _eq: '' } }))
    await api.get(json({ [column]: '' }))
  }
  for (const operator of ['_neq', '_contains', '_icontains', '_starts_with', '_ends_with', '_in', '_nin']) {
    await api.get(json({ a_string: { [operator]: '' } }))
  }
  for (const operator of ['_lt', '_between', '_in', '_gte']) await api.get(json({ an_integer: { [operator]: '' } }))
  await api.get(written('filter[a_string][_eq]='))
  await api.get(written('filter[an_integer][_lt]='))
  await api.get(written('filter[a_string]='))

  api.proves('reading: empty-list')
  await api.get(json({ an_integer: { _in: [] } }))
  await api.get(json({ an_integer: { _nin: [] } }))
  await api.get(json({ a_string: { _in: [] } }))
  await api.get(json({ a_string: { _in: [''] } }))
  await api.get(json({ an_integer: { _in: [1, null] } }))
  await api.get(json({ an_integer: { _in: null } }))
  await api.get(json({ an_integer: { _in: 20 } }))
  await api.get(json({ a_string: { _in: { a: 1 } } }))

  for (const operator of ['_null', '_nnull', '_empty', '_nempty']) {
    api.proves('reading: null-flag', `reading: ${operator}`)
    for (const value of [true, false, 'true', 'false', '', 'yes', 1, 0, null, [], {}])
      await api.get(json({ a_string: { [operator]: value } }))
  }
  await api.get(written('filter[an_integer][_null]=true'))
  await api.get(written('filter[an_integer][_nnull]=true'))
  await api.get(written('filter[an_integer][_null]=false'))
  await api.get(written('filter[an_integer][_null]'))

  api.proves('reading: equality')
  await api.get(json({ an_integer: 20 }))
  await api.get(json({ an_integer: '20' }))
  await api.get(json({ a_string: 'beta TWO' }))
  await api.get(json({ a_boolean: true }))
  await api.get(json({ a_boolean: 'true' }))
  await api.get(json({ a_boolean: { _eq: 'false' } }))
  await api.get(json({ a_boolean: { _eq: 1 } }))
  await api.get(json({ a_boolean: { _eq: 'maybe' } }))
  await api.get(json({ an_integer: null }))
  await api.get(json({ an_integer: { _eq: null } }))
  await api.get(json({ an_integer: { _neq: null } }))
  await api.get(json({ an_integer: [1, 20] }))
  await api.get(json({ an_integer: {} }))
  await api.get(json({ a_string: { _eq: ['Alpha one'] } }))
  await api.get(json({ a_string: { _eq: { a: 1 } } }))
  await api.get(json({ a_string: { _contains: null } }))
  await api.get(json({ a_string: { _contains: 5 } }))
  await api.get(json({ a_string: { _eq: 5 } }))
  await api.get(json({ an_integer: { _lt: null } }))

  api.proves('reading: null-rows')
  await api.get(json({ a_string: { _neq: 'nothing' } }))
  await api.get(json({ a_string: { _neq: 'Alpha one' } }))
  await api.get(json({ a_string: { _nin: ['nothing'] } }))
  await api.get(json({ a_string: { _ncontains: 'nothing' } }))
  await api.get(json({ a_string: { _nstarts_with: 'nothing' } }))
  await api.get(json({ a_string: { _nends_with: 'nothing' } }))
  await api.get(json({ an_integer: { _nbetween: [100, 200] } }))

  api.proves('reading: comma-lists')
  await api.get(json({ an_integer: { _in: '1,20' } }))
  await api.get(json({ an_integer: { _nin: '1,30' } }))
  await api.get(json({ an_integer: { _between: '1,19' } }))
  await api.get(json({ an_integer: { _nbetween: '2,19' } }))
  await api.get(json({ an_integer: { _in: '20' } }))
  await api.get(json({ an_integer: { _in: '1, 20' } }))
  await api.get(json({ an_integer: { _in: '1,two' } }))
  await api.get(json({ an_integer: { _between: '1,two' } }))
  await api.get(json({ a_string: { _in: 'Alpha one,beta TWO' } }))
  await api.get(json({ a_date: { _between: '2001-01-01,2001-12-31' } }))
  await api.get(written('filter[an_integer][_in]=1,20'))
  await api.get(written('filter[an_integer][_in][]=1&filter[an_integer][_in][]=20'))
  await api.get(written('filter[an_integer][_in][0]=1&filter[an_integer][_in][1]=20'))
  await api.get(written('filter[an_integer][_between]=1,20'))
  await api.get(written('filter[an_integer][_between][]=1&filter[an_integer][_between][]=5'))

  api.proves('reading: between')
  await api.get(json({ an_integer: { _between: [1] } }))
  await api.get(json({ an_integer: { _between: [] } }))
  await api.get(json({ an_integer: { _between: '1' } }))
  await api.get(json({ an_integer: { _between: [1, 5, 9] } }))
  await api.get(json({ an_integer: { _between: [1, null] } }))

  api.proves('reading: number-values')
  for (const column of ['id', 'an_integer', 'a_big', 'a_decimal', 'a_float']) {
    await api.get(json({ [column]: { _eq: 'abc' } }))
    await api.get(json({ [column]: { _lt: 'abc' } }))
    await api.get(json({ [column]: { _in: [1, 'abc'] } }))
    await api.get(json({ [column]: { _between: [1, 'abc'] } }))
    await api.get(json({ [column]: { _eq: ' 1 ' } }))
    await api.get(json({ [column]: { _eq: '1e0' } }))
    await api.get(json({ [column]: { _eq: '0x1' } }))
    await api.get(json({ [column]: { _eq: true } }))
    await api.get(json({ [column]: { _eq: '99999999999999999999999' } }))
  }
  await api.get(json({ an_integer: { _eq: 1.5 } }))
  await api.get(json({ an_integer: { _gt: '1.5' } }))
  await api.get(json({ an_integer: { _eq: 3000000000 } }))
  await api.get(json({ an_integer: { _lt: 3000000000 } }))
  await api.get(json({ a_big: { _eq: 9007199254740992 } }))
  await api.get(json({ a_decimal: { _eq: 1.5 } }))
  await api.get(json({ a_decimal: { _eq: '1.500' } }))

  api.proves('reading: time-values')
  for (const column of ['a_date', 'a_time', 'a_datetime', 'a_timestamp', 'a_uuid']) {
    await api.get(json({ [column]: { _eq: 'abc' } }))
    await api.get(json({ [column]: { _eq: 5 } }))
    await api.get(json({ [column]: { _in: ['abc'] } }))
  }
  await api.get(json({ a_date: { _eq: '2001-02-30' } }))
  await api.get(json({ a_date: { _eq: '2001-02-03T10:00:00' } }))
  await api.get(json({ a_date: { _gte: '2001' } }))
  await api.get(json({ a_time: { _eq: '07:08' } }))
  await api.get(json({ a_time: { _lt: '25:00:00' } }))
  await api.get(json({ a_datetime: { _lt: '2005-01-01' } }))
  await api.get(json({ a_timestamp: { _lt: '2005-01-01' } }))
  await api.get(json({ a_timestamp: { _eq: '2001-02-03T06:05:06+02:00' } }), { label: 'a timestamp of another zone' })
  await api.get(json({ a_uuid: { _eq: 'AAAAAAAA-0000-4000-8000-000000000001' } }))

  api.proves('reading: now')
  await api.get(json({ a_timestamp: { _lt: '$NOW' } }))
  await api.get(json({ a_timestamp: { _gt: '$NOW(-1 day)' } }))
  await api.get(json({ a_timestamp: { _lt: '$NOW(+1 week)' } }))
  await api.get(json({ a_date: { _lt: '$NOW(-2 years)' } }))
  await api.get(json({ a_datetime: { _gt: '$NOW(-90 seconds)' } }))
  await api.get(json({ a_timestamp: { _between: ['$NOW(-100 years)', '$NOW'] } }))

  api.proves('reading: unknown-names')
  await api.get(json({ missing: { _eq: 1 } }))
  await api.get(json({ missing: 1 }))
  await api.get(json({ _and: [{ an_integer: 1 }, { missing: { _eq: 1 } }] }))

  api.proves('reading: unknown-operators')
  await api.get(json({ an_integer: { _bogus: 1 } }))
  await api.get(json({ an_integer: { eq: 1 } }))
  await api.get(json({ _eq: 1 }))
  await api.get(json({ '*': { _eq: 1 } }))
  await api.get(json({ a_string: { deeper: { _eq: 1 } } }))

  api.proves('reading: empty-logic')
  await api.get(json({ _and: [] }))
  await api.get(json({ _or: [] }))
  await api.get(json({}))
  await api.get(json([]))
  await api.get(json({ _and: [{}] }))
  await api.get(json({ _or: [{}, { an_integer: 1 }] }))
  await api.get(json({ _or: [{ an_integer: 1 }, { _and: [] }] }))
  await api.get(json({ _and: [], an_integer: 1 }))
  await api.get(written('filter='))
  await api.get(written('filter'))

  api.proves('reading: filter-forms')
  for (const text of ['{', '{"an_integer":', 'word', '5', '"text"', 'null', 'true', '[{"an_integer":1}]', '[5]']) {
    await api.get(written(`filter=${encodeURIComponent(text)}`))
  }

  api.proves('reading: logic-groups')
  await api.get(json({ _and: { an_integer: 1 } }))
  await api.get(json({ _or: { an_integer: 1 } }))
  await api.get(json({ _or: 'a' }))
  await api.get(json({ _xor: [{ an_integer: 1 }] }))
  await api.get(json({ _and: [{ an_integer: { _gt: 0 } }, { a_boolean: { _eq: true } }] }))
  await api.get(json({ _or: [{ an_integer: { _gt: 5 } }, { a_string: { _null: true } }] }))
  await api.get(json({ _or: [{ _and: [{ an_integer: 1 }, { a_boolean: false }] }, { a_float: { _lt: 0 } }] }))
  await api.get(json({ an_integer: { _gt: 0, _lt: 10 } }))
  await api.get(json({ an_integer: { _gte: 1 }, a_boolean: false }))
  await api.get(json({ an_integer: { _or: [{ _eq: 1 }, { _eq: 20 }] } }))
  await api.get(json({ an_integer: { _and: [{ _gt: 0 }, { _lt: 10 }] } }))
  await api.get(json({ _or: [{ an_integer: 1, a_boolean: false }, { an_integer: 20 }] }))

  api.proves('reading: filter-forms')
  await api.get(written('filter[an_integer][_eq]=20'))
  await api.get(written('filter[an_integer]=20'))
  await api.get(written('filter[_or][][an_integer][_eq]=20'))
  await api.get(written('filter[_or][0][an_integer][_eq]=20&filter[_or][1][an_integer][_eq]=1'))
  await api.get(written('filter[_and][0][an_integer][_gt]=0&filter[_and][1][a_boolean][_eq]=true'))
  await api.get(written('filter[an_integer][_gt]=0&filter[an_integer][_lt]=10'))
  await api.get(written('filter[a_string][_eq]=null'))
  await api.get(written('filter[a_string][_contains]=beta%20TWO'))
  await api.get(written('filter[a_string][_contains]=beta+TWO'))
  await api.get(written('filter%5Ban_integer%5D%5B_eq%5D=20'), { label: 'encoded brackets' })
  await api.get(written('filter[an_integer][_eq]=20&filter[an_integer][_eq]=1'))
  await api.get(written('filter[an_integer][_eq][=20'))
  await api.get(written('filter[]=20'))
  await api.get(written('filter[an_integer]_eq=20'))

  api.proves('reading: csv-filter')
  await api.get(json({ a_csv: { _eq: 'red,green' } }))
  await api.get(json({ a_csv: { _contains: 'green' } }))
  await api.get(json({ a_csv: { _eq: ['red', 'green'] } }))
  await api.get(json({ a_csv: { _in: ['blue'] } }))

  api.proves('reading: literal-signs')
  await api.table('c_literal', [autoKey(), field('name', 'string')])
  const names = [
    '100%',
    '100 percent',
    'a_b',
    'aXb',
    'back\\slash',
    "o'clock",
    'Ünïcode ß',
    '日本語 テキスト',
    '😀 smile',
    'a,b',
    '"quoted"',
  ]
  await api.seed(
    'c_literal',
    names.map((name) => ({ name })),
  )
  for (const operator of ['_contains', '_icontains', '_starts_with', '_ends_with', '_eq', '_in']) {
    for (const value of ['100%', '%', '_', 'a_b', '\\', "o'", 'Ünï', 'ÜNÏCODE', '日本', '😀', '"', 'a,b']) {
      const filter = encodeURIComponent(JSON.stringify({ name: { [operator]: value } }))
      await api.get(`/items/c_literal?fields=name&sort=id&filter=${filter}`, { label: `name ${operator} ${value}` })
    }
  }

  api.proves('reading: null-bytes')
  await api.get(json({ a_string: { _eq: 'a\u0000b' } }), { label: 'a null byte in a filter' })
}

export default scenario
