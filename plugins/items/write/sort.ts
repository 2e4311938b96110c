/** An item takes another one's place in the order that its collection keeps in a column; those between them move up. */
import type { Hono } from 'hono'
import { type Access, type Env, problems, quoteName, quoteTable, readJson, type Table } from 'plinth'
import * as v from 'valibot'
import type { Item, Key } from '../api.ts'
import { bind } from '../bind.ts'
import { toWriteProblem } from '../faults.ts'
import { castType, keyColumns, keyOf, keyParameters } from '../keys.ts'
import type { Check } from '../permit/check.ts'
import { Writer as TextWriter } from '../sql/writer.ts'
import { familyOf } from '../values.ts'
import type { Writer } from '../write.ts'
import type { Target } from './statements.ts'

/** The key of an item, and of the one whose place it takes. */
export interface Move {
  readonly item: Key
  readonly to: Key
}

const key = v.union([v.string(), v.number()])
export const SortBody = v.strictObject({ item: key, to: key })

export function sortRoutes(routes: Hono<Env>, writer: Writer): void {
  routes.post('/sort/:collection', async (c) => {
    const body = v.safeParse(SortBody, (await readJson(c)) ?? {})
    if (!body.success) throw problems.INVALID_PAYLOAD('The body must be an object of "item" and "to", keys of two items, and nothing else.')
    await writer.sort(c.req.param('collection'), body.output, { access: c.env.accountability })
    return c.body(null, 200)
  })
}

/** The field that holds the order. @throws INVALID_PAYLOAD where there is none. */
export function sortFieldOf(table: Table): string {
  const name = table.meta?.sort_field
  if (!name || table.system) throw problems.INVALID_PAYLOAD(`"${table.name}" has no sort field.`)
  const field = table.fields.get(name)
  if (!field?.column || familyOf(field) !== 'number')
    throw problems.INVALID_PAYLOAD(`The sort field of "${table.name}" is "${name}", which is no column of numbers.`)
  return name
}

/**
 * One statement for any number of rows, and one before it that lets movers of a collection follow one another. Rows without a number come last; where two have the same one, all are numbered anew.
 * Only rows that `check` lets be written take part. Answers the keys of those that moved.
 * @throws FORBIDDEN when one of the two items does not.
 */
export async function moveRow(target: Target, field: string, { item, to }: Move, access: Access, check: Check | undefined): Promise<Key[]> {
  const { db, table, seen } = target
  const given = [...keyParameters(table, item), ...keyParameters(table, to)]
  const writer = new TextWriter([], Number.POSITIVE_INFINITY)
  const { joins, where } = check?.mayWrite(field, writer, 't') ?? { joins: '', where: 'true' }
  const names = table.primaryKey.map(quoteName)
  const is = (from: number) =>
    table.primaryKey
      .map(
        (name, i) => `t.${quoteName(name)} = ${writer.parameter({ kind: 'key', part: from + i })}::${castType(table.columns.get(name)!)}`,
      )
      .join(' and ')
  const place = quoteName(field)
  const text = `with held as (
  select ${names.map((name, i) => `t.${name} as k${i}`).join(', ')}, t.${place} as place, ${is(0)} as moves, ${is(names.length)} as gives
  from ${quoteTable(table)} t${joins} where ${where}
), told as (
  select count(place) > count(distinct place) as twice, coalesce(max(place), 0) as highest from held
), numbered as (
  select h.*, case when twice then row_number() over (order by place nulls last, ${keysOf('h', names)})
    else coalesce(place, highest + row_number() over (partition by place is null order by ${keysOf('h', names)})) end as n
  from held h, told
), ends as (
  select a.n as old, b.n as new from numbered a, numbered b where a.moves and b.gives
), placed as (
  select numbered.*, case when moves then new when n > old and n <= new then n - 1 when n < old and n >= new then n + 1 else n end as to_be
  from numbered, ends
), done as (
  update ${quoteTable(table)} t set ${place} = p.to_be from placed p
  where ${names.map((name, i) => `t.${name} = p.k${i}`).join(' and ')} and p.to_be is distinct from p.place returning ${keyColumns('t', table)}
)
select done.* from ends left join done on true`
  await db.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`sort ${quoteTable(table)}`])
  const moved = await db.query<Item>(text, bind(writer.done(text), { access, key: given })).catch((thrown) => {
    throw toWriteProblem(thrown, seen, table, [])
  })
  if (!moved.length) throw problems.FORBIDDEN('One of the two items is not there, or it is not yours to change.')
  return moved.filter((row) => row[table.primaryKey[0]!] !== null).map((row) => keyOf(table, row))
}

const keysOf = (row: string, names: readonly string[]): string => names.map((_, i) => `${row}.k${i}`).join(', ')
