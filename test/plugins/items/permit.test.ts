/** Random rules, rows, queries and writes: nothing that a plain evaluation of the rules forbids is told or done, and everything that it allows is. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { definePlugin } from 'plinth'
import { startKernel, type TestHost } from '../../host.ts'
import { parameters, time } from '../../property.ts'
import {
  anyFilter,
  anyQuery,
  type Filter,
  isComparison,
  isMany,
  meta,
  Naive,
  order,
  plainRows,
  type Query,
  type Relation,
  type Row,
  type Rows,
  relations,
  type Sight,
  sql,
  type TableName,
  type Value,
} from './naive.ts'

const tables = ['team', 'person', 'task'] as const
const columns: Readonly<Record<TableName, readonly string[]>> = {
  team: ['id', 'name', 'n'],
  person: ['id', 'name', 'n', 'team', 'boss'],
  task: ['id', 'name', 'n', 'person'],
}
const fieldsOf = (table: TableName): string[] => [...new Set([...columns[table], ...Object.keys(relations[table])])]

interface Grant {
  readonly filter: Filter
  readonly fields: readonly string[]
  /** What rows get that leave it out, and what values must be like. */
  readonly presets?: Readonly<Record<string, Value>> | null
  readonly validation?: Filter | null
}
type Grants = Readonly<Record<TableName, readonly Grant[]>>

/** What somebody sees, as rows of their own: fields that are not seen are null; by `$…` it is told what they are related by. */
class Seen {
  readonly rows: Rows
  readonly sight: Sight
  readonly #grants: Grants

