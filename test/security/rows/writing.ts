/** Random items with items in them, what a write of them asks for, and whether what has become of rows is what rules allow. */
import fc from 'fast-check'
import { columns, covering, type Grants, lists, points, type Row, type Rows, rowOf, type TableName, tables, type View } from './world.ts'

export type Payload = Readonly<Record<string, unknown>>

const key = fc.constantFrom(1, 1, 2, 3, 4, 9)
const name = fc.constantFrom('a', 'b', 'c')
const n = fc.constantFrom(0, 1, 2)
const part = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[] = []) =>
  fc.record(shape, { requiredKeys: required }) as fc.Arbitrary<Payload>

const own = part({ name, n })
const listOf = (made: fc.Arbitrary<Payload>, changed: fc.Arbitrary<Payload>) =>
  fc.oneof(
    fc.record(
      {
        create: fc.array(made, { maxLength: 2 }),
        update: fc.uniqueArray(changed, { maxLength: 2, selector: ({ id }) => id }),
        delete: fc.uniqueArray(key, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
    fc.uniqueArray(fc.oneof(key, made, changed), { maxLength: 3, selector: (one) => (typeof one === 'object' ? (one.id ?? one) : one) }),
  )
const withKey = (item: fc.Arbitrary<Payload>): fc.Arbitrary<Payload> => fc.tuple(key, item).map(([id, more]) => ({ ...more, id }))

const tag = fc.oneof({ weight: 2, arbitrary: key }, own, withKey(own))
const linkTo = part({ tag }, ['tag'])
const links = listOf(linkTo, withKey(part({ tag })))
const thing = part({ name, n, tags: links })
const things = listOf(thing, withKey(thing))
const slot = fc
  .constantFrom('thing', 'tag')
  .chain((collection) =>
    fc.oneof({ weight: 2, arbitrary: key.map(String) }, own, withKey(own)).map((item): Payload => ({ collection, item })),
  )
const slots = listOf(slot, withKey(slot))
const box = fc.oneof(fc.constant(null), key, own, withKey(part({ name, things: listOf(own, withKey(own)) })))

export const payloads = fc.oneof(
  part({ name, things, slots }).map((body) => ({ table: 'box' as const, body })),
  part({ name, n, box, tags: links }).map((body) => ({ table: 'thing' as const, body })),
)

/** What a payload asks for, beside what becomes of rows: which rows it speaks of, by which fields. */
export interface Wish {
  readonly action: 'create' | 'update' | 'see'
  readonly table: TableName
  readonly id: number | null
  readonly fields: readonly string[]
}

interface Stand {
  /** The row that the payload is for; undefined for a new one. */
  readonly id?: number | undefined
  /** Whether it has to be there. */
  readonly there?: boolean
  /** The column by which it comes to point at the item around it. */
  readonly by?: string
}

export function wishesOf(rows: Rows, table: TableName, body: Payload, { id, there = false, by }: Stand): Wish[] {
  const named = Object.keys(body)
  const changes = there || (id !== undefined && rowOf(rows, table, id) !== undefined)
  const wishes: Wish[] = [
    changes
      ? { action: 'update', table, id: id!, fields: named.filter((field) => field !== 'id') }
      : { action: 'create', table, id: null, fields: [...named, ...(by ? [by] : [])] },
  ]
  const nested = (to: TableName, said: unknown, stand: Stand): Wish[] => {
    // Nothing but the key of a row that is there stands for the key.
    const { id, ...more } = (said ?? {}) as { id?: number }
    const value = !stand.by && id !== undefined && !Object.keys(more).length && rowOf(rows, to, id) ? id : said
    if (typeof value === 'object' && value !== null)
      return wishesOf(rows, to, value as Payload, { ...stand, ...(value as { id?: number }) })
    if (value === null || value === undefined) return []
    return [
      stand.by
        ? { action: 'update', table: to, id: Number(value), fields: [] }
        : { action: 'see', table: to, id: Number(value), fields: [] },
    ]
  }
  for (const [field, value] of Object.entries(body)) {
    const list = lists[table][field]
    const { create = [], update = [] } = (Array.isArray(value) ? { create: value } : (value ?? {})) as {
      create?: unknown[]
      update?: unknown[]
    }
    if (list) {
      wishes.push(...create.flatMap((one) => nested(list.of, one, { by: list.by })))
      wishes.push(...update.flatMap((one) => nested(list.of, one, { by: list.by, there: true })))
    } else if (field === 'item') wishes.push(...nested(body.collection as TableName, value, {}))
    else if (points[table][field]) wishes.push(...nested(points[table][field].to, value, {}))
  }
  return wishes
}

export interface Rules {
  readonly read: Grants
  readonly create: Grants
  readonly update: Grants
  readonly delete: Grants
}

const namesOf = (grants: readonly { readonly fields: readonly string[] }[]) => new Set(grants.flatMap(({ fields }) => fields))

/** Whether rules allow all that is asked for. */
export const mayWish = (rows: Rows, view: View, rules: Rules, wishes: readonly Wish[]): boolean =>
  wishes.every(({ action, table, id, fields }) => {
    if (action === 'see') return rowOf(view.rows, table, id) !== undefined
    const row = rowOf(rows, table, id)
    if (action === 'update' && !row) return false
    const grants = action === 'create' ? rules.create[table] : covering(rows, table, row!, rules.update)
    const names = namesOf(grants)
    return grants.length > 0 && fields.every((field) => names.has(field))
  })

/** What in the change of `before` into `after` no rule allows. */
export function offences(before: Rows, after: Rows, view: View, rules: Rules): string[] {
  return tables.flatMap((table) => {
    const gone = before[table].filter(({ id }) => !rowOf(after, table, id))
    return [
      ...gone.flatMap((row) => (covering(before, table, row, rules.delete).length ? [] : [`${table} ${row.id} deleted`])),
      ...after[table].flatMap((row) => {
        const was = rowOf(before, table, row.id)
        const changed = columns[table].filter((field) => (was ? was[field] !== row[field] : field !== 'id' && row[field] !== null))
        if (was && !changed.length) return []
        const [grants, now] = was
          ? [covering(before, table, was, rules.update), covering(after, table, row, rules.update)]
          : [rules.create[table], covering(after, table, row, rules.create)]
        const names = namesOf(grants)
        const what = `${table} ${row.id} ${was ? 'changed' : 'made'}`
        return [
          ...(grants.length ? [] : [what]),
          ...(now.length ? [] : [`${what}: out of scope`]),
          ...changed.filter((field) => !names.has(field)).map((field) => `${what}: ${field}`),
          ...changed.filter((field) => pointsOutOfSight(table, row, field)).map((field) => `${what}: ${field} points at what is hidden`),
        ]
      }),
    ]
  })

  function pointsOutOfSight(table: TableName, row: Row, field: string): boolean {
    const to = field === 'item' ? (row.collection as TableName) : points[table][field]?.to
    const id = field === 'item' ? Number(row.item) : row[field]
    if (!to || id === null) return false
    // What the very request made, or knows by a list, need not be read.
    return (
      rowOf(before, to, id) !== undefined && !rowOf(view.rows, to, id) && !covering(before, to, rowOf(before, to, id)!, rules.update).length
    )
  }
}

/** The rows without those that somebody can neither read nor change, but for what the others hold of them: that is never told. */
export function withoutUnknown(rows: Rows, view: View, rules: Rules): Rows {
  const isKnown = (table: TableName, row: Row) =>
    rowOf(view.rows, table, row.id) || covering(rows, table, row, rules.update).length || covering(rows, table, row, rules.delete).length
  const known = tables.flatMap((table) => rows[table].filter((row) => isKnown(table, row)).map((row) => [table, row] as const))
  const isHeld = (table: TableName, { id }: Row) =>
    known.some(
      ([from, row]) =>
        Object.entries(points[from]).some(([field, { to }]) => to === table && row[field] === id) ||
        (from === 'slot' && row.collection === table && Number(row.item) === id),
    )
  const other = (table: TableName, row: Row): Row =>
    ({
      ...Object.fromEntries(columns[table].map((field) => [field, field === 'name' ? 'z' : field === 'n' ? 9 : null])),
      id: row.id,
    }) as unknown as Row
  return Object.fromEntries(
    tables.map((table) => [table, rows[table].flatMap((row) => (isKnown(table, row) ? row : isHeld(table, row) ? other(table, row) : []))]),
  ) as unknown as Rows
}
