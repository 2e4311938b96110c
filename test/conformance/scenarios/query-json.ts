/** `_json`: filters on what a JSON column holds at a path. */
import { autoKey, field } from '../fields.ts'
import { filterer, toQuery } from '../library.ts'
import type { Scenario } from '../runner.ts'

const rows = [
  { n: 1, word: 'ash', flag: true, list: [1, 2, { z: 3 }], of: { word: 'oak', n: 5 }, nothing: null, mixed: 1, empty: '' },
  { n: 2.5, word: 'Birch', flag: false, list: [10], of: {}, mixed: 'one' },
  { n: 10, word: '10', flag: 'true', list: [], of: { word: null }, mixed: { deep: 1 }, ünï: 5, _a: 1, a_b: 2 },
  { word: '%', list: 'none' },
  [7, 8],
  null,
]

const scenario: Scenario = async (api) => {
  await api.table('q_json', [autoKey(), field('data', 'json'), field('text', 'string'), field('at', 'timestamp')])
  await api.seed(
    'q_json',
    rows.map((data) => ({ data })),
  )
  const left = filterer(api, 'q_json')
  const json = (said: unknown) => left({ data: { _json: said } })

  api.proves('reading: json-values')
  for (const value of [1, 2.5, 9, '1', '10', '9', '2.50']) {
    for (const operator of ['_eq', '_neq', '_lt', '_lte', '_gt', '_gte']) await json({ n: { [operator]: value } })
  }
  for (const operator of ['_in', '_nin']) {
    for (const list of [[1, 10], ['1', '10'], [1, '10'], ['ash']]) await json({ n: { [operator]: list } })
  }
  for (const operator of ['_between', '_nbetween'])
    for (const list of [
      [1, 5],
      ['1', '5'],
    ])
      await json({ n: { [operator]: list } })
  for (const operator of [
    '_eq',
    '_neq',
    '_contains',
    '_ncontains',
    '_icontains',
    '_starts_with',
    '_istarts_with',
    '_nstarts_with',
    '_ends_with',
  ])
    await json({ word: { [operator]: 'B' } })
  await json({ word: { _eq: 'ash' } })
  await json({ word: { _lt: 'z' } })
  await json({ word: { _contains: '%' } })
  await json({ word: { _in: ['ash', 'Birch'] } })
  await json({ word: { _nin: ['ash', 'Birch'] } })
  await json({ flag: { _eq: true } })
  await json({ flag: { _eq: 'true' } })
  await json({ flag: { _neq: true } })
  await json({ flag: { _in: [true, false] } })
  await json({ word: { _eq: '$CURRENT_USER.email' } })
  await json({ word: { _lt: '$NOW' } })

  api.proves('reading: json-paths')
  await json({ 'of.word': { _eq: 'oak' } })
  await json({ 'of.n': { _eq: 5 } })
  await json({ 'list[0]': { _eq: 10 } })
  await json({ 'list[2].z': { _eq: 3 } })
  await json({ 'list.0': { _eq: 1 } })
  await json({ '[0]': { _eq: 7 } })
  await json({ '0': { _eq: 7 } })
  await json({ ünï: { _eq: 5 } })
  await json({ _a: { _eq: 1 } })
  await json({ a_b: { _eq: 2 } })

  api.proves('reading: json-missing')
  for (const path of ['n', 'nothing', 'missing', 'of', 'of.word', 'list[9]', '[0]', 'missing.too'])
    for (const operator of ['_null', '_nnull']) await json({ [path]: { [operator]: true } })
  await json({ n: { _null: false } })
  await json({ n: { _eq: null } })
  await json({ n: { _neq: null } })

  api.proves('reading: json-values')
  await json({ empty: { _empty: true } })
  await json({ empty: { _nempty: true } })
  await json({ of: { _contains: 'oak' } })
  await json({ of: { _eq: 'oak' } })
  await json({})
  await left({ data: { _json: { n: { _eq: 1 } }, _nnull: true } })

  api.proves('reading: json-groups')
  await json({ n: { _gt: 1, _lt: 5 } })
  await json({ n: { _gt: 1 }, word: { _eq: '10' } })
  await json({ _and: [{ n: { _gt: 0 } }, { word: { _eq: 'ash' } }] })
  await json({ _or: [{ n: { _eq: 1 } }, { word: { _eq: 'Birch' } }] })
  await json({ _or: [{ n: { _eq: 1 } }, { _and: [{ n: { _gt: 2 } }, { n: { _lt: 3 } }] }] })
  await left({ _or: [{ data: { _json: { n: { _eq: 1 } } } }, { data: { _null: true } }] })
  await api.get('/items/q_json?fields=id&sort=id&filter[data][_json][word][_eq]=ash')
  await api.get('/items/q_json?fields=id&sort=id&filter[data][_json][n][_gt]=1')
  await api.get(`/items/q_json?${toQuery({ aggregate: { count: '*' }, filter: { data: { _json: { n: { _gt: 1 } } } } })}`)
  await api.search(
    '/items/q_json',
    { query: { fields: ['id'], filter: { data: { _json: { 'of.n': { _eq: 5 } } } } } },
    { label: 'SEARCH with _json' },
  )

  api.proves('reading: json-kinds')
  await json({ mixed: { _eq: 1 } })
  await json({ mixed: { _gt: 0 } })
  await json({ mixed: { _eq: 'one' } })
  await json({ mixed: { _in: [1] } })
  await json({ list: { _eq: 1 } })

  api.proves('reading: json-paths')
  for (const path of ['', '$.n', '$[0]', 'list[*]', 'list[-1]', '.n', 'n..x', 'a b', "a'b", 'a"b', 'n?', 'a-b', 'n.', 'list[0'])
    await json({ [path]: { _eq: 1 } })
  await json({ of: { word: { _eq: 'oak' } } })

  api.proves('reading: json-comparison')
  await json({ n: 1 })
  await json({ n: 'ash' })
  await json({ n: null })
  await json({ n: {} })
  await json('n')
  await json(null)
  await json([])
  await json({ n: { _bogus: 1 } })
  await json({ n: { _regex: '1' } })
  await json({ n: { _some: { x: 1 } } })
  await json({ n: { _json: { x: { _eq: 1 } } } })
  await json({ n: { _and: [{ _gt: 1 }, { _lt: 5 }] } })
  await json({ n: { _eq: '' } })
  await json({ n: { _in: [] } })
  await json({ n: { _in: '1,10' } })
  await json({ n: { _contains: 1 } })
  await left({ text: { _json: { n: { _eq: 1 } } } })
  await left({ id: { _json: { n: { _eq: 1 } } } })
  await left({ missing: { _json: { n: { _eq: 1 } } } })
  await left({ 'json(data,n)': { _json: { n: { _eq: 1 } } } })
}

export default scenario