  constructor(rows: Rows, grants: Grants) {
    this.#grants = grants
    const naive = new Naive(rows)
    const masked = (table: TableName, row: Row): Row[] => {
      const covering = covers(naive, table, row, grants[table])
      if (!covering.length) return []
      const sees = (name: string) => covering.some(({ fields }) => fields.includes(name))
      const shown = columns[table].map((name) => [name, sees(name) ? row[name]! : null] as const)
      const keys = shown.map(([name, value]) => [`$key:${name}`, this.names(table).has(name) ? value : row[name]!] as const)
      const gates = Object.keys(relations[table]).map((name) => [`$link:${name}`, sees(name) ? row.id : null] as const)
      return [Object.fromEntries([...shown, ...keys, ...gates, ['$id', row.id]]) as unknown as Row]
    }
    const seenOf = (table: TableName) => rows[table].flatMap((row) => masked(table, row))
    this.rows = { team: seenOf('team'), person: seenOf('person'), task: seenOf('task') }
    const related = ([name, relation]: [string, Relation]): [string, Relation] => [
      name,
      relation.many ? { ...relation, from: `$link:${name}`, to: `$key:${relation.to}` } : { ...relation, to: '$id' },
    ]
    const relate = (table: TableName) => Object.fromEntries(Object.entries(relations[table]).map(related))
    this.sight = {
      relations: { team: relate('team'), person: relate('person'), task: relate('task') },
      last: (table, sort) => [...(sort.length ? [] : this.#first(table)), '$id'],
    }
  }

  /** Fields that are seen in some row. */
  names(table: TableName): ReadonlySet<string> {
    return new Set(this.#grants[table].flatMap(({ fields }) => fields))
  }

  reads(table: TableName): boolean {
    return this.#grants[table].length > 0
  }

  /** Whether keys are seen in every row that is. */
  showsKeys(table: TableName): boolean {
    const grants = merged(this.#grants[table])
    return (
      grants.every(({ fields }) => fields.includes('id')) ||
      grants.some(({ filter, fields }) => !Object.keys(filter).length && fields.includes('id'))
    )
  }

  /** Where keys are not seen in every row, the first field that is seen decides before them. */
  #first(table: TableName): readonly string[] {
    if (this.showsKeys(table)) return []
    const grants = merged(this.#grants[table])
    const names = grants.flatMap(({ fields }) => fields)
    return names.filter((name) => columns[table].includes(name)).slice(0, 1)
  }

  /** Whether all names of a filter may be named. */
  mayFilter(table: TableName, filter: Filter): boolean {
    return Object.entries(filter).every(([name, said]) => {
      if (name === '_and' || name === '_or') return said.every((inner: Filter) => this.mayFilter(table, inner))
      const relation = relations[table][name]
      if (!this.names(table).has(name)) return false
      if (!relation || (isComparison(said) && !isMany(relation))) return true
      if (!this.reads(relation.table)) return false
      if (isComparison(said)) return this.names(relation.table).has('id')
      return this.mayFilter(relation.table, said._some ?? said._none ?? said)
    })
  }

  maySort(table: TableName, [name = '', ...rest]: readonly string[]): boolean {
    if (!this.names(table).has(name)) return false
    const relation = relations[table][name]
    return !rest.length || (relation !== undefined && this.reads(relation.table) && this.maySort(relation.table, rest))
  }

  mayAsk(table: TableName, { filter, sort }: Query): boolean {
    return this.mayFilter(table, filter) && sort.every((key) => this.maySort(table, key.replace('-', '').split('.')))
  }

  /** Rows as an answer shows them; undefined where a field may not be named. */
  shown(table: TableName, rows: readonly Row[], paths: readonly (readonly string[])[]): unknown[] | undefined {
    const naive = new Naive(this.rows, this.sight)
    const shape = this.#shape(table, paths)
    return shape && rows.map((row) => show(naive, shape, row))
  }

  #shape(table: TableName, paths: readonly (readonly string[])[]): Shape | undefined {
    const wishes = new Map<string, (readonly string[])[]>()
    for (const [head = '', ...rest] of paths) wishes.set(head, [...(wishes.get(head) ?? []), ...(rest.length ? [rest] : [])])
    const shape: Shape = { table, parts: [] }
    for (const [name, rest] of wishes) {
      const counted = /^count\((.*)\)$/.exec(name)?.[1]
      const field = counted ?? name
      const relation = this.sight.relations[table][field]
      const readable = relation && this.reads(relation.table)
      const plain = paths.some((path) => path.length === 1 && path[0] === name)
      if (relation && !readable && !counted && (isMany(relation) || !plain)) continue
      if (!this.names(table).has(field) || (counted && !readable)) return undefined
      if (counted) shape.parts.push({ key: `${field}_count`, name: field, relation, kind: 'count' })
      else if (relation && readable && (isMany(relation) || rest.length)) {
        const below = this.#shape(relation.table, rest)
        if (!below) return undefined
        shape.parts.push({ key: name, name, relation, kind: 'related', below })
      } else shape.parts.push({ key: name, name, relation: undefined, kind: 'value' })
    }
    return shape
  }
}

interface Shape {
  readonly table: TableName
  readonly parts: {
    readonly key: string
    readonly name: string
    readonly relation: Relation | undefined
    readonly kind: 'value' | 'count' | 'related'
    readonly below?: Shape
  }[]
}

function show(naive: Naive, { parts }: Shape, row: Row): unknown {
  if (!parts.length) return row.id
  return Object.fromEntries(
    parts.map(({ key, name, relation, kind, below }) => {
      if (kind === 'value') return [key, row[name]]
      if (isMany(relation!) && row[`$link:${name}`] === null) return [key, null]
      const related = naive.related(row, relation!)
      if (kind === 'count') return [key, String(related.length)]
      if (!isMany(relation!)) return [key, related[0] ? show(naive, below!, related[0]) : null]
      const listed = naive.list(relation!.table, related, { filter: {}, sort: [], limit: 100, offset: 0 })
      return [key, listed.map((other) => show(naive, below!, other))]
    }),
  )
}

const covers = (naive: Naive, table: TableName, row: Row, grants: readonly Grant[]): readonly Grant[] =>
  grants.filter(({ filter }) => naive.matching(table, [row], filter).length)

/** Rules of the same rows count as one, in the order of the first of them. */
function merged(grants: readonly Grant[]): readonly Grant[] {
  const byFilter = Map.groupBy(grants, ({ filter }) => JSON.stringify(filter))
  const all = [...byFilter.values()].map((same) => ({
    filter: same[0]!.filter,
    fields: [...new Set(same.flatMap(({ fields }) => fields))],
  }))
  const always = all.filter(({ filter }) => !Object.keys(filter).length)
  return [...always, ...all.filter((grant) => !always.includes(grant) && grant.fields.some((name) => !always[0]?.fields.includes(name)))]
}

const subset = (names: readonly string[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(names) },
    fc.subarray([...names], { minLength: names.length - 2 }),
    fc.subarray([...names], { minLength: 1 }),
  )
/** Those that leave rows to look at. */
const easyFilters: readonly Filter[] = [
  { id: { _lte: 3 } },
  { id: { _gt: 1 } },
  { n: { _gte: 1 } },
  { n: { _lte: 2 } },
  { name: { _nnull: true } },
]
const grantsFor = (table: TableName): fc.Arbitrary<readonly Grant[]> =>
  fc.oneof({ weight: 6, arbitrary: someGrants(table) }, fc.constant([]))
const someGrants = (table: TableName): fc.Arbitrary<readonly Grant[]> =>
  fc.array(
    fc.record({
      filter: fc.oneof(
        fc.constant({}),
        { weight: 2, arbitrary: fc.constantFrom(...easyFilters) },
        { weight: 2, arbitrary: anyFilter(table, 1) },
      ),
      fields: subset(fieldsOf(table)),
    }),
    { minLength: 1, maxLength: 3, size: 'max' },
  )
const anyGrants: fc.Arbitrary<Grants> = fc.record({ team: grantsFor('team'), person: grantsFor('person'), task: grantsFor('task') })

const selections: Readonly<Record<TableName, readonly string[]>> = {
  team: ['id', 'name', 'n', 'people', 'people.n', 'people.team', 'people.boss.name', 'people.tasks', 'count(people)'],
  person: ['id', 'name', 'n', 'team', 'boss', 'team.name', 'team.people.n', 'boss.n', 'boss.team.n', 'reports', 'tasks.n', 'count(tasks)'],
  task: ['id', 'name', 'n', 'person', 'person.n', 'person.team.name', 'person.tasks.id', 'person.boss.n'],
}

const readCases = fc.constantFrom(...tables).chain((table) =>
  fc.record({
    rows: plainRows,
    grants: anyGrants,
    table: fc.constant(table),
    query: fc.tuple(anyQuery(table, 2), fc.boolean()).map(([query, all]) => (all ? { ...query, filter: {}, limit: -1, offset: 0 } : query)),
    fields: fc.subarray([...selections[table]], { minLength: 1, maxLength: 4 }),
    group: fc.constantFrom(...columns[table]),
    word: fc.constantFrom('a', 'b', 'ab', '2'),
  }),
)

const keyOrNone = fc.constantFrom(null, 1, 2, 3, 4, 5, 9)
const someKeys = fc.uniqueArray(fc.constantFrom(1, 1, 1, 2, 2, 3, 4, 9), { minLength: 1, maxLength: 2 })
const values: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  name: fc.constantFrom('a', 'b', null),
  n: fc.constantFrom(0, 1, 2, 3, null),
  team: keyOrNone,
  boss: keyOrNone,
  person: keyOrNone,
}
const patchOf = (table: TableName): fc.Arbitrary<Record<string, Value>> =>
  fc
    .subarray(columns[table].slice(1), { minLength: 1, maxLength: 2 })
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, values[name]!]))) as fc.Arbitrary<Record<string, Value>>)

