/** What clients send → a Query: its forms, its bounds. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from 'plinth'
import type { QueryInput } from '../../../plugins/items/api.ts'
import { type Limits, parseQuery } from '../../../plugins/items/parse.ts'
import { type Operator, operators } from '../../../plugins/items/query.ts'

const limits: Limits = { defaultLimit: 100, maxLimit: -1, depth: 10, fields: 500, filterNodes: 200 }
const parse = (input: QueryInput, more: Partial<Limits> = {}) => parseQuery(input, { ...limits, ...more })

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'fine'
  } catch (error) {
    assert.ok(error instanceof Problem, String(error))
    return error.code
  }
}

describe('bounds, at N and at N + 1', () => {
  const path = (length: number) => Array.from({ length }, (_, i) => `f${i}`).join('.')
  const names = (count: number) => Array.from({ length: count }, (_, i) => `f${i}`)
  /** A condition `depth` levels below the root. */
  const nested = (depth: number): unknown => (depth ? { a: nested(depth - 1) } : { _eq: 1 })
  /** So many nodes: a field and its operator are two. */
  const wide = (nodes: number) => ({ _and: Array.from({ length: (nodes - 2) / 2 }, (_, i) => ({ [`f${i}`]: { _eq: 1 } })), x: {} })
  const groups = (count: number): unknown => (count ? { _and: [groups(count - 1)] } : {})

  const cases: [what: string, within: QueryInput, beyond: QueryInput][] = [
    ['depth of fields', { fields: path(10) }, { fields: path(11) }],
    ['depth of a wildcard', { fields: `${path(9)}.*` }, { fields: `${path(10)}.*` }],
    ['depth of sort', { sort: `-${path(10)}` }, { sort: `-${path(11)}` }],
    ['depth of filter', { filter: nested(10) }, { filter: nested(11) }],
    ['depth of filter as JSON', `filter=${JSON.stringify(nested(10))}`, `filter=${JSON.stringify(nested(11))}`],
    ['fields as text', { fields: names(500).join(',') }, { fields: names(501).join(',') }],
    ['fields as a list', { fields: names(500) }, { fields: names(501) }],
    [
      'fields in brackets',
      names(500)
        .map((n) => `fields[]=${n}`)
        .join('&'),
      names(501)
        .map((n) => `fields[]=${n}`)
        .join('&'),
    ],
    ['sort', { sort: names(500) }, { sort: names(501) }],
    ['nodes of filter', { filter: wide(200) }, { filter: wide(202) }],
    ['groups of filter', { filter: groups(200) }, { filter: groups(201) }],
  ]
  for (const [what, within, beyond] of cases) {
    test(what, () => assert.deepEqual([codeOf(() => parse(within)), codeOf(() => parse(beyond))], ['fine', 'INVALID_QUERY']))
  }

  test('QUERY_LIMIT_MAX', () => {
    const rows: [limit: string, code: string][] = [
      ['20', 'fine'],
      ['21', 'INVALID_QUERY'],
      ['-1', 'INVALID_QUERY'],
      ['0', 'fine'],
    ]
    for (const [limit, code] of rows)
      assert.equal(
        codeOf(() => parse(`limit=${limit}`, { maxLimit: 20 })),
        code,
        limit,
      )
    assert.equal(
      codeOf(() => parse('', { maxLimit: 20 })),
      'fine',
    )
  })
})

