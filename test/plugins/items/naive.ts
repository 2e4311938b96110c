/** Three tables, random rows, filters, orders and pages of them, and what a plain evaluation in JavaScript says of these. */
import fc from 'fast-check'

export const sql = `
create table team (id integer primary key, name text, n integer);
create table person (
  id integer primary key, name text, n integer, team integer references team, boss integer references person, at timestamptz, who uuid, data json
);
create table task (id integer primary key, name text, n integer, person integer references person);
`
export const meta = `
insert into directus_relations (many_collection, many_field, one_collection, one_field) values
  ('person', 'team', 'team', 'people'), ('person', 'boss', 'person', 'reports'), ('task', 'person', 'person', 'tasks');
insert into directus_fields (collection, field, special) values
  ('team', 'people', 'o2m'), ('person', 'reports', 'o2m'), ('person', 'tasks', 'o2m');
`

/** Whoever asks: what variables stand for, with the statements that make it so. */
const key = (n: number) => `aaaaaaaa-0000-4000-8000-00000000000${n}`
const [user, role, policy] = [key(1), key(2), key(3)]
export const caller = `
insert into directus_roles (id, name) values ('${role}', 'ab');
insert into directus_policies (id, name, admin_access) values ('${policy}', 'all', true);
update directus_access set role = '${role}', policy = '${policy}' where role = (select role from directus_users where email = 'admin@example.com');
update directus_users set id = '${user}', role = '${role}', first_name = 'a', last_name = null, title = '%' where email = 'admin@example.com';
`
const day = 86_400_000
const start = Date.now()
const at = (days: number) => new Date(start + days * day).toISOString()
const variables: Readonly<Record<string, Value | readonly Value[]>> = {
  $CURRENT_USER: user,
  '$CURRENT_USER.id': user,
  '$CURRENT_USER.first_name': 'a',
  '$CURRENT_USER.last_name': null,
  '$CURRENT_USER.title': '%',
  '$CURRENT_USER.role': role,
  '$CURRENT_USER.role.name': 'ab',
  $CURRENT_ROLE: role,
  '$CURRENT_ROLE.name': 'ab',
  $CURRENT_ROLES: [role],
  $CURRENT_POLICIES: [policy],
  $NOW: at(0),
  '$NOW(-1 day)': at(-1),
  '$NOW(+1 day)': at(1),
  '$NOW(10 hours)': at(10 / 24),
  '$NOW(-600 minutes)': at(-10 / 24),
  '$NOW(-1 week)': at(-7),
  '$NOW(-3 months)': at(-91),
  '$NOW(1 year)': at(365),
}
const meant = (operand: Operand): Operand => {
  if (Array.isArray(operand)) return operand.map(meant)
  return typeof operand === 'string' && operand in variables ? variables[operand] : operand
}

export type TableName = 'team' | 'person' | 'task'
type Json = any
export type Row = Readonly<Record<string, Json>> & { readonly id: number }
export type Rows = Readonly<Record<TableName, readonly Row[]>>
export interface Relation {
  readonly table: TableName
  readonly many: boolean
  readonly from: string
  readonly to: string
}
export type Relations = Readonly<Record<TableName, Readonly<Record<string, Relation>>>>

const one = (table: TableName, from: string): Relation => ({ table, many: false, from, to: 'id' })
const many = (table: TableName, to: string): Relation => ({ table, many: true, from: 'id', to })
export const relations: Relations = {
  team: { people: many('person', 'team') },
  person: { team: one('team', 'team'), boss: one('person', 'boss'), reports: many('person', 'boss'), tasks: many('task', 'person') },
  task: { person: one('person', 'person') },
}
export const isMany = (relation: Relation) => relation.many

export type Value = number | string | null
/** What an operator compares with. */
type Operand = any
/** Null answers no comparison but those with null, which only a variable brings. */
const known = (compare: (value: NonNullable<Value>, operand: Operand) => boolean) => (value: Value, operand: Operand) =>
  value !== null && operand !== null && compare(value, operand)
