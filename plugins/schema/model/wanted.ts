/** What a document asks for, said in full: what it leaves open is as it is here, so that applying it a second time finds nothing to do. Pure. */
import { type Model, type ModelCollection, type ModelField, type ModelRelation, vendor } from './document.ts'

type Fields = Readonly<Record<string, unknown>>

/** `said` over `current`, of which it can only name members. */
function over(current: Fields, said: Fields): Fields {
  const known = Object.entries(said).filter(([name, value]) => Object.hasOwn(current, name) && value !== undefined)
  return { ...current, ...Object.fromEntries(known) }
}

const metaOver = (current: Fields | null | undefined, said: Fields | null | undefined): Fields | null => {
  if (said === undefined) return current ?? null
  return said && current ? over(current, said) : said
}

/** The lists of `wanted`, each entry that exists already completed from it. */
export function wantedPart(current: Model, wanted: Model): Pick<Model, 'collections' | 'fields' | 'relations' | 'systemFields'> {
  const known = <T extends { collection: string; field?: string }>(list: readonly T[]) => {
    const byKey = new Map(list.map((entry) => [JSON.stringify([entry.collection, entry.field]), entry]))
    return ({ collection, field }: { collection: string; field?: string }) => byKey.get(JSON.stringify([collection, field]))
  }
  const [collection, field, relation] = [known(current.collections), known(current.fields), known(current.relations)]
  const isForeign = wanted.vendor !== vendor
  return {
    collections: wanted.collections.map((entry) => toCollection(entry, collection(entry))),
    fields: wanted.fields.map((entry) => toField(entry, field(entry), isForeign)),
    systemFields: wanted.systemFields,
    relations: wanted.relations.map((entry) => toRelation(entry, relation(entry))),
  }
}

/** A table does not become a folder because a document says nothing of it. */
function toCollection(wanted: ModelCollection, current: ModelCollection | undefined): ModelCollection {
  const schema = current?.schema ?? wanted.schema
  return {
    collection: wanted.collection,
    meta: metaOver(current?.meta, wanted.meta),
    ...(schema && { schema: { name: wanted.collection } }),
  }
}

function toField(wanted: ModelField, current: ModelField | undefined, isForeign: boolean): ModelField {
  const { collection, field, type } = wanted
  const said = wanted.schema ?? (type === 'alias' ? undefined : current?.schema)
  const schema = said && current?.schema ? columnOver(current.schema, said, isForeign && type === current.type) : said
  return {
    collection,
    field,
    type,
    meta: metaOver(current?.meta, wanted.meta),
    ...(schema && { schema: current ? { ...schema, name: field, table: collection } : schema }),
  }
}

/** Relations tell of foreign keys. Of another kind of database only the API's type counts, and how long a text may be. */
function columnOver(current: Fields, said: Fields, isSameType: boolean): Fields {
  const column: Fields = { ...over(current, said), ...(said.default_is_expression === true && { default_is_expression: true }) }
  const isAsHere: Record<string, boolean> = {
    foreign_key_table: true,
    foreign_key_column: true,
    data_type: isSameType,
    // A size is told of every type, and means something for few.
    max_length: current.data_type === column.data_type && !String(column.data_type).startsWith('character'),
    numeric_precision: isSameType || (current.data_type === column.data_type && column.data_type !== 'numeric'),
    numeric_scale: isSameType || (current.data_type === column.data_type && column.data_type !== 'numeric'),
    default_value:
      Boolean(current.has_auto_increment && column.has_auto_increment) || (isNow(current.default_value) && isNow(column.default_value)),
  }
  return Object.fromEntries(Object.entries(column).map(([name, value]) => [name, isAsHere[name] ? current[name] : value]))
}

/** The same function by two names. */
const isNow = (value: unknown): boolean => value === 'now()' || value === 'CURRENT_TIMESTAMP'

function toRelation(wanted: ModelRelation, current: ModelRelation | undefined): ModelRelation {
  const { collection, field, related_collection } = wanted
  const schema = wanted.schema && current?.schema ? over(current.schema, wanted.schema) : wanted.schema
  return {
    collection,
    field,
    related_collection,
    meta: metaOver(current?.meta, wanted.meta),
    ...(schema && { schema }),
  }
}