describe('one filter in several forms', () => {
  const forms: [why: string, json: unknown, brackets: string][] = [
    ['a comparison', { a: { _eq: 'x' } }, 'filter[a][_eq]=x'],
    ['a value alone', { a: 'x' }, 'filter[a]=x'],
    ['a path', { a: { b: { _contains: 'x' } } }, 'filter[a][b][_contains]=x'],
    ['groups', { _or: [{ a: { _eq: '1' } }, { b: { _lt: '2' } }] }, 'filter[_or][0][a][_eq]=1&filter[_or][1][b][_lt]=2'],
    ['a group below a field', { a: { _and: [{ _gt: '1' }, { _lt: '3' }] } }, 'filter[a][_and][0][_gt]=1&filter[a][_and][1][_lt]=3'],
    ['two conditions of a field', { a: { _gt: '1', _lt: '3' } }, 'filter[a][_gt]=1&filter[a][_lt]=3'],
    ['a list', { a: { _in: ['1', '2'] } }, 'filter[a][_in][]=1&filter[a][_in][]=2'],
    ['a list with commas', { a: { _in: '1,2' } }, 'filter[a][_in]=1,2'],
    ['a range', { a: { _between: ['1', '2'] } }, 'filter[a][_between][0]=1&filter[a][_between][1]=2'],
    ['a flag', { a: { _null: 'true' } }, 'filter[a][_null]=true'],
  ]
  for (const [why, json, brackets] of forms) {
    test(why, () => {
      const expected = parse({ filter: json })
      assert.deepEqual(parse(brackets), expected, 'brackets')
      assert.deepEqual(parse(`filter=${encodeURIComponent(JSON.stringify(json))}`), expected, 'JSON text')
    })
  }

  test('lists with commas are lists', () => {
    assert.deepEqual(parse('filter[a][_in]=1,2'), parse('filter[a][_in][]=1&filter[a][_in][]=2'))
    assert.deepEqual(parse('filter[a][_between]=1,2'), parse('filter[a][_between][]=1&filter[a][_between][]=2'))
  })

  test('fields and sort as text, list or repeated parameter', () => {
    const expected = parse('fields=a,b.c&sort=-a,b')
    for (const form of [
      'fields[]=a&fields[]=b.c&sort[]=-a&sort[]=b',
      'fields=a&fields=b.c&sort=-a&sort=b',
      'fields= a , b.c &sort=-a, b',
    ]) {
      assert.deepEqual(parse(form), expected, form)
    }
    assert.deepEqual(parse({ fields: ['a', 'b.c'], sort: ['-a', 'b'] }), expected)
  })
})

describe('operators', () => {
  const flags: readonly Operator[] = ['_null', '_nnull', '_empty', '_nempty']
  const lists: readonly Operator[] = ['_in', '_nin']
  const ranges: readonly Operator[] = ['_between', '_nbetween']
  const compared = (filter: unknown) => {
    const { shape, values } = parse({ filter })
    const node = shape.filter?.kind === 'field' ? shape.filter.of : shape.filter
    return node?.kind === 'compare' ? [node.operator, node.value === null ? null : values[node.value]] : node
  }

  for (const operator of operators) {
    test(operator, () => {
      if (flags.includes(operator)) {
        const opposite = flags[flags.indexOf(operator) ^ 1]
        for (const yes of [true, 'true', '', null]) assert.deepEqual(compared({ a: { [operator]: yes } }), [operator, null])
        for (const no of [false, 'false']) assert.deepEqual(compared({ a: { [operator]: no } }), [opposite, null])
        for (const odd of ['yes', 1, {}, []])
          assert.equal(
            codeOf(() => parse({ filter: { a: { [operator]: odd } } })),
            'INVALID_QUERY',
          )
      } else if (lists.includes(operator)) {
        assert.deepEqual(compared({ a: { [operator]: [1, 2] } }), [operator, [1, 2]])
        assert.deepEqual(compared({ a: { [operator]: 5 } }), [operator, [5]])
        for (const odd of [[], [{}], [[1]]])
          assert.equal(
            codeOf(() => parse({ filter: { a: { [operator]: odd } } })),
            'INVALID_QUERY',
          )
      } else if (ranges.includes(operator)) {
        assert.deepEqual(compared({ a: { [operator]: [1, 2] } }), [operator, [1, 2]])
        for (const odd of [[], [1], [1, 2, 3], 1, '1', ['', 1]]) {
          assert.equal(
            codeOf(() => parse({ filter: { a: { [operator]: odd } } })),
            'INVALID_QUERY',
            JSON.stringify(odd),
          )
        }
      } else {
        for (const value of ['x', 0, 1.5, true]) assert.deepEqual(compared({ a: { [operator]: value } }), [operator, value])
        for (const odd of ['', {}, [1]])
          assert.equal(
            codeOf(() => parse({ filter: { a: { [operator]: odd } } })),
            'INVALID_QUERY',
          )
      }
    })
  }

  test('null is asked for with _eq and _neq, as the word in brackets too', () => {
    assert.deepEqual(compared({ a: { _eq: null } }), ['_null', null])
    assert.deepEqual(compared({ a: { _neq: null } }), ['_nnull', null])
    assert.deepEqual(parse('filter[a][_eq]=null'), parse({ filter: { a: { _eq: null } } }))
    assert.equal(
      codeOf(() => parse({ filter: { a: null } })),
      'INVALID_QUERY',
    )
  })

  for (const [why, filter] of [
    ['an unknown operator', { a: { _like: 'x' } }],
    ['an unknown operator at the root', { _like: 'x' }],
    ['a known operator at the root', { _eq: 1 }],
    ['an operator of a prototype', { a: { _constructor: 1 } }],
    ['_and that is no list', { _and: { a: { _eq: 1 } } }],
    ['_or of values', { _or: [1] }],
    ['text', 'word'],
    ['broken JSON', '{"a":'],
    ['a number', 5],
  ] as const) {
    test(`${why} is refused`, () =>
      assert.equal(
        codeOf(() => parse({ filter })),
        'INVALID_QUERY',
      ))
  }

  test('a list where an object should stand is the field "0"', () =>
    assert.equal(
      codeOf(() => parse({ filter: [{ a: 1 }] })),
      'FORBIDDEN',
    ))

  for (const filter of [{}, [], '', null, undefined, '{}', '[]', { _and: [] }, { _or: [] }, { _and: [{}] }]) {
    test(`${JSON.stringify(filter)} filters nothing`, () => {
      const found = parse({ filter }).shape.filter
      assert.ok(found === null || (found.kind === 'and' && found.of.length === 0), JSON.stringify(found))
    })
  }
})