export const operators: Readonly<Record<string, (value: Value, operand: Operand) => boolean>> = {
  _eq: (value, operand) => value === operand,
  _neq: (value, operand) => (operand === null ? value !== null : value !== null && value !== operand),
  _lt: known((value, operand) => value < operand),
  _lte: known((value, operand) => value <= operand),
  _gt: known((value, operand) => value > operand),
  _gte: known((value, operand) => value >= operand),
  _in: known((value, operand) => operand.includes(value)),
  _nin: known((value, operand) => !operand.includes(value)),
  _between: known((value, [low, high]) => value >= low && value <= high),
  _nbetween: known((value, [low, high]) => value < low || value > high),
  _contains: known((value, operand) => String(value).includes(operand)),
  _ncontains: known((value, operand) => !String(value).includes(operand)),
  _istarts_with: known((value, operand) => String(value).startsWith(operand.toLowerCase())),
  _nends_with: known((value, operand) => !String(value).endsWith(operand)),
  _null: (value, operand) => (value === null) === operand,
  _nnull: (value, operand) => (value !== null) === operand,
  _empty: (value, operand) => (value === null || value === '') === operand,
}

export type Filter = { readonly [key: string]: Operand }
export interface Query {
  readonly filter: Filter
  readonly sort: readonly string[]
  readonly limit: number
  readonly offset: number
}

/** By what rows are related, and what comes last in their order: not the same for somebody who does not see all of them. */
export interface Sight {
  readonly relations: Relations
  last(table: TableName, sort: readonly string[]): readonly string[]
}
const plainSight: Sight = { relations, last: () => ['id'] }

/** The plain evaluation. A filter is said of a row joined with the rows that its paths lead to; one such joined row is enough. */
export class Naive {
  readonly #rows: Rows
  readonly #sight: Sight
  constructor(rows: Rows, sight: Sight = plainSight) {
    this.#rows = rows
    this.#sight = sight
  }