const writeCases = fc.constantFrom(...tables).chain((table) =>
  fc.record({
    rows: plainRows,
    read: anyGrants,
    create: anyGrants,
    update: anyGrants,
    remove: anyGrants,
    table: fc.constant(table),
    keys: someKeys,
    patch: patchOf(table),
    made: fc.array(patchOf(table), { minLength: 1, maxLength: 2 }),
    query: anyQuery(table, 1).map((query) => ({ ...query, offset: 0, sort: [] })),
    tasks: fc.option(someKeys, { freq: 2 }),
  }),
)

const fillingGrants: fc.Arbitrary<readonly Grant[]> = fc.array(
  fc.record({
    filter: fc.constantFrom({}, ...easyFilters),
    fields: subset(columns.task),
    presets: fc.option(fc.oneof(fc.record({ n: values.n! }), fc.record({ name: values.name! })), { freq: 2 }),
    validation: fc.option(
      fc.oneof(
        fc.record({ n: fc.constantFrom({ _lt: 3 }, { _neq: 1 }, { _nnull: true }, { _nin: [0, 2] }) }),
        fc.record({ name: fc.constantFrom({ _neq: 'a' }, { _in: ['a', 'b'] }) }),
      ),
      { freq: 2 },
    ),
  }),
  { minLength: 1, maxLength: 3 },
)
const fillingCases = fc.record({
  rows: plainRows,
  create: fillingGrants,
  update: fillingGrants,
  ofPersons: fc.record({ create: someGrants('person'), update: someGrants('person') }),
  made: patchOf('task'),
  keys: someKeys,
  patch: patchOf('task'),
  person: fc.tuple(fc.constantFrom(1, 2, 3, 9), patchOf('person')).map(([id, patch]): Row => ({ id, ...patch })),
})
const everything = (table: TableName): readonly Grant[] => [{ filter: {}, fields: fieldsOf(table) }]
const open: Grants = { team: everything('team'), person: everything('person'), task: everything('task') }

