/** Random rows, filters, orders and pages: what the one statement answers is what a plain evaluation in JavaScript says. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { startKernel, type TestHost } from '../../host.ts'
import {
  anyFilter,
  anyQuery,
  anyRows,
  caller,
  jsonPaths,
  maybe,
  meta,
  Naive,
  ofPerson,
  order,
  type Row,
  type Rows,
  relations,
  sql,
  type TableName,
} from './naive.ts'

const cases = fc
  .constantFrom<[TableName, string]>(['team', 'people'], ['person', 'tasks'], ['person', 'reports'], ['task', ''])
  .chain(([table, rel]) =>
    fc.record({
      rows: anyRows,
      table: fc.constant(table),
      query: anyQuery(table, 3, 'all'),
      below: rel ? anyQuery(relations[table][rel]!.table, 2, 'all').map((query) => ({ rel, query })) : fc.constant(null),
    }),
  )

/** With an index related rows are looked for row by row, without one they are gathered for all rows at once. */
const indexes = 'create index on person (team); create index on person (boss); create index on task (person);'
const someIndexes = 'create index on task (person);'
const tables: readonly [kind: string, sql: string][] = [
  ['without indexes', sql],
  ['with indexes', sql + indexes],
  ['with an index below', sql + someIndexes],
]
for (const [kind, sql] of tables)
  describe(`one statement says what a plain evaluation says, ${kind}`, () => {
    let host: TestHost
    before(async () => {
      host = await startKernel({ sql })
      await host.kernel.db.execute(meta + caller)
      await host.kernel.registry.reload()
    })
    after(() => host.close())

    async function load(rows: Rows): Promise<void> {
      const fill = Object.entries(rows).map(
        ([name, all]) => `insert into ${name} select * from json_populate_recordset(null::${name}, '${JSON.stringify(all)}')`,
      )
      await host.kernel.db.execute(['truncate team, person, task', ...fill].join(';'))
    }

    async function search(table: TableName, query: object) {
      const { status, body } = await host.api('SEARCH', `/items/${table}`, { body: { query } })
      assert.equal(status, 200, JSON.stringify(body))
      return body
    }

    test('filters, orders and pages, of rows and of their related rows; totals', { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(cases, async ({ rows, table, query, below }) => {
          await load(rows)
          const naive = new Naive(rows)
          const matching = naive.matching(table, rows[table], query.filter)
          const expected = naive.list(table, rows[table], query).map((row) => {
            if (!below) return { id: row.id }
            const relation = relations[table][below.rel]!
            const related = naive.list(relation.table, naive.related(row, relation), below.query)
            return { id: row.id, [below.rel]: related.map(({ id }) => ({ id })) }
          })
          const deep = below && {
            [below.rel]: Object.fromEntries(Object.entries(below.query).map(([name, said]) => [`_${name}`, said])),
          }
          const found = await search(table, {
            ...query,
            fields: ['id', ...(below ? [`${below.rel}.id`] : [])],
            ...(deep && { deep }),
            meta: ['*'],
          })
          assert.deepEqual(found, { data: expected, meta: { total_count: rows[table].length, filter_count: matching.length } })

          const sum = matching.reduce<number | null>((total, { n }) => (n === null ? total : (total ?? 0) + Number(n)), null)
          assert.deepEqual((await search(table, { filter: query.filter, aggregate: { count: ['*'], sum: ['n'] } })).data, [
            { count: String(matching.length), sum: { n: sum === null ? null : String(sum) } },
          ])
        }),
        { numRuns: 60 },
      )
    })

    test('several keys of one relation, among few values', { timeout: 120_000 }, async () => {
      const few = maybe(fc.constantFrom(0, 1))
      const tasks = fc.array(fc.record({ n: few, name: maybe(fc.constantFrom('a', 'b')), person: fc.constantFrom(1, 2, 3) }), {
        maxLength: 8,
        size: 'max',
      })
      const keys = fc.shuffledSubarray(['tasks.n', 'tasks.name', 'tasks.person.n'], { minLength: 2 })
      const signed = keys.chain((paths) => fc.tuple(...paths.map((path) => fc.constantFrom(path, `-${path}`))))
      await fc.assert(
        fc.asyncProperty(tasks, fc.tuple(few, few, few), signed, async (all, numbers, sort) => {
          const rows: Rows = {
            team: [],
            person: numbers.map((n, i) => ({ id: i + 1, name: null, n, team: null, boss: null })),
            task: all.map((row, i) => ({ id: i + 1, ...row })),
          }
          await load(rows)
          const expected = new Naive(rows).list('person', rows.person, { filter: {}, sort, limit: -1, offset: 0 })
          assert.deepEqual(
            (await search('person', { fields: ['id'], sort })).data,
            expected.map(({ id }) => ({ id })),
          )
        }),
        { numRuns: 40 },
      )
    })

    test('conditions on times, the caller, JSON and functions', { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(anyRows, fc.array(ofPerson, { minLength: 4, maxLength: 4 }), async (rows, filters) => {
          await load(rows)
          const naive = new Naive(rows)
          for (const filter of filters) {
            const expected = naive.matching('person', rows.person, filter).map(({ id }) => ({ id }))
            assert.deepEqual((await search('person', { fields: ['id'], sort: ['id'], filter })).data, expected, JSON.stringify(filter))
          }
        }),
        { numRuns: 100 },
      )
    })

    test('functions among fields', { timeout: 60_000 }, async () => {
      const functions = ['year(at)', 'weekday(at)', 'count(tasks)', 'count(data)']
      const fields = [...functions, ...jsonPaths.map((path) => `json(data,${path})`)]
      const keyOf = (name: string) => {
        const [, fn, field, path] = /^(\w+)\((\w+)(?:,(.*))?\)$/.exec(name)!
        return path
          ? `${field}_${path
              .split(/[.[\]]+/)
              .filter(Boolean)
              .join('_')}_json`
          : `${field}_${fn}`
      }
      await fc.assert(
        fc.asyncProperty(anyRows, async (rows) => {
          await load(rows)
          const naive = new Naive(rows)
          // Parts of times and numbers of rows are told as text, the length of a list as a number.
          const shown = (row: Row) => (name: string) => {
            const value = naive.value('person', row, name)
            return [keyOf(name), value !== null && [0, 1, 2].includes(functions.indexOf(name)) ? String(value) : value]
          }
          assert.deepEqual(
            (await search('person', { fields, sort: ['id'] })).data,
            rows.person.map((row) => Object.fromEntries(fields.map(shown(row)))),
          )
        }),
        { numRuns: 30 },
      )
    })

    test('groups of related rows', { timeout: 120_000 }, async () => {
      const anyGroups = fc
        .constantFrom<[TableName, string]>(['team', 'people'], ['person', 'tasks'], ['person', 'reports'])
        .chain(([table, rel]) =>
          fc.record({
            rows: anyRows,
            table: fc.constant(table),
            rel: fc.constant(rel),
            filter: fc.oneof(fc.constant({}), anyFilter(relations[table][rel]!.table, 1)),
            by: fc.constantFrom('n', 'name', null),
            descending: fc.boolean(),
            limit: fc.constantFrom(-1, 0, 1, 2),
            offset: fc.constantFrom(0, 0, 1),
          }),
        )
      await fc.assert(
        fc.asyncProperty(anyGroups, async ({ rows, table, rel, filter, by, descending, limit, offset }) => {
          await load(rows)
          const naive = new Naive(rows)
          const relation = relations[table][rel]!
          const sumOf = (all: readonly Row[]) => {
            const known = all.flatMap(({ n }) => (n === null ? [] : [Number(n)]))
            return known.length ? String(known.reduce((total, n) => total + n, 0)) : null
          }
          const expected = rows[table].map((row) => {
            const related = naive.matching(relation.table, naive.related(row, relation), filter)
            const groups = by ? Map.groupBy(related, (one) => one[by] ?? null) : new Map([['all', related]])
            const keys = [...groups.keys()].sort((a, b) => order(a, b) * (descending ? -1 : 1))
            const shown = keys.map((key) => {
              const all = groups.get(key)!
              return { ...(by && { [by]: key }), count: String(all.length), sum: { n: sumOf(all) } }
            })
            return { id: row.id, [rel]: shown.slice(offset, limit < 0 ? undefined : offset + limit) }
          })
          const sort = by ? [`${descending ? '-' : ''}${by}`] : []
          const deep = {
            [rel]: {
              _filter: filter,
              _aggregate: { count: '*', sum: ['n'] },
              _group: by ?? '',
              _sort: sort,
              _limit: limit,
              _offset: offset,
            },
          }
          assert.deepEqual((await search(table, { fields: ['id', rel], sort: ['id'], deep })).data, expected)
        }),
        { numRuns: 60 },
      )
    })

    test('pages from cursor to cursor are the list', { timeout: 120_000 }, async () => {
      const anyPages = fc
        .constantFrom<TableName>('team', 'person', 'task')
        .chain((table) =>
          fc.record({ rows: anyRows, table: fc.constant(table), query: anyQuery(table, 1), size: fc.constantFrom(1, 2, 3) }),
        )
      await fc.assert(
        fc.asyncProperty(anyPages, async ({ rows, table, query: { filter, sort }, size }) => {
          await load(rows)
          const walked: unknown[] = []
          let cursor: string | null = ''
          for (let page = 0; cursor !== null && page < 10; page++) {
            const query: object = { filter, sort, fields: ['id'], limit: size, cursor, meta: 'filter_count' }
            const { data, meta } = page % 2 ? await get(table, query) : await search(table, query)
            assert.ok(data.length === size || meta.next_cursor === null)
            assert.equal(meta.filter_count, new Naive(rows).matching(table, rows[table], filter).length, 'of all pages')
            walked.push(...data)
            cursor = meta.next_cursor
          }
          const expected = new Naive(rows).list(table, rows[table], { filter, sort, limit: -1, offset: 0 })
          assert.deepEqual(
            walked,
            expected.map(({ id }) => ({ id })),
          )
        }),
        { numRuns: 80 },
      )
    })

    async function get(table: TableName, query: object) {
      const text = Object.entries(query).map(([name, said]) => {
        const value = Array.isArray(said) ? said.join(',') : typeof said === 'object' ? JSON.stringify(said) : String(said)
        return `${name}=${encodeURIComponent(value)}`
      })
      const { status, body } = await host.api('GET', `/items/${table}?${text.join('&')}`)
      assert.equal(status, 200, JSON.stringify(body))
      return body
    }
  })
