/** Tables with every kind of relation, random rows and rules, and what somebody sees of them: said plainly, row by row. */
import fc from 'fast-check'

export const sql = `
create table box (id serial primary key, name text, n integer);
create table thing (id serial primary key, name text, n integer, box integer references box);
create table tag (id serial primary key, name text, n integer);
create table thing_tag (id serial primary key, thing integer references thing, tag integer references tag);
create table slot (id serial primary key, box integer references box, collection text, item text);
`
export const meta = `
insert into directus_collections (collection, versioning) values ('box', true), ('thing', true), ('tag', false), ('thing_tag', false), ('slot', false);
insert into directus_relations (many_collection, many_field, one_collection, one_field, junction_field) values
  ('thing', 'box', 'box', 'things', null), ('thing_tag', 'thing', 'thing', 'tags', 'tag'), ('thing_tag', 'tag', 'tag', 'things', 'thing'),
  ('slot', 'box', 'box', 'slots', 'item');
insert into directus_relations (many_collection, many_field, one_collection_field, one_allowed_collections, junction_field)
  values ('slot', 'item', 'collection', 'thing,tag', 'box');
insert into directus_fields (collection, field, special) values ('box', 'things', 'o2m'), ('thing', 'tags', 'm2m'), ('tag', 'things', 'm2m'),
  ('box', 'slots', 'm2a'), ('slot', 'item', 'm2a');
`

export const tables = ['box', 'thing', 'tag', 'thing_tag', 'slot'] as const
export type TableName = (typeof tables)[number]
export const columns: Readonly<Record<TableName, readonly string[]>> = {
  box: ['id', 'name', 'n'],
  thing: ['id', 'name', 'n', 'box'],
  tag: ['id', 'name', 'n'],
  thing_tag: ['id', 'thing', 'tag'],
  slot: ['id', 'box', 'collection', 'item'],
}
export type Value = string | number | null
export type Row = Readonly<Record<string, Value>> & { readonly id: number }
export type Rows = Readonly<Record<TableName, readonly Row[]>>

/** Columns that hold the key of a row, and the list of that row which leads back. */
export const points: Readonly<Record<TableName, Readonly<Record<string, { readonly to: TableName; readonly list: string }>>>> = {
  box: {},
  thing: { box: { to: 'box', list: 'things' } },
  tag: {},
  thing_tag: { thing: { to: 'thing', list: 'tags' }, tag: { to: 'tag', list: 'things' } },
  slot: { box: { to: 'box', list: 'slots' } },
}
/** Lists of a row: the table of their rows, and the column by which these point here. */
export const lists: Readonly<Record<TableName, Readonly<Record<string, { readonly of: TableName; readonly by: string }>>>> = {
  box: { things: { of: 'thing', by: 'box' }, slots: { of: 'slot', by: 'box' } },
  thing: { tags: { of: 'thing_tag', by: 'thing' } },
  tag: { things: { of: 'thing_tag', by: 'tag' } },
  thing_tag: {},
  slot: {},
}
export const fieldsOf = (table: TableName): string[] => [...columns[table], ...Object.keys(lists[table])]

export const rowOf = (rows: Rows, table: TableName, id: Value | undefined): Row | undefined => rows[table].find((row) => row.id === id)
/** The row that a slot holds, among `rows`. */
export const heldBy = (rows: Rows, slot: Row): Row | undefined =>
  slot.collection === 'thing' || slot.collection === 'tag' ? rowOf(rows, slot.collection, Number(slot.item)) : undefined

/** A condition as a rule says it, and whether a row is such. */
export interface Filter {
  readonly said: object
  /** Whether it looks at other rows. */
  readonly far: boolean
  holds(rows: Rows, row: Row): boolean
}
const near = (said: object, holds: (row: Row) => boolean): Filter => ({ said, far: false, holds: (_, row) => holds(row) })
const far = (said: object, holds: Filter['holds']): Filter => ({ said, far: true, holds })
const least = (row: Row | undefined, n: number): boolean => row !== undefined && row.n !== null && Number(row.n) >= n

