/**
 * Random rules over relations of every kind: nothing that a plain evaluation forbids is told in an answer, a count, an export, a field of GraphQL or an
 * error, to users or to guests of a share; nothing that it forbids is written, by items in items of any form; and everything that it allows is.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { definePlugin } from 'plinth'
import { startKernel, type TestHost } from '../host.ts'
import { parameters, time } from '../property.ts'
import { conditions, leadsBack, mayName, mayShow, namesIn, selections, shown, toFields, toGraphql } from './rows/reading.ts'
import {
  anyGrants,
  anyRows,
  columns,
  covering,
  everything,
  fewerGrants,
  type Grants,
  lists,
  meta,
  points,
  type Rows,
  rowOf,
  sql,
  type TableName,
  tables,
  View,
} from './rows/world.ts'
import { mayWish, offences, payloads, type Rules, wishesOf, withoutUnknown } from './rows/writing.ts'

const someone = 'someone-with-rules'

describe('rules over relations say what a plain evaluation says', () => {
  let host: TestHost
  let policies: string[]
  let role: string
  let forget: () => void
  before(async () => {
    const caches = definePlugin({
      name: 'caches',
      setup({ versions }) {
        forget = () => versions.touch('access')
      },
    })
    host = await startKernel({ sql, plugins: [caches] })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    role = (await host.api('POST', '/roles', { body: { name: 'Some' } })).data.id
    const { data: user } = await host.api('POST', '/users', { body: { email: 'someone@example.com', token: someone, role } })
    policies = (await host.api('POST', '/policies', { body: [{ name: 'one' }, { name: 'two' }] })).data.map(({ id }: { id: string }) => id)
    assert.ok(user.id)
    await host.api('POST', '/access', { body: policies.map((policy) => ({ role, policy })) })
  })
  after(() => host.close())

  async function load(rows: Rows): Promise<void> {
    const { db } = host.kernel
    const fill = tables.map(
      (name) => `insert into ${name} select * from json_populate_recordset(null::public.${name}, '${JSON.stringify(rows[name])}')`,
    )
    const numbers = tables.map((name) => `select setval('${name}_id_seq', 100)`)
    await db.execute(
      [
        'delete from directus_versions; delete from slot; delete from thing_tag; delete from tag; delete from thing; delete from box',
        ...fill,
        ...numbers,
      ].join(';'),
    )
  }
  async function allow(actions: Readonly<Record<string, Grants>>): Promise<void> {
    const rules = Object.entries(actions).flatMap(([action, grants]) =>
      tables.flatMap((collection) =>
        grants[collection].map(({ filter, fields }, i) => ({
          policy: policies[i % 2],
          collection,
          action,
          permissions: filter.said,
          fields: fields.join(),
        })),
      ),
    )
    await host.kernel.db.query('delete from directus_permissions')
    await host.kernel.db.query(
      `insert into directus_permissions (policy, collection, action, permissions, fields) values ($1, 'directus_versions', 'read', '{}', '*')`,
      [policies[0]!],
    )
    await host.kernel.db.query(
      `insert into directus_permissions (policy, collection, action, permissions, fields)
       select policy, collection, action, permissions, fields from json_populate_recordset(null::directus_permissions, $1)`,
      [JSON.stringify(rules)],
    )
    forget()
  }
  const stored = async (): Promise<Rows> => {
    const found = await Promise.all(tables.map((name) => host.kernel.db.query(`select ${columns[name].join()} from ${name} order by id`)))
    return Object.fromEntries(tables.map((name, i) => [name, found[i]!.map((row) => ({ ...row }))])) as unknown as Rows
  }
  const search = (table: TableName, query: object, token = someone) => host.api('SEARCH', `/items/${table}`, { token, body: { query } })
  const empty = Object.fromEntries(tables.map((name) => [name, []])) as unknown as Rows

  const roots = ['box', 'thing', 'tag'] as const
  const questions = fc.constantFrom(...roots).chain((table) =>
    fc.record({
      table: fc.constant(table),
      paths: fc.subarray([...selections[table]!], { minLength: 1 }),
      condition: fc.option(fc.constantFrom(...conditions.filter((one) => one.table === table)), { freq: 2 }),
    }),
  )
  type Question = typeof questions extends fc.Arbitrary<infer Q> ? Q : never

  /** Asked by every door; what is refused is refused in the same words where there is not one row. */
  async function checkRead(view: View, { table, paths, condition }: Question, token: string, rows: Rows): Promise<void> {
    const fields = toFields(paths)
    const filter = condition?.said ?? {}
    const may =
      ['id', ...paths].every((path) => mayShow(view, table, path)) &&
      (!condition ||
        (condition.names.every((path) => mayName(view, table, path.split('.'))) &&
          namesIn(condition).every(([to, name]) => view.names(to, name))))
    const query = { fields, filter, sort: ['id'], limit: -1 }
    const ask = () => search(table, { ...query, meta: ['filter_count', 'total_count'] }, token)
    const answer = await ask()
    if (!may) {
      assert.deepEqual([answer.status, answer.code], [403, 'FORBIDDEN'], JSON.stringify(answer.body))
      await load(empty)
      assert.deepEqual((await ask()).body, answer.body)
      return load(rows)
    }
    const found = view.rows[table].filter((row) => !condition || condition.holds(view, row))
    const data = found.map((row) => shown(view, table, row, paths))
    const counts = { filter_count: found.length, total_count: view.rows[table].length }
    assert.deepEqual(answer.body, { data, meta: counts })
    assert.deepEqual((await search(table, { ...query, export: 'json' }, token)).body, data)
    const [counted] = (await search(table, { filter, aggregate: { count: ['*'] } }, token)).data
    assert.deepEqual(counted, { count: String(found.length) })
    const graphql = await host.api('POST', '/graphql', { token, body: { query: toGraphql(table, paths), variables: { f: filter } } })
    if (!paths.every((path) => leadsBack(view, table, path.split('.'))))
      assert.equal(graphql.code, 'GRAPHQL_VALIDATION', toGraphql(table, paths))
    // Names of slots' items are others where a filter of types is made.
    else if (graphql.code !== 'GRAPHQL_VALIDATION' || !condition)
      assert.deepEqual(
        graphql.body.data?.[table] ?? graphql.body,
        texts(found.map((row) => shown(view, table, row, paths, true))),
        toGraphql(table, paths),
      )
    for (const id of [1, 2]) {
      const one = await host.api('GET', `/items/${table}/${id}?fields=${fields.join()}`, { token })
      const row = rowOf(view.rows, table, id)
      if (row) assert.deepEqual(one.data, shown(view, table, row, paths))
      else assert.equal(one.status, 403)
    }
  }

  test('reads over lists, junctions and links to any collection', time, async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, anyGrants, fc.array(questions, { minLength: 2, maxLength: 3 }), async (rows, read, asked) => {
        await load(rows)
        await allow({ read })
        for (const question of asked) await checkRead(new View(rows, read), question, someone, rows)
      }),
      parameters(25),
    )
  })

  test('what a share reaches', time, async () => {
    const shares = fc.constantFrom(...tables).chain((table) => fc.record({ table: fc.constant(table), item: fc.constantFrom(1, 2, 3) }))
    await fc.assert(
      fc.asyncProperty(
        anyRows,
        fewerGrants,
        shares,
        fc.array(questions, { minLength: 2, maxLength: 3 }),
        async (rows, read, { table, item }, asked) => {
          await load(rows)
          await allow({ read })
          const { data } = await host.api('POST', '/shares', { body: { collection: table, item: String(item), role } })
          const { access_token: token } = (await host.api('POST', '/shares/auth', { token: null, body: { share: data.id } })).data
          const { found, led } = reached(rows, read, table, item)
          const its = Object.fromEntries(tables.map((name) => [name, led.has(name) ? read[name] : []])) as unknown as Grants
          const view = new View(rows, its, found)
          for (const { condition, ...question } of asked) {
            if (!view.reads(question.table)) {
              assert.equal((await search(question.table, {}, token)).code, 'FORBIDDEN')
              continue
            }
            // A relation to what may not be read at all is left out: what is shown then is for the tests of relations.
            const paths = question.paths.filter((path) => tablesOn(question.table, path).every((name) => view.reads(name)))
            const leads = condition?.names.every((path) => tablesOn(question.table, path).every((name) => view.reads(name)))
            await checkRead(view, { ...question, paths, condition: leads ? condition : null }, token, rows)
          }
        },
      ),
      parameters(20),
    )
  })

  test('what a version shows of rows is what is seen of them as they are, and as they would be', time, async () => {
    const asked = fc.array(questions, { minLength: 2, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(anyRows, anyGrants, payloads, fc.constantFrom(1, 2, 3), asked, async (rows, read, { table, body }, id, asked) => {
        await allow({ read })
        await load(rows)
        if ((await host.api('PATCH', `/items/${table}/${id}`, { body })).status >= 300) return
        const wanted = await stored()
        // Rows that are made with keys of their own cannot be told from others by their keys.
        if (tables.some((name) => wanted[name].some((row) => row.id <= 100 && !rowOf(rows, name, row.id)))) return
        await load(rows)
        await host.kernel.db.query(
          `insert into directus_versions (id, key, collection, item, delta) values (gen_random_uuid(), 'k', $1, $2, $3)`,
          [table, String(id), JSON.stringify(body)],
        )
        const view = new View(wanted, read, undefined, rows)
        const row = rowOf(view.rows, table, id)
        for (const { paths, condition } of asked.filter((one) => one.table === table)) {
          if (!['id', ...paths].every((path) => mayShow(view, table, path))) continue
          const query = { version: 'k', fields: toFields(paths) }
          const one = await host.api('GET', `/items/${table}/${id}?version=k&fields=${toFields(paths).join()}`, { token: someone })
          const expected = row && withoutNew(shown(view, table, row, paths))
          assert.ok(!row || one.status === 200, JSON.stringify(one.body))
          assert.deepEqual(row ? unmarked(one.data) : one.code, expected ?? 'FORBIDDEN', JSON.stringify(wanted))
          if (!condition?.names.every((path) => mayName(view, table, path.split('.')))) continue
          if (!namesIn(condition).every(([to, name]) => view.names(to, name))) continue
          const { data } = await search(table, { ...query, filter: condition.said })
          assert.deepEqual(data.map(unmarked), row && condition.holds(view, row) ? [expected] : [])
        }
      }),
      parameters(30),
    )
  })

  test('items in items: lists in both forms, junctions, links to any collection', time, async () => {
    const rules = fc.record({ read: anyGrants, create: anyGrants, update: anyGrants, delete: anyGrants })
    const mild = fc.oneof(
      rules,
      rules.map((all): Rules => ({ ...all, update: everything })),
      rules.map((all): Rules => ({ ...all, read: everything, create: everything })),
      rules.map((all): Rules => ({ ...all, read: everything, update: everything })),
      fc.constant<Rules>({ read: everything, create: everything, update: everything, delete: everything }),
    )
    const target = fc.option(fc.constantFrom(1, 2, 3), { freq: 4 })
    let allowed = 0
    await fc.assert(
      fc.asyncProperty(anyRows, mild, payloads, target, async (rows, rules, { table, body }, id) => {
        const send = (token?: string) =>
          id === null ? host.api('POST', `/items/${table}`, { token, body }) : host.api('PATCH', `/items/${table}/${id}`, { token, body })
        await allow({ ...rules })
        await load(rows)
        const byAdmin = await send()
        const wanted = await stored()
        await load(rows)
        const answer = await send(someone)
        const became = await stored()
        const view = new View(rows, rules.read)
        const said = `${answer.status} ${JSON.stringify(answer.body)} ${JSON.stringify(became)}`
        assert.deepEqual(offences(rows, became, view, rules), [], said)
        if (answer.status >= 300) assert.deepEqual(became, rows, said)
        const wishes = wishesOf(rows, table, body, { id: id ?? undefined, there: id !== null })
        if (byAdmin.status < 300 && mayWish(rows, view, rules, wishes) && !offences(rows, wanted, view, rules).length) {
          const stands = wishes.every(
            ({ action, table: of, id: at }) =>
              action !== 'update' || !rowOf(wanted, of, at!) || covering(wanted, of, rowOf(wanted, of, at!)!, rules.update).length,
          )
          if (stands) {
            allowed++
            assert.ok(answer.status < 300, said)
            assert.deepEqual(became, wanted, said)
          }
        }
        if (answer.status >= 300) await checkSilence(rows, view, rules, answer, () => send(someone))
      }),
      parameters(60),
    )
    assert.ok(allowed > 0) // about ten are
  })

  /** A refusal is the same without the rows that somebody can neither read nor change, where nothing else hangs on these. */
  async function checkSilence(
    rows: Rows,
    view: View,
    rules: Rules,
    answer: { status: number; body: unknown },
    again: () => Promise<{ status: number; body: unknown }>,
  ) {
    const isFar = Object.values({ ...rules }).some((grants: Grants) => tables.some((name) => grants[name].some(({ filter }) => filter.far)))
    if (isFar) return
    const other = withoutUnknown(rows, view, rules)
    await load(other)
    const { status, body } = await again()
    assert.deepEqual([status, body], [answer.status, answer.body])
  }
})