  list(table: TableName, rows: readonly Row[], { filter, sort, limit, offset }: Query): Row[] {
    const keys = [...sort, ...this.#sight.last(table, sort)].map((key) => ({
      descending: key.startsWith('-'),
      path: key.replace(/^-/, '').split('.'),
    }))
    const compare = (a: readonly Value[], b: readonly Value[]) =>
      keys.map(({ descending }, i) => order(a[i]!, b[i]!) * (descending ? -1 : 1)).find((sign) => sign !== 0) ?? 0
    const found = this.matching(table, rows, filter).map((row) => {
      const tuples = this.#joined(
        table,
        row,
        keys.map(({ path }) => path.slice(0, -1)),
      ).map((at) => keys.map(({ path }) => this.value(tableAt(table, path.slice(0, -1)), at(path.slice(0, -1)), path.at(-1)!)))
      return { row, first: tuples.sort(compare)[0]! }
    })
    const sorted = found.sort((a, b) => compare(a.first, b.first)).map(({ row }) => row)
    return sorted.slice(offset, limit === -1 ? undefined : offset + limit)
  }

  matching(table: TableName, rows: readonly Row[], filter: Filter): Row[] {
    return rows.filter((row) => this.#matches(table, row, filter))
  }

  related(row: Row | null, { table, from, to }: Relation): readonly Row[] {
    return this.#rows[table].filter((other) => row !== null && row[from] !== null && other[to] === row[from])
  }

  /** What a field, or a function of one, holds in a row; of no row, nothing but no related rows. */
  value(table: TableName, row: Row | null, name: string): Value {
    const [, fn, field = name, path] = /^(\w+)\((\w+)(?:,(.*))?\)$/.exec(name) ?? []
    const held = row?.[field] ?? null
    if (!fn) return held
    const relation = this.#sight.relations[table][field]
    if (fn === 'count' && relation) return this.related(row, relation).length
    if (fn === 'count') return Array.isArray(held) ? held.length : null
    if (fn === 'json') return jsonAt(held, path!)
    const date = new Date(held)
    return held === null ? null : fn === 'year' ? date.getUTCFullYear() : date.getUTCDay()
  }

  #matches(table: TableName, row: Row, filter: Filter): boolean {
    const paths: string[][] = []
    collect(table, filter, [], paths)
    return this.#joined(table, row, paths).some((at) => this.#holds(table, filter, [], at))
  }

  /** Left joins along `paths`: each answer tells the row at the end of a path. */
  #joined(table: TableName, row: Row, paths: readonly (readonly string[])[]): ((path: readonly string[]) => Row | null)[] {
    const steps = new Set(paths.flatMap((path) => path.map((_, i) => path.slice(0, i + 1).join('.'))))
    let joined: Map<string, Row | null>[] = [new Map([['', row]])]
    for (const step of [...steps].sort((a, b) => a.split('.').length - b.split('.').length)) {
      const path = step.split('.')
      const relation = this.#sight.relations[tableAt(table, path.slice(0, -1))][path.at(-1)!]!
      joined = joined.flatMap((at) => {
        const rows = this.related(at.get(path.slice(0, -1).join('.')) ?? null, relation)
        return (rows.length ? rows : [null]).map((next) => new Map(at).set(step, next))
      })
    }
    return joined.map((at) => (path) => at.get(path.join('.')) ?? null)
  }

  #holds(table: TableName, filter: Filter, path: readonly string[], at: (path: readonly string[]) => Row | null): boolean {
    return Object.entries(filter).every(([name, said]) => {
      if (name === '_and') return said.every((inner: Filter) => this.#holds(table, inner, path, at))
      if (name === '_or') return said.some((inner: Filter) => this.#holds(table, inner, path, at))
      const relation = this.#sight.relations[tableAt(table, path)][name]
      if ('_json' in said) return holdsJson(at(path)?.[name] ?? null, said._json)
      if (isComparison(said)) {
        const own = () => this.value(tableAt(table, path), at(path), name)
        const value = relation && isMany(relation) ? (at([...path, name])?.id ?? null) : own()
        return Object.entries(said).every(([operator, operand]) => operators[operator]!(value, meant(operand)))
      }
      const quantifier = ['_some', '_none'].find((word) => word in said)
      if (!quantifier) return this.#holds(table, said, [...path, name], at)
      const some = this.related(at(path), relation!).some((row) => this.#matches(relation!.table, row, said[quantifier]))
      return some === (quantifier === '_some')
    })
  }
}

/** `a.b[0]`: null where there is none. */
const jsonAt = (held: Json, path: string): Json =>
  path
    .split(/[.[\]]+/)
    .filter(Boolean)
    .reduce((at, step) => at?.[step] ?? null, held)

/** A number is compared with numbers, text with what else there is as its text. */
const holdsJson = (held: Json, said: Filter): boolean =>
  Object.entries(said).every(([path, comparisons]) =>
    Object.entries(comparisons as Filter).every(([operator, operand]) => {
      const value = jsonAt(held, path)
      const isNumber = [operand].flat().some((one) => typeof one === 'number')
      const shown =
        value === null || typeof operand === 'boolean' ? value : isNumber ? (typeof value === 'number' ? value : null) : String(value)
      return operators[operator]!(shown, operand)
    }),
  )

export const tableAt = (table: TableName, path: readonly string[]): TableName =>
  path.reduce<TableName>((at, name) => relations[at][name]!.table, table)

export const isComparison = (said: Filter): boolean => Object.keys(said).some((name) => name in operators)

/** The paths that are joined: `_some` and `_none` look by themselves. */
function collect(table: TableName, filter: Filter, path: readonly string[], found: string[][]): void {
  for (const [name, said] of Object.entries(filter)) {
    if (name === '_and' || name === '_or') {
      for (const inner of said) collect(table, inner, path, found)
      continue
    }
    const relation = relations[tableAt(table, path)][name]
    if (!relation || '_some' in said || '_none' in said || (isComparison(said) && !isMany(relation))) continue
    found.push([...path, name])
    if (!isComparison(said)) collect(table, said, [...path, name], found)
  }
}

/** Nulls come last. */
export function order(a: Value, b: Value): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  return a < b ? -1 : 1
}