test('values stay out of the shape: queries that differ in them alone have one shape', () => {
  const one = parse('filter[a][_eq]=1&filter[b][_in]=2,3&offset=5')
  const two = parse('filter[a][_eq]=x&filter[b][_in]=7&offset=900')
  assert.deepEqual(one.shape, two.shape)
  assert.deepEqual(
    [one.values, two.values],
    [
      ['1', ['2', '3']],
      ['x', ['7']],
    ],
  )
  assert.notDeepEqual(parse('filter[a][_neq]=1').shape, parse('filter[a][_eq]=1').shape)
})

describe('pages', () => {
  const cases: [query: string, limit: number | null, offset: number][] = [
    ['', null, 0],
    ['limit=5', 5, 0],
    ['limit=', 0, 0],
    ['limit=-1', -1, 0],
    ['limit=5&offset=7', 5, 7],
    ['limit=5&page=3', 5, 10],
    ['page=2', null, 100],
    ['page=0', null, 0],
    ['limit=5&page=2&offset=1', 5, 5],
    ['limit=-1&page=9', -1, 0],
    ['limit=1e2', 100, 0],
  ]
  for (const [query, limit, offset] of cases) {
    test(query || '(nothing)', () => {
      const parsed = parse(query)
      assert.deepEqual([parsed.shape.limit, parsed.offset], [limit, offset])
    })
  }
  for (const query of [
    'limit=x',
    'limit=-2',
    'limit=1.5',
    'limit=1&limit=2',
    'offset=-1',
    'page=-1',
    'page=x',
    'limit=99999999999999999999',
    'limit[a]=1',
  ]) {
    test(`${query} is refused`, () =>
      assert.equal(
        codeOf(() => parse(query)),
        'INVALID_QUERY',
      ))
  }
})

describe('the rest', () => {
  const cases: [query: QueryInput, code: string][] = [
    ['meta=*', 'fine'],
    ['meta=total_count,filter_count', 'fine'],
    ['meta=sums', 'INVALID_QUERY'],
    ['fields=a,,b', 'INVALID_QUERY'],
    ['fields[a]=b', 'INVALID_QUERY'],
    [{ fields: [1] }, 'INVALID_QUERY'],
    ['unknown=1&constructor=2&__proto__[a]=1', 'fine'],
    ['0=1', 'fine'],
  ]
  for (const [query, code] of cases)
    test(`${JSON.stringify(query)}: ${code}`, () =>
      assert.equal(
        codeOf(() => parse(query)),
        code,
      ))
})