/** The tables that a path goes through. */
function tablesOn(table: TableName, path: string): TableName[] {
  const [name = '', ...rest] = path.split('.')
  if (name === 'item') return ['thing', 'tag']
  const next = points[table][name]?.to ?? lists[table][name]?.of
  return next ? [next, ...tablesOn(next, rest.join('.'))] : []
}

/**
 * What belongs to the item, on and on, and what it points at where a list leads back; anything else that it points at is the end of the way. No way
 * goes through a table twice, through a field that the role does not see, or straight back. `led`: the tables that some way leads to.
 */
function reached(rows: Rows, read: Grants, root: TableName, item: number) {
  const found = new Map<TableName, Set<number>>(tables.map((name) => [name, new Set<number>()]))
  const led = new Set<TableName>([root])
  const names = (table: TableName, ...fields: string[]) =>
    fields.every((field) => read[table].some((grant) => grant.fields.includes(field)))
  const sees = (table: TableName, id: number, ...fields: string[]) => {
    const row = rowOf(rows, table, id)
    const grants = row ? covering(rows, table, row, read) : []
    return grants.length > 0 && fields.every((field) => grants.some((grant) => grant.fields.includes(field)))
  }
  interface Way {
    readonly table: TableName
    readonly ids: readonly number[]
    readonly through: readonly TableName[]
    readonly back: string | null
  }
  const ways: Way[] = [{ table: root, ids: [item], through: [root], back: null }]
  found.get(root)!.add(item)
  for (const { table, ids, through, back } of ways) {
    if (!read[table].length) continue
    const enter = (to: TableName, by: string, next: readonly number[], how: 'belongs' | 'points' | 'ends') => {
      if (how === 'points' && by === back) return
      led.add(to)
      for (const id of next) found.get(to)!.add(id)
      if (how === 'ends' || through.includes(to)) return
      // What belongs to rows points back at these and no others.
      ways.push({ table: to, ids: next, through: [...through, to], back: how === 'belongs' ? by : null })
    }
    for (const from of tables) {
      for (const [field, { to, list }] of Object.entries(points[from])) {
        if (to !== table || !names(table, list) || !names(from, field)) continue
        const owners = ids.filter((id) => sees(table, id, list))
        const own = rows[from].filter((row) => owners.includes(row[field] as number) && sees(from, row.id, field))
        enter(
          from,
          `${from}.${field}`,
          own.map(({ id }) => id),
          'belongs',
        )
      }
    }
    for (const [field, { to, list }] of Object.entries(points[table])) {
      if (!names(table, field) || !names(to, list)) continue
      const held = ids.filter((id) => sees(table, id, field)).map((id) => rowOf(rows, table, id)![field])
      const pointed = rows[to].filter((row) => held.includes(row.id) && sees(to, row.id, list))
      enter(
        to,
        `${table}.${field}`,
        pointed.map(({ id }) => id),
        'points',
      )
    }
    if (table !== 'slot' || !names('slot', 'item', 'collection')) continue
    for (const to of ['thing', 'tag'] as const) {
      if (!read[to].length) continue
      const held = ids.filter((id) => sees('slot', id, 'item', 'collection')).map((id) => rowOf(rows, 'slot', id)!)
      const inSlots = held.filter(({ collection }) => collection === to).map((row) => Number(row.item))
      enter(to, `slot.item:${to}`, inSlots, 'ends')
    }
  }
  return { found, led }
}

/** Keys of rows that there would be are null. */
const withoutNew = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, one) => (typeof one === 'number' && one > 100 ? null : one))
const unmarked = ({ $meta, ...row }: Record<string, unknown>) => row

/** Keys are text in GraphQL. */
function texts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(texts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === 'id' || name === 'box' ? (one === null || typeof one === 'object' ? texts(one) : String(one)) : texts(one),
    ]),
  )
}