export const number = fc.integer({ min: 0, max: 3 })
export const word = fc.constantFrom('a', 'b', 'ab', 'ba', '%', '_')
export const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 3 })
/** Low ones are frequent: rows with several related rows are what it is about. */
const foreignKey = maybe(fc.constantFrom(1, 1, 1, 2, 2, 3, 4, 5))
const rowsOf = <T>(columns: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.array(fc.record(columns), { maxLength: 5, size: 'max' }).map((rows) => rows.map((row, i) => ({ id: i + 1, ...row })))

const scalar = fc.oneof(number, word, fc.boolean(), fc.constant(null))
const anyJson = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record(
      { n: scalar, word: scalar, of: fc.record({ n: scalar }), list: fc.array(number, { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
  },
  fc.array(scalar, { maxLength: 3 }),
)
export const jsonPaths = ['n', 'word', 'of.n', 'list[0]', 'list[1]', '[0]', 'n.deeper']

/** Keys that lead to no row become null. `more`: further columns of persons. */
const rowsWith = (more: Readonly<Record<string, fc.Arbitrary<Json>>>): fc.Arbitrary<Rows> =>
  fc
    .record({
      team: rowsOf({ name: maybe(word), n: maybe(number) }),
      person: rowsOf({ name: maybe(word), n: maybe(number), team: foreignKey, boss: foreignKey, ...more }),
      task: rowsOf({ name: maybe(word), n: maybe(number), person: foreignKey }),
    })
    .map(({ team, person, task }) => {
      const held = (id: number | null, rows: readonly unknown[]) => (id !== null && id <= rows.length ? id : null)
      return {
        team,
        person: person.map((row) => ({ ...row, team: held(row.team, team), boss: held(row.boss, person) })),
        task: task.map((row) => ({ ...row, person: held(row.person, person) })),
      }
    })

/** Own columns and relations only: what is stored is equal to what is generated. */
export const plainRows = rowsWith({})
export const anyRows = rowsWith({
  at: maybe(fc.constantFrom(-800, -200, -20, -3, -0.2, 0.2, 3, 500).map(at)),
  who: maybe(fc.constantFrom(user, role, policy, key(4))),
  data: maybe(anyJson),
})

const comparison = (value: fc.Arbitrary<number | string>, names: readonly string[]) =>
  fc.constantFrom(...names).chain((name): fc.Arbitrary<Filter> => {
    if (/null|empty/.test(name)) return fc.boolean().map((flag) => ({ [name]: flag }))
    if (/between/.test(name)) return fc.tuple(value, value).map((pair) => ({ [name]: pair }))
    if (/in$/.test(name)) return fc.array(value, { minLength: 1, maxLength: 3 }).map((list) => ({ [name]: list }))
    return value.map((operand) => ({ [name]: operand }))
  })
const ofNumber = comparison(number, [
  '_eq',
  '_neq',
  '_lt',
  '_lte',
  '_gt',
  '_gte',
  '_in',
  '_nin',
  '_between',
  '_nbetween',
  '_null',
  '_nnull',
])
const ofText = comparison(word, [
  '_eq',
  '_neq',
  '_in',
  '_nin',
  '_contains',
  '_ncontains',
  '_istarts_with',
  '_nends_with',
  '_null',
  '_empty',
])

const named = (form: RegExp) => fc.constantFrom(...Object.keys(variables).filter((name) => form.test(name)))
const ofTime = comparison(named(/NOW/), ['_lt', '_lte', '_gt', '_gte', '_between', '_nbetween', '_in', '_nin', '_null'])
const ofKey = comparison(named(/USER$|\.id|ROLE$|\.role$/), ['_eq', '_neq', '_in', '_nin', '_nnull'])
const ofKeys = comparison(named(/ROLES|POLICIES/), ['_eq', '_neq']).map(
  (said): Filter => ('_eq' in said ? { _in: said._eq } : { _nin: said._neq }),
)
const ofName = comparison(named(/name|title/), ['_eq', '_neq'])
const ofPart = comparison(named(/first_name|title|role\.name/), ['_contains', '_ncontains', '_istarts_with', '_nends_with'])
const inJson = fc.dictionary(
  fc.constantFrom(...jsonPaths),
  fc.oneof(
    ofNumber,
    ofText.filter((said) => !('_empty' in said)),
  ),
  { minKeys: 1, maxKeys: 2 },
)

/** Conditions on what only persons have: times, the caller, JSON, and functions. */
export const ofPerson: fc.Arbitrary<Filter> = fc.oneof(
  ofTime.map((said) => ({ at: said })),
  fc.oneof(ofKey, ofKeys).map((said) => ({ who: said })),
  fc.oneof(ofName, ofPart).map((said) => ({ name: said })),
  { weight: 3, arbitrary: inJson.map((said) => ({ data: { _json: said } })) },
  fc
    .tuple(fc.constantFrom('count(tasks)', 'count(reports)', 'count(data)', 'weekday(at)'), ofNumber)
    .map(([name, said]) => ({ [name]: said })),
)

/** `plain`: nothing but own columns and relations, whoever asks. */
export type Kind = 'plain' | 'all'

const filters = new Map<string, fc.Arbitrary<Filter>>()
export function anyFilter(table: TableName, depth: number, kind: Kind = 'plain'): fc.Arbitrary<Filter> {
  const id = `${table} ${depth} ${kind}`
  const made = filters.get(id) ?? makeFilter(table, depth, kind)
  filters.set(id, made)
  return made
}

function makeFilter(table: TableName, depth: number, kind: Kind): fc.Arbitrary<Filter> {
  const columns = fc.oneof(
    ...(kind === 'all' && table === 'person' ? [{ weight: 3, arbitrary: ofPerson }] : []),
    ofNumber.map((said) => ({ n: said })),
    ofText.map((said) => ({ name: said })),
    ofNumber.map((said) => ({ id: said })),
  )
  const keys = fc.constantFrom(...Object.keys(relations[table])).chain((name) => ofNumber.map((said) => ({ [name]: said })))
  if (depth === 0) return fc.oneof(columns, keys)
  const below = fc
    .constantFrom(...Object.entries(relations[table]))
    .chain(([name, relation]) =>
      fc
        .tuple(anyFilter(relation.table, depth - 1, kind), fc.constantFrom(null, null, '_some', '_none'))
        .map(([said, quantifier]): Filter => ({ [name]: quantifier ? { [quantifier]: said } : said })),
    )
  const several = fc.array(anyFilter(table, depth - 1, kind), { minLength: 1, maxLength: 3 })
  return fc.oneof(
    columns,
    keys,
    { weight: 3, arbitrary: below },
    several.map((_and) => ({ _and })),
    several.map((_or) => ({ _or })),
    several.map((all): Filter => Object.assign({}, ...all)),
  )
}

export const paths: Readonly<Record<TableName, readonly string[]>> = {
  team: ['id', 'n', 'people.n', 'people.name', 'people.tasks.n', 'people.boss.name'],
  person: [
    'id',
    'n',
    'name',
    'team.name',
    'boss.n',
    'tasks.n',
    'tasks.name',
    'reports.n',
    'reports.tasks.n',
    'boss.tasks.name',
    'boss.tasks.n',
  ],
  task: ['id', 'n', 'name', 'person.n', 'person.team.name', 'person.tasks.n', 'person.reports.name'],
}

const functions: Readonly<Record<TableName, readonly string[]>> = {
  team: ['people.year(at)', 'people.count(tasks)', 'count(people)'],
  person: ['year(at)', 'count(tasks)', 'boss.count(reports)', 'count(data)'],
  task: ['person.weekday(at)', 'person.count(tasks)'],
}

export const anyQuery = (table: TableName, depth: number, kind: Kind = 'plain'): fc.Arbitrary<Query> =>
  fc.record({
    filter: fc.oneof({ weight: 2, arbitrary: anyFilter(table, depth, kind) }, fc.constant({})),
    sort: fc
      .uniqueArray(fc.constantFrom(...paths[table], ...(kind === 'all' ? functions[table] : [])), { maxLength: 3 })
      .chain((keys) => fc.tuple(...keys.map((path) => fc.constantFrom(path, `-${path}`)))),
    limit: fc.constantFrom(-1, 0, 1, 2, 100),
    offset: fc.constantFrom(0, 0, 1, 2),
  })
