/** Names → places: what a plan refuses, and what it costs. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Problem, type Snapshot } from 'plinth'
import { parseQuery } from '../../../plugins/items/parse.ts'
import { planRead, type ReadNode, type ReadPlan } from '../../../plugins/items/plan.ts'
import { type Operator, operators } from '../../../plugins/items/query.ts'
import type { TestHost } from '../../host.ts'
import { startLibrary } from './library.ts'

const limits = { defaultLimit: 100, maxLimit: -1, depth: 10, fields: 500, filterNodes: 200, selections: 2000, relations: 200 }

describe('planRead()', () => {
  let host: TestHost
  let snapshot: Snapshot
  before(async () => {
    host = await startLibrary()
    snapshot = host.kernel.registry.snapshot
  })
  after(() => host.close())

  const plan = (collection: string, query: string | object, selections = limits.selections): ReadPlan => {
    const { shape } = parseQuery(query as string, limits)
    return planRead(snapshot, snapshot.tables.get(collection)!, shape, { ...limits, selections })
  }
  const codeOf = (collection: string, query: string | object, selections?: number): string => {
    try {
      plan(collection, query, selections)
      return 'fine'
    } catch (error) {
      assert.ok(error instanceof Problem, String(error))
      return error.code
    }
  }
  /** `id`, `author.name`… */
  const keysOf = (node: ReadNode, before = ''): string[] =>
    node.selections.flatMap((selection) =>
      selection.kind === 'column' ? [before + selection.key] : keysOf(selection.node, `${before}${selection.key}.`),
    )

  describe('names', () => {
    const cases: [query: string, code: string][] = [
      ['fields=id,title', 'fine'],
      ['fields=nope', 'FORBIDDEN'],
      ['fields=author.nope', 'FORBIDDEN'],
      ['fields=author.mentor.nope', 'FORBIDDEN'],
      ['fields=nope.name', 'fine'],
      ['fields=title.name', 'fine'],
      ['fields=title:x', 'fine'],
      ['fields=nope:x', 'FORBIDDEN'],
      ['fields=constructor', 'FORBIDDEN'],
      ['fields=__proto__', 'FORBIDDEN'],
      ['fields=Title', 'FORBIDDEN'],
      ['sort=title,-author.name', 'fine'],
      ['sort=nope', 'FORBIDDEN'],
      ['sort=author.nope', 'FORBIDDEN'],
      ['sort=title.nope', 'FORBIDDEN'],
      ['sort=?', 'FORBIDDEN'],
      ['sort=author.secret', 'INVALID_QUERY'],
      ['filter[nope][_eq]=1', 'FORBIDDEN'],
      ['filter[author][nope][_eq]=1', 'FORBIDDEN'],
      ['filter[nope][title][_eq]=1', 'FORBIDDEN'],
      ['filter[author][name][_eq]=a', 'fine'],
      ['filter[author][mentor][name][_eq]=a', 'fine'],
      ['filter[author][secret][_eq]=a', 'INVALID_QUERY'],
      ['filter[author][secret][_null]=true', 'INVALID_QUERY'],
      ['filter={"_or":[{"nope":{}}]}', 'FORBIDDEN'],
    ]
    for (const [query, code] of cases) test(`${query}: ${code}`, () => assert.equal(codeOf('article', query), code))
  })

  describe('operators by type', () => {
    const equal = ['_eq', '_neq', '_null', '_nnull']
    const listed = [...equal, '_in', '_nin']
    const ordered = [...listed, '_lt', '_lte', '_gt', '_gte', '_between', '_nbetween']
    const text = [...listed, ...operators.filter((name) => /empty|contains|with/.test(name))]
    const cases: [field: string, allowed: string[]][] = [
      ['title', text],
      ['body', text],
      ['tags', text],
      ['rating', ordered],
      ['big', ordered],
      ['price', ordered],
      ['score', ordered],
      ['day', ordered],
      ['at', ordered],
      ['stamp', ordered],
      ['moment', ordered],
      ['published', equal],
      ['ref', listed],
      ['data', ['_null', '_nnull']],
      ['author', ordered],
    ]
    for (const [field, allowed] of cases) {
      test(field, () => {
        const value = (operator: Operator) =>
          /null|empty/.test(operator) ? true : /between/.test(operator) ? ['1', '2'] : /in$/.test(operator) ? ['1'] : '1'
        const taken = operators.filter((operator) => codeOf('article', { filter: { [field]: { [operator]: value(operator) } } }) === 'fine')
        assert.deepEqual([...taken].sort(), [...allowed].sort())
        const refused = operators.find((operator) => !allowed.includes(operator))
        if (refused) assert.equal(codeOf('article', { filter: { [field]: { [refused]: value(refused) } } }), 'INVALID_QUERY')
      })
    }
  })

  describe('wildcards', () => {
    const own = [
      'id',
      'title',
      'body',
      'rating',
      'small',
      'big',
      'price',
      'score',
      'published',
      'day',
      'at',
      'stamp',
      'moment',
      'ref',
      'data',
      'tags',
      'mood',
      'ip',
      'raw',
      'author',
    ]
    test('none means *, in table order', () => assert.deepEqual(keysOf(plan('article', '').node), own))
    test('* twice is *', () => assert.deepEqual(keysOf(plan('article', 'fields=*,*').node), own))
    test('* and a path below a relation give the relation opened', () => {
      assert.deepEqual(keysOf(plan('article', 'fields=*,author.name').node), [...own.slice(0, -1), 'author.name'])
    })
    test('*.* opens relations one level', () => {
      const keys = keysOf(plan('article', 'fields=*.*').node).filter((key) => key.startsWith('author'))
      assert.deepEqual(keys, ['author.id', 'author.name', 'author.mentor', 'author.secret'])
    })
    test('columns keep the order in which they are asked for', () => {
      assert.deepEqual(keysOf(plan('article', 'fields=rating,id,title,id').node), ['rating', 'id', 'title'])
    })
  })

  test('selections are bounded, wildcards expanded, at N and at N + 1', () => {
    const names = 3
    assert.equal(codeOf('article', 'fields=id,title,body', names), 'fine')
    assert.equal(codeOf('article', 'fields=id,title,body,rating', names), 'INVALID_QUERY')
    assert.equal(codeOf('article', '', 20), 'fine')
    assert.equal(codeOf('article', '', 19), 'INVALID_QUERY')
    assert.equal(codeOf('author', 'fields=*.*.*.*.*.*.*.*.*.*'), 'INVALID_QUERY')
  })

  test('an order is total: the key comes last, unless it was asked for', () => {
    const order = (collection: string, query: string) =>
      plan(collection, query).order.map(({ place, descending }) => `${descending ? '-' : ''}${place.field.name}`)
    assert.deepEqual(order('article', ''), ['id'])
    assert.deepEqual(order('article', 'sort=-title'), ['-title', 'id'])
    assert.deepEqual(order('article', 'sort=-id,title'), ['-id', 'title'])
    assert.deepEqual(order('article', 'sort=author.id'), ['id', 'id'])
    assert.deepEqual(order('page', 'sort=slug'), ['slug', 'lang', 'version'])
    assert.deepEqual(order('log', ''), [])
  })

  test('every value has a slot that knows its column', () => {
    const { slots } = plan('article', 'filter={"_and":[{"title":{"_eq":"a"}},{"author":{"name":{"_in":["b"]}}},{"rating":{"_null":true}}]}')
    assert.deepEqual(
      slots.map(({ field, operator }) => [field.name, operator]),
      [
        ['title', '_eq'],
        ['name', '_in'],
      ],
    )
  })
})