const filled = (row: Readonly<Record<string, Value>>, grants: readonly Grant[]): Readonly<Record<string, Value>> => {
  const inOrder = [...Map.groupBy(grants, ({ filter }) => JSON.stringify(filter)).values()].flat()
  return { ...Object.assign({}, ...inOrder.map(({ presets }) => presets ?? {})), ...row }
}
const conditions: Readonly<Record<string, (value: Value, wanted: any) => boolean>> = {
  _lt: (value, wanted) => value !== null && value < wanted,
  _neq: (value, wanted) => value !== wanted,
  _nnull: (value) => value !== null,
  _nin: (value, wanted) => !wanted.includes(value),
  _in: (value, wanted) => wanted.includes(value),
}
/** What is left out passes; rules of all grants count, whatever rows these are about. */
const isValid = (row: Readonly<Record<string, Value>>, grants: readonly Grant[]): boolean =>
  grants.every(({ validation }) =>
    Object.entries(validation ?? {}).every(
      ([name, said]) => row[name] === undefined || Object.entries(said).every(([is, wanted]) => conditions[is]!(row[name]!, wanted)),
    ),
  )

/** Rows after a write; undefined where it is forbidden. */
class Written {
  readonly #rows: Rows
  readonly #seen: Seen

  constructor(rows: Rows, seen: Seen) {
    this.#rows = rows
    this.#seen = seen
  }

