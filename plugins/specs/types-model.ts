/** What the types are made of: the schema that somebody sees, or a model in a file. Pure. */
import { isObject, type Link, StartError, type Table } from 'plinth'

export interface TypedField {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly array: boolean
  readonly labels: readonly string[] | null
  /** Collections whose items it may hold; `many`: a list of them. */
  readonly targets: readonly string[]
  readonly many: boolean
}

export interface TypedCollection {
  readonly name: string
  readonly singleton: boolean
  /** The field of its key, if it is one. */
  readonly key: string | undefined
  readonly fields: readonly TypedField[]
}

const targetsOf = (link: Link | undefined): readonly string[] =>
  link === undefined ? [] : link.kind === 'm2a' ? link.targets : [link.target]

export function ofTables(tables: Iterable<Table>): TypedCollection[] {
  return [...tables].map((table) => ({
    name: table.name,
    singleton: table.singleton,
    key: table.primaryKey.length === 1 ? table.primaryKey[0] : undefined,
    fields: [...table.fields.values()]
      .filter(({ name, column }) => column || table.links.has(name))
      .map(({ name, type, column }) => {
        const link = table.links.get(name)
        const { nullable = false, array = false, labels = null } = column ?? {}
        return { name, type, nullable, array, labels, targets: targetsOf(link), many: link?.kind === 'o2m' }
      }),
  }))
}

const listIn = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isObject) : [])
const part = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {})

/** `document`: what /schema/snapshot answers. @throws StartError for anything else. */
export function ofDocument(document: unknown): TypedCollection[] {
  if (!isObject(document) || !Array.isArray(document.collections) || !Array.isArray(document.fields)) {
    throw new StartError('The file holds no model: it needs "collections" and "fields", as `plinth schema snapshot` writes them.')
  }
  const relations = listIn(document.relations)
  const fields = listIn(document.fields)
  return listIn(document.collections)
    .filter(({ schema }) => isObject(schema))
    .map(({ collection, meta }) => ({
      name: String(collection),
      singleton: part(meta).singleton === true,
      key: fields.find((field) => field.collection === collection && part(field.schema).is_primary_key === true)?.field as
        | string
        | undefined,
      fields: fields
        .filter((field) => field.collection === collection)
        // Columns first, as in a table.
        .sort((a, b) => Number(!isObject(a.schema)) - Number(!isObject(b.schema)))
        .map(({ field, type, schema }) => ({
          name: String(field),
          type: String(type),
          nullable: part(schema).is_nullable === true,
          array: String(part(schema).data_type ?? '').endsWith('[]'),
          labels: null,
          ...linkIn(relations, String(collection), String(field)),
        }))
        .filter(({ type, targets }) => type !== 'alias' || targets.length > 0),
    }))
}

function linkIn(relations: readonly Record<string, unknown>[], collection: string, field: string): Pick<TypedField, 'targets' | 'many'> {
  for (const relation of relations) {
    const meta = part(relation.meta)
    if (relation.collection === collection && relation.field === field) {
      const any = Array.isArray(meta.one_allowed_collections) ? meta.one_allowed_collections.map(String) : []
      return { targets: relation.related_collection ? [String(relation.related_collection)] : any, many: false }
    }
    if (relation.related_collection === collection && meta.one_field === field)
      return { targets: [String(relation.collection)], many: true }
  }
  return { targets: [], many: false }
}
