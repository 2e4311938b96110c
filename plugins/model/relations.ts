/** Links between tables: foreign keys joined with the rows of directus_relations and with plugins' specs. Pure. */
import type { CatalogueTable, ForeignKey, Link, Relation, RelationMeta } from 'plinth'

type Tables = ReadonlyMap<string, CatalogueTable>

const keyOf = (collection: string, field: string) => JSON.stringify([collection, field])

export interface Relations {
  /** Each many-to-one and each many-to-any once; again for each further field that lists its rows, then without the foreign key. */
  readonly relations: readonly Relation[]
  /** The many sides that plugins declared, by table: they are fields though no row of directus_fields says so. */
  readonly oneFields: ReadonlyMap<string, readonly string[]>
}

/** What `metas` say comes first, then foreign keys that they leave out. A row that leads nowhere is left out with a warning. */
export function toRelations(tables: Tables, metas: readonly RelationMeta[], warnings: string[]): Relations {
  const relations: Relation[] = []
  const oneFields = new Map<string, string[]>()
  const known = new Set<string>()
  for (const meta of metas) {
    // One column may be the many side of several fields: a policy's users and its roles are both behind directus_access.policy.
    const key = keyOf(meta.many_collection, meta.many_field)
    const keyAndSide = `${key} ${meta.one_collection} ${meta.one_field}`
    if (known.has(keyAndSide)) continue
    const relation = fromMeta(meta, tables, known.has(key))
    if (typeof relation === 'string') {
      if (!meta.system) warnings.push(`Relation of "${meta.many_collection}"."${meta.many_field}" is left out: ${relation}.`)
      continue
    }
    known.add(key).add(keyAndSide)
    relations.push(relation)
    if (meta.id === undefined && meta.one_field && relation.related) {
      oneFields.set(relation.related, [...(oneFields.get(relation.related) ?? []), meta.one_field])
    }
  }
  for (const table of tables.values()) {
    for (const foreignKey of table.foreignKeys) {
      const [field, ...others] = foreignKey.columns
      if (!field || others.length > 0 || !leadsTo(foreignKey, tables) || known.has(keyOf(table.name, field))) continue
      known.add(keyOf(table.name, field))
      relations.push(Object.freeze({ collection: table.name, field, related: foreignKey.table, foreignKey, meta: null }))
    }
  }
  return { relations, oneFields }
}

/** Whether the foreign key's target is a served one, and its column too. */
function leadsTo(foreignKey: ForeignKey, tables: Tables): boolean {
  const target = tables.get(foreignKey.table)
  return target?.schema === foreignKey.schema && foreignKey.targets.every((name) => target.columns.has(name))
}

/** The relation, or why there is none. */
function fromMeta(meta: RelationMeta, tables: Tables, isFurther: boolean): Relation | string {
  const { many_collection: collection, many_field: field, one_collection: related } = meta
  const table = tables.get(collection)
  if (!table) return `there is no table "${collection}"`
  if (!table.columns.has(field)) return 'there is no such column'
  if (related === null) return Object.freeze({ collection, field, related, foreignKey: null, meta })
  const target = tables.get(related)
  if (!target) return `there is no table "${related}"`
  const foreignKey = table.foreignKeys.find(
    (key) => key.columns.length === 1 && key.columns[0] === field && key.table === related && leadsTo(key, tables),
  )
  if (!foreignKey && target.primaryKey.length !== 1) return `table "${related}" has no primary key of one column`
  return Object.freeze({ collection, field, related, foreignKey: (!isFurther && foreignKey) || null, meta })
}

/** By table. A table's own columns lead to others (m2o, m2a); fields that meta names lead back (o2m). */
export function linksOf(relations: readonly Relation[], tables: Tables): ReadonlyMap<string, readonly Link[]> {
  const links = new Map<string, Link[]>()
  const add = (table: string, link: Link) => links.set(table, [...(links.get(table) ?? []), Object.freeze(link)])
  for (const relation of relations) {
    const { collection, field, related, foreignKey, meta } = relation
    if (related === null) {
      // Without a column that says of which table, it is told but leads nowhere.
      const collectionField = meta?.one_collection_field
      if (!collectionField || !tables.get(collection)?.columns.has(collectionField)) continue
      const targets = (meta.one_allowed_collections ?? []).filter((name) => tables.get(name)?.primaryKey.length === 1)
      add(collection, { kind: 'm2a', field, collectionField, targets, relation })
      continue
    }
    if (!links.get(collection)?.some((link) => link.kind === 'm2o' && link.field === field)) {
      const targetField = foreignKey?.targets[0] ?? tables.get(related)!.primaryKey[0]!
      add(collection, { kind: 'm2o', field, target: related, targetField, relation })
    }
    if (meta?.one_field) add(related, { kind: 'o2m', field: meta.one_field, target: collection, targetField: field, relation })
  }
  return links
}