  create(table: TableName, made: readonly Row[], grants: Grants): Rows | undefined {
    const names = new Set(grants[table].flatMap(({ fields }) => fields))
    if (!grants[table].length || !made.every((row) => Object.keys(row).every((name) => names.has(name)) && this.#mayPoint(table, row)))
      return undefined
    const full = made.map((row) => ({ ...Object.fromEntries(columns[table].map((name) => [name, null])), ...row }) as Row)
    const after = { ...this.#rows, [table]: [...this.#rows[table], ...full] }
    return full.every((row) => covers(new Naive(after), table, row, grants[table]).length) ? after : undefined
  }

  update(table: TableName, keys: readonly number[], patch: Readonly<Record<string, Value>>, grants: Grants): Rows | undefined {
    const changed = keys.map((key) => this.#rows[table].find(({ id }) => id === key))
    for (const row of changed) {
      if (!row) return undefined
      const covering = covers(new Naive(this.#rows), table, row, grants[table])
      if (!covering.length || !Object.keys(patch).every((name) => covering.some(({ fields }) => fields.includes(name)))) return undefined
      if (!this.#mayPoint(table, Object.fromEntries(Object.entries(patch).filter(([name, value]) => row[name] !== value)))) return undefined
    }
    const after = { ...this.#rows, [table]: this.#rows[table].map((row) => (keys.includes(row.id) ? { ...row, ...patch } : row)) }
    const stands = (row: Row) => !keys.includes(row.id) || covers(new Naive(after), table, row, grants[table]).length > 0
    return after[table].every(stands) ? after : undefined
  }

  /** The tasks that a person shall have: others are let go of. */
  assign(person: number, tasks: readonly number[], update: Grants): Rows | undefined {
    const given = new Written(this.#rows, this.#seen).update('person', [person], {}, update)
    const owner = this.#rows.person.find(({ id }) => id === person)
    const covering = owner && covers(new Naive(this.#rows), 'person', owner, update.person)
    if (!given || !covering?.some(({ fields }) => fields.includes('tasks'))) return undefined
    const before = new Naive(this.#rows)
    // What may neither be seen nor changed is not there.
    const known = (task: Row) =>
      this.#seen.rows.task.some(({ id }) => id === task.id) || covers(before, 'task', task, update.task).length > 0
    if (tasks.some((key) => !this.#rows.task.some((task) => task.id === key && known(task)))) return undefined
    const moves = (task: Row) => tasks.includes(task.id) !== (task.person === person) && known(task)
    const moved = this.#rows.task.filter(moves)
    if (!moved.every((task) => covers(before, 'task', task, update.task).some(({ fields }) => fields.includes('person')))) return undefined
    const after = {
      ...this.#rows,
      task: this.#rows.task.map((task) => (moves(task) ? { ...task, person: tasks.includes(task.id) ? person : null } : task)),
    }
    const now = new Naive(after)
    const stands = (table: TableName, ids: readonly number[]) =>
      after[table].filter(({ id }) => ids.includes(id)).every((row) => covers(now, table, row, update[table]).length)
    return stands(
      'task',
      moved.map(({ id }) => id),
    ) && stands('person', [person])
      ? after
      : undefined
  }

  remove(table: TableName, keys: readonly number[], grants: Grants): Rows | undefined {
    const gone = keys.map((key) => this.#rows[table].find(({ id }) => id === key))
    if (!gone.every((row) => row && covers(new Naive(this.#rows), table, row, grants[table]).length)) return undefined
    return { ...this.#rows, [table]: this.#rows[table].filter(({ id }) => !keys.includes(id)) }
  }

  #mayPoint(table: TableName, row: Readonly<Record<string, Value>>): boolean {
    return Object.entries(row).every(([name, value]) => {
      const relation = relations[table][name]
      return !relation || isMany(relation) || value === null || this.#seen.rows[relation.table].some(({ id }) => id === value)
    })
  }
}

/** Whether all keys that rows hold are there. */
const isWhole = (rows: Rows): boolean =>
  tables.every((table) =>
    rows[table].every((row) =>
      Object.entries(relations[table]).every(
        ([name, relation]) => isMany(relation) || row[name] === null || rows[relation.table].some(({ id }) => id === row[name]),
      ),
    ),
  )

const someone = 'someone-with-rules'
const stranger = 'someone-without-rules'

describe('rules say what a plain evaluation says', () => {
  let host: TestHost
  let policies: string[]
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
    const user = await host.api('POST', '/users', { body: { email: 'someone@example.com', token: someone } })
    await host.api('POST', '/users', { body: { email: 'stranger@example.com', token: stranger } })
    policies = (await host.api('POST', '/policies', { body: [{ name: 'one' }, { name: 'two' }, { name: 'all' }] })).data.map(
      ({ id }: { id: string }) => id,
    )
    policies.sort()
    const [one, two, all] = policies
    const access = [{ user: user.data.id, policy: one }, { user: user.data.id, policy: two }, { policy: all }]
    assert.equal((await host.api('POST', '/access', { body: access })).status, 200)
  })
  after(() => host.close())

  async function load(rows: Rows): Promise<void> {
    const fill = tables.map(
      (name) => `insert into ${name} select * from json_populate_recordset(null::${name}, '${JSON.stringify(rows[name])}')`,
    )
    // Quicker than `truncate`, for so few rows.
    await host.kernel.db.execute(['delete from task; delete from person; delete from team', ...fill].join(';'))
  }

  /** Spread over the policies, of which the last is everybody's. */
  async function allow(actions: Readonly<Record<string, Grants>>): Promise<void> {
    const rules = Object.entries(actions).flatMap(([action, grants]) =>
      tables.flatMap((collection) =>
        grants[collection].map(({ filter, fields, presets, validation }, i) => ({
          policy: policies[i % policies.length],
          collection,
          action,
          permissions: filter,
          fields: fields.join(),
          presets,
          validation,
        })),
      ),
    )
    await host.kernel.db.query('delete from directus_permissions')
    await host.kernel.db.query(
      `insert into directus_permissions (policy, collection, action, permissions, fields, presets, validation)
       select policy, collection, action, permissions, fields, presets, validation from json_populate_recordset(null::directus_permissions, $1)`,
      [JSON.stringify(rules)],
    )
    forget()
  }

  const search = (table: TableName, query: object, keys?: readonly number[]) =>
    host.api('SEARCH', `/items/${table}`, { token: someone, body: { query, ...(keys && { keys }) } })

  test('lists, fields, filters, orders, pages, totals, groups, keys, searches and exports', time, async () => {
    await fc.assert(
      fc.asyncProperty(readCases, async ({ rows, grants, table, query, fields, group, word }) => {
        await load(rows)
        await allow({ read: grants })
        const seen = new Seen(rows, grants)
        const naive = new Naive(seen.rows, seen.sight)
        const paths = fields.map((path) => path.split('.'))
        const may = seen.reads(table) && seen.mayAsk(table, query)

        const shown = may ? seen.shown(table, naive.list(table, seen.rows[table], query), paths) : undefined
        const found = await search(table, { ...query, fields, meta: ['total_count', 'filter_count', 'estimated_count'] })
        const exported = await search(table, { ...query, fields, export: 'json' })
        if (shown) {
          const matching = naive.matching(table, seen.rows[table], query.filter).length
          assert.deepEqual(found.body, {
            data: shown,
            meta: { total_count: seen.rows[table].length, filter_count: matching, estimated_count: seen.rows[table].length },
          })
          assert.deepEqual(exported.body, shown)
        } else assert.deepEqual([found.status, found.code, exported.status], [403, 'FORBIDDEN', 403], JSON.stringify(found.body))

        if (query.limit > 0 && !query.offset) await checkCursor(table, query, seen)
        await checkGraphql(table, query, seen)

        const counted = await search(table, {
          filter: query.filter,
          aggregate: { count: ['*'], sum: ['n'], min: ['name'] },
          groupBy: [group],
        })
        const named = ['n', 'name', group].every((name) => seen.names(table).has(name))
        if (seen.reads(table) && seen.mayFilter(table, query.filter) && named) {
          const groups = Map.groupBy(naive.matching(table, seen.rows[table], query.filter), (row) => row[group]!)
          const expected = [...groups].map(([value, members]) => ({
            [group]: value,
            count: String(members.length),
            sum: { n: sumOf(members) },
            min: { name: members.map(({ name }) => name!).toSorted(order)[0] ?? null },
          }))
          const byGroup = (a: Record<string, Value>, b: Record<string, Value>) => order(a[group]!, b[group]!)
          assert.deepEqual(counted.data.toSorted(byGroup), expected.toSorted(byGroup as never))
        } else assert.equal(counted.status, 403)

        if (seen.names(table).has('id')) {
          const ids = [1, 2, 3, 4, 5, 6]
          const visible = seen.rows[table].map(({ id }) => id).filter((id) => id !== null)
          const asked = await search(table, { fields: ['id'], sort: ['id'] }, ids)
          assert.deepEqual(
            asked.data,
            visible.toSorted().map((id) => ({ id })),
          )
          const { status } = await host.api('GET', `/items/${table}/3?fields=id`, { token: someone })
          assert.equal(status, visible.includes(3) ? 200 : 403)
        }

        const searched = await search(table, { search: word, aggregate: { count: ['*'] } })
        const holds = (row: Row) => {
          const texts = seen.names(table).has('name') && String(row.name ?? '').includes(word)
          const numbers = ['id', 'n'].some((name) => seen.names(table).has(name) && String(row[name]) === word)
          const keys = columns[table].slice(3).some((name) => seen.names(table).has(name) && String(row[name]) === word)
          return texts || numbers || keys
        }
        if (seen.reads(table)) assert.equal(searched.data?.[0].count, String(seen.rows[table].filter(holds).length))

        // The last of three rules is everybody's.
        assert.equal((await host.api('GET', `/items/${table}`, { token: stranger })).status, grants[table][2] ? 200 : 403)
      }),
      parameters(50),
    )
  })

  /** GraphQL shows the same: all that is seen of rows and of those they lead to, and no more. */
  async function checkGraphql(table: TableName, query: Query, seen: Seen): Promise<void> {
    const ask = (text: string, variables?: object) => host.api('POST', '/graphql', { token: someone, body: { query: text, variables } })
    for (const name of fieldsOf(table)) {
      if (seen.names(table).has(name) && (!relations[table][name]?.many || seen.reads(relations[table][name].table))) continue
      for (const hidden of [
        `{ ${table} { a: ${name} } }`,
        `{ ${table} { a: ${name} { __typename } } }`,
        `{ ${table} { a: ${name}_func { count } } }`,
      ])
        assert.equal((await ask(hidden)).code, 'GRAPHQL_VALIDATION', hidden)
    }
    if (!seen.reads(table)) return void assert.equal((await ask(`{ ${table} { __typename } }`)).code, 'GRAPHQL_VALIDATION')
    const opens = (of: TableName, name: string): boolean => {
      const relation = relations[of][name]
      if (!relation || !seen.reads(relation.table)) return false
      const back = relation.many
        ? relation.to
        : Object.entries(relations[relation.table]).find(([, one]) => one.many && one.to === name)?.[0]
      return back === undefined || seen.names(relation.table).has(back)
    }
    for (const name of Object.keys(relations[table])) {
      const open = `{ ${table} { a: ${name} { __typename } } }`
      if (!opens(table, name)) assert.equal((await ask(open)).code, 'GRAPHQL_VALIDATION', open)
    }
    const plain = (of: TableName) => columns[of].filter((name) => seen.names(of).has(name) && !opens(of, name))
    const related = Object.keys(relations[table]).filter((name) => seen.names(table).has(name) && opens(table, name))
    const paths = [
      ...plain(table).map((name) => [name]),
      ...related.flatMap((name) => plain(relations[table][name]!.table).map((below) => [name, below])),
    ]
    if (!paths.length) return
    const below = (name: string) => paths.filter(([head, inner]) => head === name && inner).map(([, inner]) => inner)
    const heads = [...new Set(paths.map(([head]) => head!))]
    const shown = heads.map((name) => (opens(table, name) ? `${name} { ${below(name).join(' ')} }` : name)).join(' ')
    const text = `query ($f: ${table}_filter, $s: [String], $l: Int, $o: Int) { rows: ${table}(filter: $f, sort: $s, limit: $l, offset: $o) { ${shown} } }`
    const { filter, sort, limit, offset } = query
    const answer = await ask(text, { f: filter, s: sort, l: limit, o: offset })
    // A filter by a related key itself cannot be spelled.
    const spelled = answer.code !== 'GRAPHQL_VALIDATION'
    if (!seen.mayAsk(table, query)) return void assert.equal(answer.data, undefined)
    const { body } = spelled ? answer : await ask(text, { s: sort, l: limit, o: offset })
    const naive = new Naive(seen.rows, seen.sight)
    const rows = naive.list(table, seen.rows[table], spelled ? query : { ...query, filter: {} })
    assert.deepEqual(texts(body.data?.rows ?? body), texts(seen.shown(table, rows, paths)), text)
  }

  /** A cursor is for those who see the key in every row; the page behind it goes on where the first one ended. */
  async function checkCursor(table: TableName, query: Query, seen: Seen): Promise<void> {
    const paged = { ...query, offset: undefined, fields: seen.names(table).has('id') ? ['id'] : ['n'] }
    const { status } = await search(table, paged)
    const page = await search(table, { ...paged, cursor: '' })
    if (status === 403 || !seen.showsKeys(table)) return void assert.equal(page.status, 403, JSON.stringify(page.body))
    const ids = (rows: readonly { id: unknown }[]) => rows.map(({ id }) => id)
    const all = new Naive(seen.rows, seen.sight).list(table, seen.rows[table], { ...query, limit: -1 })
    assert.deepEqual(ids(page.data), ids(all.slice(0, query.limit)))
    const { next_cursor: cursor } = page.body.meta
    const next = cursor === null ? [] : (await search(table, { ...paged, cursor })).data
    assert.deepEqual(ids(next), ids(all.slice(query.limit, 2 * query.limit)))
  }

  const stored = async (): Promise<Rows> => {
    const lists = await Promise.all(
      tables.map((table) => host.kernel.db.query<Row>(`select ${columns[table].join()} from ${table} order by id`)),
    )
    return Object.fromEntries(tables.map((table, i) => [table, lists[i]])) as unknown as Rows
  }
  const send = (method: string, path: string, body: unknown) => host.api(method, path, { token: someone, body })
  const byId = (rows: Rows): Rows =>
    Object.fromEntries(
      tables.map((table) => [table, rows[table].toSorted((a, b) => a.id - b.id).map((row) => ({ ...row }))]),
    ) as unknown as Rows

  test('creates, changes, deletes, links and lists of keys', time, async () => {
    await fc.assert(
      fc.asyncProperty(writeCases, async ({ rows, read, create, update, remove, table, keys, patch, made, tasks, query }) => {
        await allow({ read, create, update, delete: remove })
        const seen = new Seen(rows, read)
        const written = new Written(rows, seen)
        const which = { ...query, limit: -1 }
        // What a query finds are the rows that its caller sees by it. Of rows whose keys they do not see nothing is said here.
        const may = seen.reads(table) && seen.mayAsk(table, which)
        const by = may ? new Naive(seen.rows, seen.sight).list(table, seen.rows[table], which).map(({ id }) => id) : undefined
        const fresh = made.map((row, i) => ({ ...row, id: 20 + i })) as unknown as Row[]
        const writes: [what: string, expected: Rows | undefined, act: () => ReturnType<typeof send>][] = [
          ['create', written.create(table, fresh, create), () => send('POST', `/items/${table}`, fresh)],
          ['update', written.update(table, keys, patch, update), () => send('PATCH', `/items/${table}`, { keys, data: patch })],
          ['delete', written.remove(table, keys, remove), () => send('DELETE', `/items/${table}`, keys)],
          ...(by?.length === 0 || !seen.showsKeys(table)
            ? []
            : ([
                [
                  'update by query',
                  by && written.update(table, by, patch, update),
                  () => send('PATCH', `/items/${table}`, { query: which, data: patch }),
                ],
                ['delete by query', by && written.remove(table, by, remove), () => send('DELETE', `/items/${table}`, { query: which })],
              ] as never[])),
          ...(tasks
            ? [['assign', written.assign(keys[0]!, tasks, update), () => send('PATCH', `/items/person/${keys[0]}`, { tasks })] as never]
            : []),
        ]
        for (const [what, expected, act] of writes) {
          await load(rows)
          const { status, body } = await act()
          const said = `${what}: ${status} ${JSON.stringify(body)}`
          if (!expected) assert.equal(status, 403, said)
          else assert.equal(status < 300, isWhole(expected), said)
          assert.deepEqual(byId(await stored()), byId(expected && isWhole(expected) ? expected : rows), said)
        }
      }),
      parameters(50),
    )
  })

  test('presets, rules for values, and items in the place of a key', time, async () => {
    await fc.assert(
      fc.asyncProperty(fillingCases, async ({ rows, create, update, ofPersons, made, keys, patch, person }) => {
        const grantsOf = (task: readonly Grant[], persons: readonly Grant[]): Grants => ({ team: [], person: persons, task })
        await allow({ read: open, create: grantsOf(create, ofPersons.create), update: grantsOf(update, ofPersons.update) })
        const seen = new Seen(rows, open)
        const written = new Written(rows, seen)
        const fresh = { ...made, id: 20 } as unknown as Row

        const makes = (row: Row): Rows | undefined => {
          const named = Object.keys(row).every((name) => create.some(({ fields }) => fields.includes(name)))
          const whole = filled(row, create)
          if (!named || !isValid(whole, create)) return undefined
          // Presets need not be among the fields.
          const all = create.map((grant) => ({ ...grant, fields: fieldsOf('task') }))
          return written.create('task', [whole as unknown as Row], grantsOf(all, []))
        }
        const changes = (): Rows | undefined => {
          let after = rows
          for (const key of keys) {
            const row = rows.task.find(({ id }) => id === key)
            const covering = row ? covers(new Naive(rows), 'task', row, update) : []
            const whole = filled(patch, covering)
            if (!covering.length || !isValid(whole, update) || !written.update('task', [key], patch, grantsOf(open.task, [])))
              return undefined
            if (!Object.keys(patch).every((name) => covering.some(({ fields }) => fields.includes(name)))) return undefined
            after = { ...after, task: after.task.map((one) => (one.id === key ? { ...one, ...whole } : one)) }
          }
          const stands = (row: Row) => !(keys as number[]).includes(row.id) || covers(new Naive(after), 'task', row, update).length > 0
          return after.task.every(stands) ? after : undefined
        }
        /** A task with its person: one that is there is changed, another one made. */
        const nests = (): Rows | undefined => {
          const { person: _, ...task } = fresh as Row & { person?: Value }
          const there = rows.person.find(({ id }) => id === person.id)
          const own = there ? ofPersons.update : ofPersons.create
          const whose = there ? covers(new Naive(rows), 'person', there, own) : own
          const loose = there
            ? new Written(rows, seen).update('person', [person.id], person, grantsOf([], open.person))
            : new Written(rows, seen).create('person', [person], grantsOf([], open.person))
          const sent = Object.keys(person).filter((name) => !there || name !== 'id')
          if (!loose || !sent.every((name) => whose.some(({ fields }) => fields.includes(name)))) return undefined
          const whole = filled(task as Row, create) as unknown as Row
          const row = { ...Object.fromEntries(columns.task.map((name) => [name, null])), ...whole, person: person.id } as unknown as Row
          const named = [...Object.keys(task), 'person'].every((name) => create.some(({ fields }) => fields.includes(name)))
          if (!named || !isValid({ ...whole, person: undefined as never }, create)) return undefined
          const after = { ...loose, task: [...loose.task, row] }
          const now = new Naive(after)
          const changed = after.person.find(({ id }) => id === person.id)!
          return covers(now, 'task', row, create).length && covers(now, 'person', changed, own).length ? after : undefined
        }
        const writes: [what: string, expected: Rows | undefined, act: () => ReturnType<typeof send>][] = [
          ['create', makes(fresh), () => send('POST', '/items/task', fresh)],
          ['update', changes(), () => send('PATCH', '/items/task', { keys, data: patch })],
          ['nested', nests(), () => send('POST', '/items/task', { ...fresh, person })],
        ]
        for (const [what, expected, act] of writes) {
          await load(rows)
          const { status, body } = await act()
          const said = `${what}: ${status} ${JSON.stringify(body)}`
          if (!expected) assert.ok([400, 403].includes(status), said)
          else assert.equal(status < 300, isWhole(expected), said)
          assert.deepEqual(byId(await stored()), byId(expected && isWhole(expected) ? expected : rows), said)
        }
      }),
      parameters(40),
    )
  })
})

const sumOf = (rows: readonly Row[]): string | null => {
  const numbers = rows.flatMap(({ n }) => (n === null ? [] : [Number(n)]))
  return numbers.length ? String(numbers.reduce((sum, n) => sum + n, 0)) : null
}

/** Keys are text in GraphQL. */
function texts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(texts)
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, texts(one)]))
}
