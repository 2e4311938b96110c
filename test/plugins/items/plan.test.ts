/** Names → places: what a plan refuses, and what it costs. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Problem, type Snapshot } from 'plinth'
import { parseQuery } from '../../../plugins/items/parse.ts'
import type { Place } from '../../../plugins/items/place.ts'
import { type Condition, planRead, type ReadNode, type ReadPlan } from '../../../plugins/items/plan.ts'
import { type Operator, operators } from '../../../plugins/items/query.ts'
import type { TestHost } from '../../host.ts'
import { startLibrary } from './library.ts'

const limits = { defaultLimit: 100, maxLimit: -1, depth: 10, fields: 500, filterNodes: 200, aliases: 50, selections: 2000, relations: 200 }

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
  /** `id`, `author.name`, `articles` (keys alone), `item:note.body`… */
  const keysOf = (node: ReadNode, before = ''): string[] =>
    node.selections.flatMap((selection) => {
      const key = before + selection.key
      if (selection.kind === 'column' || selection.kind === 'constant') return [key]
      if (selection.kind === 'one' || selection.kind === 'object') return keysOf(selection.node, `${key}.`)
      if (selection.kind === 'many') return selection.rows.node.selections.length ? keysOf(selection.rows.node, `${key}.`) : [key]
      return [key, ...selection.nodes.flatMap(({ hop, node }) => keysOf(node, `${before}${hop.name}.`))]
    })
  const hopsOf = ({ via, field }: Place): string => [...via.map(({ name }) => name), field.name].join('/')
  /** `(a & (b | not exists c))`: what a condition says, in places. */
  const said = (condition: Condition | null): string => {
    if (!condition) return 'anything'
    if (condition.kind === 'compare' || condition.kind === 'caller') return `${hopsOf(condition.place)} ${condition.operator}`
    if (condition.kind === 'bare') return `${condition.columns} without ${condition.names}`
    if (condition.kind !== 'exists') return `(${condition.of.map(said).join(condition.kind === 'and' ? ' & ' : ' | ')})`
    return `${condition.negated ? 'no' : 'some'} ${[...condition.via, condition.hop].map(({ name }) => name).join('/')}[${said(condition.of)}]`
  }

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
      assert.deepEqual(keys, ['author.id', 'author.name', 'author.mentor', 'author.secret', 'author.articles'])
    })
    test('columns keep the order in which they are asked for', () => {
      assert.deepEqual(keysOf(plan('article', 'fields=rating,id,title,id').node), ['rating', 'id', 'title'])
    })
  })

  describe('wildcards along relations', () => {
    const cases: [collection: string, query: string, keys: string[]][] = [
      ['author', 'fields=*', ['id', 'name', 'mentor', 'secret', 'articles']],
      ['author', 'fields=articles', ['articles']],
      ['author', 'fields=articles.id', ['articles.id']],
      ['author', 'fields=articles.author.name', ['articles.author.name']],
      ['shelf', 'fields=*', ['id', 'name', 'authors', 'parts']],
      ['shelf', 'fields=authors.author.name', ['authors.author.name']],
      ['shelf', 'fields=authors.*', ['authors.id', 'authors.shelf', 'authors.author']],
      ['shelf', 'fields=*&alias[title]=name', ['id', 'name', 'authors', 'parts', 'title']],
      ['shelf', 'fields=*&alias[title]=nothing', ['id', 'name', 'authors', 'parts']],
      ['shelf', 'fields=title,id&alias[title]=name', ['title', 'id']],
      ['shelf', 'fields=one.id,two.author&alias[one]=authors&alias[two]=authors', ['one.id', 'two.author']],
      ['shelf', 'fields=title&alias[title]=name', []],
      ['shelf_part', 'fields=item', ['item']],
      ['shelf_part', 'fields=item:note.body,item:article.title', ['item', 'item:article.title', 'item:note.body']],
      ['shelf_part', 'fields=item.body', ['item', 'item:article.body', 'item:note.body']],
      ['shelf_part', 'fields=item.rating', ['item', 'item:article.rating']],
      ['shelf_part', 'fields=item:note.*', ['item', 'item:note.id', 'item:note.body']],
      ['article', 'fields=year(day),count(data),json(data,a.b)', ['day_year', 'data_count', 'data_a_b_json']],
      ['article', 'fields=born&alias[born]=year(day)&alias[x]=id', []],
      ['article', 'fields=id,born&alias[born]=year(day)', ['id', 'born']],
      ['author', 'fields=name,count(articles),articles.month(day)', ['name', 'articles_count', 'articles.day_month']],
    ]
    for (const [collection, query, keys] of cases) {
      test(`${collection}?${query}`, () => assert.deepEqual(keysOf(plan(collection, query).node), keys))
    }

    test('backlink=false keeps wildcards from going back to the parent', () => {
      const back = (query: string) => keysOf(plan('author', query).node).filter((key) => key.startsWith('articles.author'))
      assert.deepEqual(back('fields=articles.*.id'), ['articles.author.id'])
      assert.deepEqual(back('fields=articles.*.id&backlink=false'), ['articles.author'])
      assert.deepEqual(back('fields=articles.author.id&backlink=false'), ['articles.author.id'], 'but names do')
    })

    const refused: [collection: string, query: string, code: string][] = [
      ['shelf_part', 'fields=item.nothing', 'FORBIDDEN'],
      ['shelf_part', 'fields=item:note.nothing', 'FORBIDDEN'],
      ['shelf', 'fields=title&alias[title]=nothing', 'FORBIDDEN'],
      ['shelf', 'fields=title&alias[title]=bogus(name)', 'INVALID_QUERY'],
      ['article', 'fields=year(title)', 'INVALID_QUERY'],
      ['article', 'fields=bogus(day)', 'INVALID_QUERY'],
      ['article', 'fields=hour(day)', 'INVALID_QUERY'],
      ['article', 'fields=year(at)', 'INVALID_QUERY'],
      ['article', 'fields=hour(at)', 'fine'],
      ['article', 'fields=year(nothing)', 'FORBIDDEN'],
      ['article', 'fields=count(author)', 'INVALID_QUERY'],
      ['article', 'fields=json(data)', 'INVALID_QUERY'],
      ['article', 'fields=json(title,a)', 'INVALID_QUERY'],
      ['article', 'fields=json(data,$.a)', 'INVALID_QUERY'],
      ['article', "fields=json(data,a'b)", 'INVALID_QUERY'],
      ['author', 'fields=count(secret)', 'INVALID_QUERY'],
      ['author', 'deep[articles][_filter][nothing]=1&fields=articles.id', 'FORBIDDEN'],
      ['author', 'deep[articles][_sort]=nothing&fields=articles.id', 'FORBIDDEN'],
      ['author', 'deep[articles][_filter][rating][_contains]=1&fields=articles.id', 'INVALID_QUERY'],
      ['author', 'deep[nothing][_filter][nothing]=1', 'fine'],
      ['author', 'deep[constructor][_filter][nothing]=1&fields=*', 'fine'],
    ]
    for (const [collection, query, code] of refused)
      test(`${collection}?${query}: ${code}`, () => assert.equal(codeOf(collection, query), code))
  })

  describe('conditions are said of places', () => {
    const cases: [collection: string, filter: object, expected: string][] = [
      ['author', { articles: { title: 'a' } }, 'articles/title _eq'],
      ['author', { articles: 1 }, 'articles/id _eq'],
      ['author', { articles: { _null: true } }, 'articles/id _null'],
      ['author', { mentor: 1 }, 'mentor _eq'],
      ['shelf', { authors: { author: { articles: { title: 'a' } } } }, 'authors/author/articles/title _eq'],
      ['shelf', { parts: { 'item:note': { body: 'a' } } }, 'parts/item:note/body _eq'],
      ['shelf_part', { item: 'a' }, 'item _eq'],
      ['shelf_part', { 'item:shelf': { name: 'a' } }, 'item:shelf/name _eq'],
      ['author', { '$FOLLOW(article,author)': { title: 'a' } }, '$FOLLOW(article,author)/title _eq'],
      ['author', { '$FOLLOW( shelf_author , author )': { shelf: 1 } }, '$FOLLOW( shelf_author , author )/shelf _eq'],
      ['author', { articles: { _some: { title: 'a', rating: 1 } } }, 'some articles[(title _eq & rating _eq)]'],
      ['author', { articles: { _none: {} } }, 'no articles[()]'],
      ['article', { author: { articles: { _none: { title: 'a' } } } }, 'no author/articles[title _eq]'],
      ['article', { author: { _some: { name: 'a' } } }, 'some author[name _eq]'],
      ['author', { '$FOLLOW(article,author)': { _none: { title: 'a' } } }, 'no $FOLLOW(article,author)[title _eq]'],
      ['author', { articles: { _some: { author: { articles: { _none: { id: 1 } } } } } }, 'some articles[no author/articles[id _eq]]'],
      ['author', { _or: [{ articles: { id: 1 } }, { articles: { _some: { id: 1 } } }] }, '(articles/id _eq | some articles[id _eq])'],
      ['author', { articles: { _and: [{ title: 'a' }, { rating: 1 }] } }, '(articles/title _eq & articles/rating _eq)'],
      ['article', { 'year(day)': { _between: [1, 2] } }, 'year(day) _between'],
      ['author', { 'count(articles)': { _gt: 1 } }, 'count(articles) _gt'],
      ['author', { articles: { 'year(day)': 1 } }, 'articles/year(day) _eq'],
      ['author', {}, '()'],
    ]
    for (const [collection, filter, expected] of cases)
      test(JSON.stringify(filter), () => assert.equal(said(plan(collection, { filter }).where), expected))

    const refused: [collection: string, filter: object, code: string][] = [
      ['author', { articles: { nothing: 1 } }, 'FORBIDDEN'],
      ['author', { articles: { _some: { nothing: 1 } } }, 'FORBIDDEN'],
      ['author', { articles: { _some: { author: { secret: 'x' } } } }, 'INVALID_QUERY'],
      ['article', { title: { _some: { id: 1 } } }, 'FORBIDDEN'],
      ['author', { '$FOLLOW(nothing,author)': { id: 1 } }, 'FORBIDDEN'],
      ['author', { '$FOLLOW(article,title)': { id: 1 } }, 'FORBIDDEN'],
      ['shelf', { '$FOLLOW(article,author)': { id: 1 } }, 'FORBIDDEN'],
      ['shelf_part', { item: { body: 'a' } }, 'FORBIDDEN'],
      ['shelf_part', { 'item:nothing': { body: 'a' } }, 'FORBIDDEN'],
      ['shelf_part', { 'item:note': { nothing: 1 } }, 'FORBIDDEN'],
      ['shelf', { parts: { _contains: 'a' } }, 'INVALID_QUERY'],
      ['article', { 'json(data,a)': 1 }, 'FORBIDDEN'],
      ['article', { 'year(day)': { _contains: '1' } }, 'INVALID_QUERY'],
      ['article', { 'year(title)': 1 }, 'INVALID_QUERY'],
    ]
    for (const [collection, filter, code] of refused)
      test(`${JSON.stringify(filter)}: ${code}`, () => assert.equal(codeOf(collection, { filter }), code))

    test('a scope holds which rows of a link to any collection it speaks of', () => {
      const condition = plan('shelf_part', { filter: { 'item:note': { body: 'a' } } }).where
      assert.ok(condition?.kind === 'compare')
      assert.deepEqual(condition.place.via[0]!.scope, { column: 'collection', value: 'note' })
    })
  })

  describe('search looks at the columns that could hold it', () => {
    const cases: [collection: string, search: string, columns: string[]][] = [
      ['article', 'word', ['title', 'body']],
      ['article', '12', ['id', 'title', 'body', 'rating', 'small', 'big', 'price', 'score', 'author']],
      ['article', '1.5', ['title', 'body', 'price', 'score']],
      ['article', '9223372036854775808', ['title', 'body', 'price', 'score']],
      ['article', 'aaaaaaaa-0000-4000-8000-000000000001', ['title', 'body', 'ref']],
      ['author', 'word', ['name']],
      ['lengths', 'word', []],
    ]
    for (const [collection, search, columns] of cases) {
      test(`${collection}: ${search}`, () => {
        const { where } = plan(collection, { search })
        assert.ok(where?.kind === 'or')
        assert.deepEqual(
          where.of.map((condition) => (condition.kind === 'compare' ? condition.place.field.name : condition)),
          columns,
        )
      })
    }
  })

  describe('deep is said of the related rows', () => {
    const many = (query: string) => {
      const [selection] = plan('author', query).node.selections
      assert.ok(selection?.kind === 'many')
      return selection.rows
    }
    test('condition, order, page', () => {
      const deep = 'deep[articles][_filter][rating][_gt]=1&deep[articles][_search]=x&deep[articles][_sort]=-title'
      const rows = many(`fields=articles.id&${deep}&deep[articles][_limit]=2&deep[articles][_offset]=3`)
      assert.equal(said(rows.where), '(rating _gt & (title _icontains | body _icontains))')
      assert.deepEqual(
        rows.order.map(({ place, descending }) => [place.field.name, descending]),
        [
          ['title', true],
          ['id', false],
        ],
      )
      assert.deepEqual([rows.limit, rows.offset], [2, 3])
    })
    test('the default limit holds for each parent, and -1 lifts it', () => {
      assert.deepEqual([many('fields=articles').limit, many('fields=articles&deep[articles][_limit]=-1').limit], [100, null])
    })
    test('an alias has its own', () => {
      const node = plan('author', 'fields=a.id,b.id&alias[a]=articles&alias[b]=articles&deep[a][_limit]=1&deep[b][_limit]=2').node
      assert.deepEqual(
        node.selections.map((selection) => selection.kind === 'many' && selection.rows.limit),
        [1, 2],
      )
    })
    test('of one related row the condition alone', () => {
      const [selection] = plan('article', 'fields=author.name&deep[author][_filter][name]=a&deep[author][_limit]=0').node.selections
      assert.ok(selection?.kind === 'one')
      assert.equal(said(selection.where), 'name _eq')
    })
    test('of one kind of a link to any collection', () => {
      const deep = { 'item:note': { _filter: { body: 'a' } } }
      const [selection] = plan('shelf_part', { fields: 'item:note.id,item:article.id', deep }).node.selections
      assert.ok(selection?.kind === 'any')
      assert.deepEqual(
        selection.nodes.map(({ hop, where }) => [hop.name, said(where)]),
        [
          ['item:article', 'anything'],
          ['item:note', 'body _eq'],
        ],
      )
    })
    test('rows keep the order of their relation, unless another is asked for', () => {
      const order = (query: string) => {
        const [selection] = plan('shelf', query).node.selections
        assert.ok(selection?.kind === 'many')
        return selection.rows.order.map(({ place }) => place.field.name)
      }
      assert.deepEqual(order('fields=parts'), ['sort', 'id'])
      assert.deepEqual(order('fields=parts&deep[parts][_sort]=item'), ['item', 'id'])
      assert.deepEqual(order('fields=authors'), ['id'])
    })
  })

  describe('groups and aggregates', () => {
    const grouped = (query: string) => {
      const { grouping } = plan('article', query)
      assert.ok(grouping)
      const { groups, aggregates, order } = grouping
      return [
        groups.map(({ key }) => key),
        aggregates.map(({ fn, key }) => `${fn}.${key}`),
        order.map(({ key, descending }) => (descending ? `-${key}` : key)),
      ]
    }
    const cases: [query: string, expected: string[][]][] = [
      ['aggregate[count]=*', [[], ['count.*'], []]],
      ['aggregate[count]=id,title&aggregate[sum]=rating', [[], ['count.id', 'count.title', 'sum.rating'], []]],
      ['aggregate[count]=*&sort=title', [[], ['count.*'], []]],
      ['groupBy=rating&aggregate[count]=*&sort=-count,rating', [['rating'], ['count.*'], ['-count', 'rating']]],
      ['groupBy=rating&aggregate[sum]=big&sort=-sum.big', [['rating'], ['sum.big'], ['-sum.big']]],
      ['groupBy=year(day)&sort=year(day)', [['day_year'], [], ['day_year']]],
      ['groupBy=year(day)&sort=-day_year', [['day_year'], [], ['-day_year']]],
      ['groupBy=author.name', [['author.name'], [], []]],
    ]
    for (const [query, expected] of cases) test(query, () => assert.deepEqual(grouped(query), expected))

    const refused: [query: string, code: string][] = [
      ['groupBy=nothing', 'FORBIDDEN'],
      ['groupBy=x&alias[x]=title', 'FORBIDDEN'],
      ['groupBy=author.articles', 'INVALID_QUERY'],
      ['groupBy=author.secret', 'INVALID_QUERY'],
      ['groupBy=rating&sort=title', 'FORBIDDEN'],
      ['groupBy=rating&aggregate[sum]=big&sort=max.big', 'FORBIDDEN'],
      ['aggregate[count]=nothing', 'FORBIDDEN'],
      ['aggregate[count]=author.name', 'FORBIDDEN'],
      ['aggregate[sum]=title', 'INVALID_QUERY'],
      ['aggregate[avg]=day', 'INVALID_QUERY'],
      ['aggregate[max]=published', 'INVALID_QUERY'],
      ['aggregate[max]=day', 'fine'],
      ['aggregate[sum]=*', 'INVALID_QUERY'],
      ['aggregate[countAll]=*', 'fine'],
      ['aggregate[count]=*&fields=nothing', 'fine'],
    ]
    for (const [query, code] of refused) test(`${query}: ${code}`, () => assert.equal(codeOf('article', query), code))

    test('a write-only field is not counted either', () => assert.equal(codeOf('author', 'aggregate[count]=secret'), 'INVALID_QUERY'))
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
    assert.deepEqual(order('author', 'sort=-articles.rating'), ['-rating', 'id'])
    assert.deepEqual(order('article', 'sort=-year(day)'), ['-year(day)', 'id'])
    assert.deepEqual(order('article', 'sort=-x&alias[x]=title'), ['-title', 'id'])
    assert.deepEqual(order('shelf_part', 'sort=item'), ['item', 'id'])
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
