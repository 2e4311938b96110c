/** What clients send → a Query: its forms, its bounds. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from 'plinth'
import type { QueryInput } from '../../../plugins/items/api.ts'
import { type Limits, parseQuery } from '../../../plugins/items/parse.ts'
import { type Operator, operators } from '../../../plugins/items/query.ts'

const limits: Limits = { defaultLimit: 100, maxLimit: -1, depth: 10, fields: 500, filterNodes: 200, aliases: 50 }
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
  /** So many nodes: conditions and the group around them, not the names on the way. */
  const wide = (nodes: number) => ({ _and: Array.from({ length: nodes - 1 }, (_, i) => ({ a: { [`f${i}`]: { _eq: 1 } } })), x: {} })
  const quantified = (count: number): unknown => ({ _and: Array.from({ length: count - 1 }, () => ({ a: { _some: {} } })) })
  const aliases = (count: number) => Object.fromEntries(names(count).map((name) => [name, 'a']))
  /** Relations down to the one that has a limit. */
  const below = (depth: number): object => (depth ? { a: below(depth - 1) } : { _limit: 1 })
  const deepFilter = (nodes: number) => ({ a: { b: { _filter: wide(nodes) } } })
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
    ['nodes of filter', { filter: wide(200) }, { filter: wide(201) }],
    ['groups of filter', { filter: groups(200) }, { filter: groups(201) }],
    ['_some in a filter', { filter: quantified(200) }, { filter: quantified(201) }],
    ['nodes of a filter in deep', { deep: deepFilter(200) }, { deep: deepFilter(201) }],
    ['aliases', { alias: aliases(50) }, { alias: aliases(51) }],
    ['aliases as JSON', `alias=${JSON.stringify(aliases(50))}`, `alias=${JSON.stringify(aliases(51))}`],
    ['aliases in deep', { deep: { a: { _alias: aliases(50) } } }, { deep: { a: { _alias: aliases(51) } } }],
    ['depth of deep', { deep: below(9) }, { deep: below(10) }],
    ['depth of groupBy', { groupBy: path(10) }, { groupBy: path(11) }],
    ['fields of groupBy', { groupBy: names(500) }, { groupBy: names(501) }],
    ['aggregates', { aggregate: { count: names(500) } }, { aggregate: { count: names(501) } }],
    ['aggregates in deep', { deep: { a: { _aggregate: { sum: names(500) } } } }, { deep: { a: { _aggregate: { sum: names(501) } } } }],
    ['fields of _group in deep', { deep: { a: { _group: names(500) } } }, { deep: { a: { _group: names(501) } } }],
    ['nodes of a filter as JSON', `filter=${JSON.stringify(wide(200))}`, `filter=${JSON.stringify(wide(201))}`],
    ['sort in deep', { deep: { a: { _sort: names(500) } } }, { deep: { a: { _sort: names(501) } } }],
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
    for (const [limit, code] of rows)
      assert.equal(
        codeOf(() => parse({ deep: { a: { b: { _limit: limit } } } }, { maxLimit: 20 })),
        code,
        `_limit ${limit}`,
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

describe('conditions on related rows', () => {
  const one = { kind: 'compare', operator: '_eq', value: 0 } as const
  const named = (name: string, of: unknown) => ({ kind: 'field', name, of })
  const cases: [why: string, filter: unknown, expected: unknown][] = [
    ['_some', { a: { _some: { b: 1 } } }, named('a', { kind: 'some', of: named('b', one) })],
    ['_none', { a: { _none: { b: 1 } } }, named('a', { kind: 'none', of: named('b', one) })],
    ['_some of anything', { a: { _some: {} } }, named('a', { kind: 'some', of: { kind: 'and', of: [] } })],
    ['_some of empty groups', { a: { _some: { _or: [] } } }, named('a', { kind: 'some', of: { kind: 'and', of: [] } })],
    [
      'one in the other',
      { a: { _some: { b: { _none: { c: 1 } } } } },
      named('a', { kind: 'some', of: named('b', { kind: 'none', of: named('c', one) }) }),
    ],
    ['below another relation', { a: { b: { _some: { c: 1 } } } }, named('a', named('b', { kind: 'some', of: named('c', one) }))],
    ['one kind of a link to any', { 'item:texts': { body: 1 } }, named('item:texts', named('body', one))],
    ['a function', { 'year(born)': 1 }, named('year(born)', one)],
    ['rows of another table', { '$FOLLOW(c,b)': { text: 1 } }, named('$FOLLOW(c,b)', named('text', one))],
  ]
  for (const [why, filter, expected] of cases) {
    test(why, () => assert.deepEqual(parse({ filter }).shape.filter, expected))
  }

  for (const [why, filter] of [
    ['_some at the root', { _some: 1 }],
    ['_some of a value', { a: { _some: 5 } }],
    ['_none of null', { a: { _none: null } }],
    ['_some of a list', { a: { _some: [{ b: 1 }] } }],
    ['_some of an operator', { a: { _some: { _eq: 1 } } }],
  ] as const) {
    test(`${why} is refused`, () =>
      assert.equal(
        codeOf(() => parse({ filter })),
        'INVALID_QUERY',
      ))
  }
})

describe('functions in lists of names', () => {
  const cases: [text: string, paths: string[][]][] = [
    ['year(a),b', [['year(a)'], ['b']]],
    ['a.count(b)', [['a', 'count(b)']]],
    ['json(a, b.c[0]),d.e', [['json(a, b.c[0])'], ['d', 'e']]],
    ['a.json(b,c.d)', [['a', 'json(b,c.d)']]],
    ['item:texts.body', [['item:texts', 'body']]],
  ]
  for (const [text, paths] of cases) {
    test(text, () => {
      assert.deepEqual(parse({ fields: text }).shape.fields, paths)
      assert.deepEqual(
        parse({ sort: text }).shape.sort,
        paths.map((path) => ({ path, descending: false })),
      )
      assert.deepEqual(parse({ groupBy: text }).shape.group, paths)
    })
  }
  for (const text of ['year(a', 'year a)', 'year()', 'year(a)b', 'year((a))', '(a)(b)']) {
    test(`${text} is refused`, () => {
      for (const name of ['fields', 'sort', 'groupBy'])
        assert.equal(
          codeOf(() => parse({ [name]: text })),
          'INVALID_QUERY',
          name,
        )
    })
  }
})

describe('search', () => {
  const uuid = 'aaaaaaaa-0000-4000-8000-000000000001'
  const cases: [sent: unknown, form: 'text' | 'whole' | 'number' | 'uuid', value: string][] = [
    ['word', 'text', 'word'],
    ['  two words ', 'text', 'two words'],
    ['12', 'whole', '12'],
    [12, 'whole', '12'],
    ['-9223372036854775808', 'whole', '-9223372036854775808'],
    ['9223372036854775808', 'number', '9223372036854775808'],
    [-1.5, 'number', '-1.5'],
    ['12.0', 'text', '12.0'],
    ['+12', 'text', '+12'],
    ['012', 'text', '012'],
    ['1e1', 'text', '1e1'],
    ['.5', 'text', '.5'],
    [uuid, 'uuid', uuid],
    [uuid.slice(1), 'text', uuid.slice(1)],
  ]
  for (const [sent, form, value] of cases) {
    test(`${JSON.stringify(sent)} is ${form}`, () => {
      const top = parse({ search: sent })
      assert.deepEqual([top.shape.search, top.values], [{ value: 0, form }, [value]])
      const below = parse({ deep: { a: { _search: sent } } })
      assert.deepEqual([below.shape.deep.a?.search, below.values], [{ value: 0, form }, [value]])
    })
  }
  for (const nothing of ['', '  ', null, undefined]) {
    test(`${JSON.stringify(nothing)} searches nothing`, () => assert.equal(parse({ search: nothing }).shape.search, null))
  }
  for (const query of ['search[]=a', 'search=a&search=b', 'search[a]=b', 'search=a%00b', 'deep[a][_search][]=b']) {
    test(`${query} is refused`, () =>
      assert.equal(
        codeOf(() => parse(query)),
        'INVALID_QUERY',
      ))
  }
})

describe('aggregate and groupBy', () => {
  const cases: [query: QueryInput, aggregates: string[]][] = [
    ['aggregate[count]=*', ['count *']],
    ['aggregate[count]=a,b', ['count a', 'count b']],
    ['aggregate[count][]=a&aggregate[count][]=b', ['count a', 'count b']],
    ['aggregate[sum]=a&aggregate[max]=b', ['sum a', 'max b']],
    ['aggregate={"sum":"a","max":["b"]}', ['sum a', 'max b']],
    [{ aggregate: { countDistinct: ['a', 'a'] } }, ['countDistinct a']],
    [{ aggregate: {} }, []],
    ['aggregate=', []],
  ]
  for (const [query, expected] of cases) {
    test(JSON.stringify(query), () =>
      assert.deepEqual(
        parse(query).shape.aggregate.map(({ fn, field }) => `${fn} ${field}`),
        expected,
      ),
    )
  }
  for (const query of [
    'aggregate[bogus]=a',
    'aggregate[constructor]=a',
    'aggregate[__proto__]=a',
    'aggregate=count',
    'aggregate={',
    'aggregate[]=count',
  ]) {
    test(`${query} is refused`, () =>
      assert.equal(
        codeOf(() => parse(query)),
        'INVALID_QUERY',
      ))
  }
  test('groupBy as text, as a list, and as "group"', () => {
    const expected = [['a'], ['b', 'c']]
    for (const query of ['groupBy=a,b.c', 'groupBy[]=a&groupBy[]=b.c', 'group=a,b.c'])
      assert.deepEqual(parse(query).shape.group, expected, query)
  })
})

describe('alias', () => {
  test('as JSON and in brackets', () => {
    for (const query of ['alias={"a":"b","c":"year(d)"}', 'alias[a]=b&alias[c]=year(d)'])
      assert.deepEqual({ ...parse(query).shape.alias }, { a: 'b', c: 'year(d)' }, query)
  })
  for (const query of [
    { alias: 'word' },
    { alias: [] },
    { alias: ['a'] },
    { alias: { a: 5 } },
    { alias: { a: null } },
    { alias: { 'a.b': 'c' } },
    { alias: { a: 'b.c' } },
    { deep: { x: { _alias: { a: 'b.c' } } } },
  ]) {
    test(`${JSON.stringify(query)} is refused`, () =>
      assert.equal(
        codeOf(() => parse(query)),
        'INVALID_QUERY',
      ))
  }
})

describe('deep', () => {
  test('says of related rows what a query says of its own, at every level, in each form', () => {
    const deep = { a: { _filter: { b: { _gt: '1' } }, _sort: '-b', _limit: '2', _page: '3', c: { _limit: '1', _offset: '4' } } }
    const expected = parse({ deep })
    const { a } = expected.shape.deep
    assert.deepEqual([a!.limit, a!.offset, a!.sort, a!.search], [2, 4, [{ path: ['b'], descending: true }], null])
    assert.deepEqual(a!.filter, { kind: 'field', name: 'b', of: { kind: 'compare', operator: '_gt', value: 0 } })
    assert.deepEqual([a!.deep.c!.limit, a!.deep.c!.offset, a!.deep.c!.filter], [1, 4, null])
    assert.deepEqual(expected.values, ['1'])
    assert.deepEqual(parse(`deep=${encodeURIComponent(JSON.stringify(deep))}`), expected)
    const brackets = 'deep[a][_filter][b][_gt]=1&deep[a][_sort]=-b&deep[a][_limit]=2&deep[a][_page]=3'
    assert.deepEqual(parse(`${brackets}&deep[a][c][_limit]=1&deep[a][c][_offset]=4`), expected)
  })

  test('values stay out of its shape too', () => {
    const one = parse('deep[a][_filter][b]=1&deep[a][_search]=x&filter[c]=2')
    const two = parse('deep[a][_filter][b]=7&deep[a][_search]=y&filter[c]=8')
    assert.deepEqual(one.shape, two.shape)
    assert.notDeepEqual(one.values, two.values)
  })

  for (const nothing of ['deep=', 'deep={', 'deep=word', 'deep=[]', 'deep[a]=1', 'deep[]=1', 'deep[_limit]=1', 'deep[a][]=1']) {
    test(`${nothing} says nothing`, () => assert.deepEqual({ ...parse(nothing).shape.deep }, {}))
  }
  test('unknown words say nothing', () => {
    const { a } = parse({ deep: { a: { limit: 1, _bogus: 1 } } }).shape.deep
    assert.deepEqual([a!.limit, a!.filter, { ...a!.deep }], [null, null, {}])
  })
  test('a relation called like a property of every object is one', () => {
    assert.deepEqual(Object.keys(parse('deep[constructor][_limit]=1').shape.deep), ['constructor'])
  })
  for (const said of [
    { _limit: -2 },
    { _limit: 'abc' },
    { _offset: -1 },
    { _page: 'x' },
    { _filter: 'word' },
    { _filter: { b: '' } },
    { _filter: { b: { _bogus: 1 } } },
    { _sort: 'b,,c' },
    { c: { _limit: 1.5 } },
  ]) {
    test(`${JSON.stringify(said)} is refused`, () =>
      assert.equal(
        codeOf(() => parse({ deep: { a: said } })),
        'INVALID_QUERY',
      ))
  }
})

test('backlink is on unless it is said to be off', () => {
  for (const [query, expected] of [
    ['', true],
    ['backlink=true', true],
    ['backlink=false', false],
    [{ backlink: false }, false],
  ] as const)
    assert.equal(parse(query).shape.backlink, expected, JSON.stringify(query))
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