const all = near({}, () => true)
const own = [
  near({ n: { _gte: 1 } }, (row) => least(row, 1)),
  near({ n: { _lt: 2 } }, ({ n }) => n !== null && Number(n) < 2),
  near({ id: { _lte: 2 } }, ({ id }) => id <= 2),
  near({ name: { _eq: 'a' } }, ({ name }) => name === 'a'),
]
const hasTagA = (rows: Rows, thing: Row) =>
  rows.thing_tag.some((one) => one.thing === thing.id && rowOf(rows, 'tag', one.tag)?.name === 'a')
const filters: Readonly<Record<TableName, readonly Filter[]>> = {
  box: [
    ...own,
    far({ things: { _some: { n: { _gte: 1 } } } }, (rows, box) => rows.thing.some((row) => row.box === box.id && least(row, 1))),
    far({ slots: { 'item:thing': { n: { _gte: 1 } } } }, (rows, box) =>
      rows.slot.some((slot) => slot.box === box.id && slot.collection === 'thing' && least(heldBy(rows, slot), 1)),
    ),
  ],
  thing: [
    ...own,
    far({ box: { n: { _gte: 1 } } }, (rows, thing) => least(rowOf(rows, 'box', thing.box), 1)),
    far({ tags: { tag: { name: { _eq: 'a' } } } }, hasTagA),
    far({ tags: { _none: { tag: { name: { _eq: 'a' } } } } }, (rows, thing) => !hasTagA(rows, thing)),
  ],
  tag: own,
  thing_tag: [
    near({ id: { _lte: 3 } }, ({ id }) => id <= 3),
    far({ thing: { n: { _gte: 1 } } }, (rows, one) => least(rowOf(rows, 'thing', one.thing), 1)),
    far({ tag: { name: { _eq: 'a' } } }, (rows, one) => rowOf(rows, 'tag', one.tag)?.name === 'a'),
  ],
  slot: [
    near({ collection: { _eq: 'thing' } }, ({ collection }) => collection === 'thing'),
    far({ box: { n: { _gte: 1 } } }, (rows, slot) => least(rowOf(rows, 'box', slot.box), 1)),
    far({ 'item:tag': { name: { _eq: 'a' } } }, (rows, slot) => slot.collection === 'tag' && heldBy(rows, slot)?.name === 'a'),
  ],
}

export interface Grant {
  readonly filter: Filter
  readonly fields: readonly string[]
}
export type Grants = Readonly<Record<TableName, readonly Grant[]>>

const fieldsFor = (table: TableName): fc.Arbitrary<readonly string[]> => {
  const names = fieldsOf(table)
  if (table === 'thing_tag' || table === 'slot') return fc.constant(names)
  const some = fc.subarray(names.slice(1), { minLength: names.length - 3 }).map((more) => ['id', ...more])
  return fc.oneof({ weight: 2, arbitrary: fc.constant(names) }, some)
}
const grantsFor = (table: TableName, most: number): fc.Arbitrary<readonly Grant[]> =>
  fc.array(fc.record({ filter: fc.oneof(fc.constant(all), fc.constantFrom(...filters[table])), fields: fieldsFor(table) }), {
    minLength: 1,
    maxLength: most,
  })
const grantsOfAll = (most: number): fc.Arbitrary<Grants> =>
  fc.record({
    box: grantsFor('box', most),
    thing: grantsFor('thing', most),
    tag: grantsFor('tag', most),
    thing_tag: grantsFor('thing_tag', most),
    slot: grantsFor('slot', most),
  })
export const anyGrants = grantsOfAll(2)
/** Now and then nothing of a table. */
export const fewerGrants: fc.Arbitrary<Grants> = fc
  .tuple(anyGrants, fc.subarray([...tables], { maxLength: 1 }))
  .map(([grants, without]) => ({ ...grants, ...Object.fromEntries(without.map((name) => [name, []])) }))
