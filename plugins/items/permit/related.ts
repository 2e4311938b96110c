/** Validations that speak of related rows: which of the rows that a payload points at are as they say. */
import { type Access, isObject, problems, type Queryable, quoteName, quoteTable, type Snapshot, type Table } from 'plinth'
import type { Item } from '../api.ts'
import { bind } from '../bind.ts'
import { keyLists, keysCondition } from '../keys.ts'
import { ruleTexts } from '../sql/source.ts'
import { Writer } from '../sql/writer.ts'
import { spelled } from '../write/spelling.ts'
import { conditionsOf } from './grants.ts'

interface Scene {
  readonly db: Queryable
  readonly access: Access
  readonly snapshot: Snapshot
}

/** What is said of a related row passes, or fails, by what the field holds: rules of one item know no rows. */
const [passes, failsOnKey, failsOnNull] = [{}, { _null: true }, { _nnull: true }]

/** For each item the rule without what it says of related rows: told of the field instead, for rows that are there and that the item names. */
export async function withoutRelated(scene: Scene, table: Table, rule: unknown, items: readonly Item[]): Promise<unknown[]> {
  const verdicts = new Map<string, Verdict>()
  for (const { id, target, said, field } of relatedIn(scene.snapshot, table, rule)) {
    const keys = new Set(
      items.map((item) => keyIn(target, item[field])).filter((key) => typeof key === 'string' || typeof key === 'number'),
    )
    verdicts.set(id, { target, fits: await fitting(scene, target, said, [...keys]) })
  }
  return verdicts.size ? items.map((item) => rewritten(rule, item, verdicts)) : items.map(() => rule)
}

interface Verdict {
  readonly target: Table
  /** By key, of rows that are there: whether they are as the rule says. */
  readonly fits: ReadonlyMap<string, boolean>
}

/** The key of the row that a value stands for, or is to change. */
const keyIn = ({ primaryKey: [key = ''] }: Table, value: unknown): unknown => (isObject(value) ? value[key] : value)

/** However a key is spelled. */
const sameKey = (table: Table, key: unknown): string => String(spelled(table.fields.get(table.primaryKey[0]!)!, key))

/** Whether `patch` sets all that is said of a row, so that what the row holds does not matter. */
const decides = (patch: Item, said: unknown): boolean =>
  Object.entries(said as Item).every(([name, inner]) =>
    Array.isArray(inner) ? inner.every((part) => decides(patch, part)) : Object.hasOwn(patch, name) && !isRelated(inner),
  )

interface Related {
  readonly id: string
  readonly field: string
  readonly target: Table
  readonly said: object
}

const idOf = (field: string, said: object): string => JSON.stringify([field, said])
const isOperator = (name: string): boolean => name.startsWith('_') && !['_and', '_or', '_some', '_none'].includes(name)

/** Whether something is said of the related row and not of its key. */
const isRelated = (said: unknown): said is Item => isObject(said) && Object.keys(said).some((name) => !isOperator(name))

function relatedIn(snapshot: Snapshot, table: Table, rule: unknown): Related[] {
  if (!isObject(rule)) return []
  return Object.entries(rule).flatMap(([field, said]): Related[] => {
    if (Array.isArray(said)) return said.flatMap((part) => relatedIn(snapshot, table, part))
    const link = table.links.get(field)
    if (!link || !isRelated(said)) return []
    const target = link.kind === 'm2o' ? snapshot.tables.get(link.target) : undefined
    if (!target)
      throw problems.INVALID_QUERY(
        `A validation about "${table.name}" can speak of rows that "${field}" points at only where it is many-to-one.`,
      )
    return [{ id: idOf(field, said), field, target, said }]
  })
}

function rewritten(rule: unknown, item: Item, verdicts: ReadonlyMap<string, Verdict>): unknown {
  if (!isObject(rule)) return rule
  return Object.fromEntries(
    Object.entries(rule).map(([field, said]) => {
      if (Array.isArray(said) && (field === '_and' || field === '_or')) return [field, said.map((part) => rewritten(part, item, verdicts))]
      const verdict = isRelated(said) ? verdicts.get(idOf(field, said)) : undefined
      const value = item[field]
      if (!verdict || value === undefined) return [field, said]
      if (value === null) return [field, failsOnNull]
      const fits = verdict.fits.get(sameKey(verdict.target, keyIn(verdict.target, value)))
      if (!isObject(value)) return [field, fits ? passes : failsOnKey]
      return [field, fits !== false || decides(value, said) ? said : failsOnKey]
    }),
  )
}

async function fitting(
  { db, access, snapshot }: Scene,
  table: Table,
  said: object,
  keys: readonly unknown[],
): Promise<ReadonlyMap<string, boolean>> {
  if (!keys.length) return new Map()
  const lists = keyLists(table, keys)
  const writer = new Writer([], Number.POSITIVE_INFINITY)
  const named = keysCondition('t', table, (part) => writer.parameter({ kind: 'key', part }))
  const { seen, joins } = ruleTexts(writer, table, conditionsOf(snapshot, table, [{ filter: said }]), 't')
  const text = `select t.${quoteName(table.primaryKey[0]!)}::text as key, (${seen[0]}) as fits from ${quoteTable(table)} t${joins} where ${named}`
  const rows = await db.query<{ key: string; fits: boolean | null }>(text, bind(writer.done(text), { access, key: lists }))
  return new Map(rows.map(({ key, fits }) => [sameKey(table, key), fits === true]))
}
