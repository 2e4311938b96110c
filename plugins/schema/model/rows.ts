/** What a diff says of collections, fields and relations → rows of the meta tables, each kind written in a few statements. */
import type { Item, Key } from 'plinth/items'
import type { Change } from '../change.ts'
import { isEqual } from './compare.ts'
import type { Delta, Deltas } from './difference.ts'

type MetaTable = 'directus_collections' | 'directus_fields' | 'directus_relations'

interface Entry {
  readonly collection: string
  readonly field?: string
  readonly related_collection?: string | null
  readonly meta: Readonly<Record<string, unknown>> | null
}

/** The columns that say what a row is about. Whatever `meta` holds of them does not count. */
const names: Readonly<Record<MetaTable, (entry: Entry) => Item>> = {
  directus_collections: ({ collection }) => ({ collection }),
  directus_fields: ({ collection, field }) => ({ collection, field }),
  directus_relations: ({ collection, field, related_collection }) => ({
    many_collection: collection,
    many_field: field,
    one_collection: related_collection ?? null,
  }),
}

const part = { directus_collections: 'collections', directus_fields: 'fields', directus_relations: 'relations' } as const

/** Rows of what is gone altogether go with it, in forget.ts; but for relations. */
export async function writeRows(change: Change, deltas: Deltas, table: MetaTable): Promise<void> {
  const list: readonly Delta<Entry>[] = deltas[part[table]]
  const rowOf = (entry: Entry): Item => {
    const { id: _, ...meta } = entry.meta ?? {}
    return { ...meta, ...names[table](entry) }
  }
  const fresh = list.filter(({ before, after }) => after?.meta && !before?.meta).map(({ after }) => rowOf(after!))
  if (fresh.length) await change.rows.create(table, fresh)

  const changes = list.flatMap(({ before, after }) => {
    if (!before?.meta || !after?.meta) return []
    const [was, is] = [rowOf(before), rowOf(after)]
    const patch = Object.fromEntries(Object.entries(is).filter(([name, value]) => !isEqual(was[name], value)))
    const key = keyOf(change, table, before)
    return key !== undefined && Object.keys(patch).length ? [{ keys: [key], patch }] : []
  })
  if (changes.length) await change.rows.updateEach(table, changes)

  const isForgotten = ({ before, after }: Delta<Entry>) => before?.meta && (after ? !after.meta : table === 'directus_relations')
  const gone = list.filter(isForgotten).flatMap(({ before }) => keyOf(change, table, before!) ?? [])
  if (gone.length) await change.rows.delete(table, gone)
}

function keyOf({ snapshot }: Change, table: MetaTable, { collection, field }: Entry): Key | undefined {
  if (table === 'directus_collections') return collection
  if (table === 'directus_fields') return snapshot.tables.get(collection)?.fields.get(field!)?.meta?.id
  return snapshot.relations.find((relation) => relation.collection === collection && relation.field === field && relation.meta)?.meta?.id
}