export const everything: Grants = Object.fromEntries(
  tables.map((name) => [name, [{ filter: all, fields: fieldsOf(name) }]]),
) as unknown as Grants

const name = fc.constantFrom('a', 'b', null)
const n = fc.constantFrom(0, 1, 2, null)
const rowsOf = <T>(columns: { [K in keyof T]: fc.Arbitrary<T[K]> }, most: number) =>
  fc.array(fc.record(columns), { maxLength: most, size: 'max' }).map((rows) => rows.map((row, i) => ({ id: i + 1, ...row })))
const held = fc.constantFrom(null, 1, 1, 2, 3)
export const anyRows: fc.Arbitrary<Rows> = fc
  .record({
    box: rowsOf({ name, n }, 3),
    thing: rowsOf({ name, n, box: held }, 4),
    tag: rowsOf({ name, n }, 3),
    thing_tag: rowsOf({ thing: held, tag: held }, 5),
    slot: rowsOf({ box: held, collection: fc.constantFrom('thing', 'tag'), item: fc.constantFrom('1', '2', '3') }, 5),
  })
  .map((rows) => {
    const among = (id: number | null, others: readonly unknown[]) => (id !== null && id <= others.length ? id : null)
    return {
      ...rows,
      thing: rows.thing.map((row) => ({ ...row, box: among(row.box, rows.box) })),
      thing_tag: rows.thing_tag.map((row) => ({ ...row, thing: among(row.thing, rows.thing), tag: among(row.tag, rows.tag) })),
      slot: rows.slot.map((row) => ({ ...row, box: among(row.box, rows.box) })),
    } as Rows
  })

/** The grants that cover a row. */
export const covering = (rows: Rows, table: TableName, row: Row, grants: Grants): readonly Grant[] =>
  grants[table].filter(({ filter }) => filter.holds(rows, row))

/** What somebody reads. */
export class View {
  readonly rows: Rows
  readonly #seen = new Map<string, ReadonlySet<string>>()
  readonly #names: Readonly<Record<TableName, ReadonlySet<string>>>

  /** `among`: the rows that there are for them, whatever rules say. `stored`: rows as they are, where `rows` are what they would be. */
  constructor(rows: Rows, grants: Grants, among?: ReadonlyMap<TableName, ReadonlySet<number>>, stored = rows) {
    const namesOf = (table: TableName) => new Set(grants[table].flatMap(({ fields }) => fields))
    this.#names = Object.fromEntries(tables.map((table) => [table, namesOf(table)])) as never
    const fieldsIn = (among: Rows, table: TableName, row: Row) => covering(among, table, row, grants).flatMap(({ fields }) => fields)
    const masked = (table: TableName) =>
      rows[table].flatMap((row) => {
        const was = rowOf(stored, table, row.id)
        const before = was ? fieldsIn(stored, table, was) : null
        const fields = new Set(fieldsIn(rows, table, row).filter((field) => !before || before.includes(field)))
        if (!fields.size || (among && !among.get(table)?.has(row.id))) return []
        this.#seen.set(`${table} ${row.id}`, fields)
        // What is in no rule leads all the same where a list is allowed that it makes.
        const shown = columns[table].map((field) => [field, fields.has(field) || !this.#names[table].has(field) ? row[field] : null])
        return [Object.fromEntries(shown) as Row]
      })
    this.rows = Object.fromEntries(tables.map((table) => [table, masked(table)])) as unknown as Rows
  }

  reads = (table: TableName): boolean => this.#names[table].size > 0
  names = (table: TableName, field: string): boolean => this.#names[table].has(field)
  sees = (table: TableName, row: Row, field: string): boolean => this.#seen.get(`${table} ${row.id}`)?.has(field) ?? false

  /** The rows of a list of a row; none where the list is not seen. */
  listed(table: TableName, row: Row, field: string): readonly Row[] {
    const { of, by } = lists[table][field]!
    return this.sees(table, row, field) ? this.rows[of].filter((other) => other[by] === row.id) : []
  }
}
