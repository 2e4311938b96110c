/** /collections, /fields and /relations. Reads answer from the registry's snapshot, without a query. */
import type { Context, Next } from 'hono'
import { type Access, type Env, type Host, problems, type Relation, readJson, type Table } from 'plinth'
import type { Change } from './change.ts'
import { createCollection, deleteCollection } from './collections.ts'
import {
  type CollectionAnswer,
  describeCollection,
  describeCollections,
  describeField,
  describeFields,
  describeFieldsOf,
  describeRelation,
  describeRelations,
  isTold,
} from './describe.ts'
import { createField, deleteField } from './fields.ts'
import { parseCollection, parseField, parseRelation, parseSearch } from './input.ts'
import { createRelation } from './relations.ts'

/** Runs one change in a transaction; once it resolves the registry knows the new schema. */
export type RunChange = <T>(access: Access, work: (change: Change) => Promise<T>) => Promise<T>

const admins = async <P extends string>(c: Context<Env, P>, next: Next): Promise<void> => {
  if (!c.env.accountability.admin) throw problems.FORBIDDEN()
  await next()
}

export function collectionRoutes(host: Host, run: RunChange): void {
  const one = (name: string): CollectionAnswer => {
    const found = describeCollection(host.registry.snapshot, name)
    if (!found) throw problems.FORBIDDEN()
    return found
  }
  const all = (names: readonly string[]) =>
    describeCollections(host.registry.snapshot).filter(({ collection }) => names.includes(collection))

  host
    .routes('/collections')
    .get('/', admins, (c) => c.json({ data: describeCollections(host.registry.snapshot) }))
    .on('SEARCH', '/', admins, async (c) => {
      const { keys } = parseSearch(await readJson(c))
      return c.json({ data: keys ? all(keys) : describeCollections(host.registry.snapshot) })
    })
    .get('/:collection', admins, (c) => c.json({ data: one(c.req.param('collection')) }))
    .post('/', admins, async (c) => {
      const body = await readJson(c)
      const definitions = Array.isArray(body) ? body.map(parseCollection) : [parseCollection(body)]
      await run(c.env.accountability, async (change) => {
        for (const definition of definitions) await createCollection(change, definition)
      })
      return c.json({ data: Array.isArray(body) ? all(definitions.map(({ collection }) => collection)) : one(definitions[0]!.collection) })
    })
    .delete('/:collection', admins, async (c) => {
      await run(c.env.accountability, (change) => deleteCollection(change, c.req.param('collection')))
      return c.body(null, 204)
    })
}

export function fieldRoutes(host: Host, run: RunChange): void {
  const tableOf = (name: string): Table => {
    const table = host.registry.snapshot.tables.get(name)
    if (!table) throw problems.FORBIDDEN()
    return table
  }

  host
    .routes('/fields')
    .get('/', admins, (c) => c.json({ data: describeFields(host.registry.snapshot) }))
    .get('/:collection', admins, (c) => c.json({ data: describeFieldsOf(tableOf(c.req.param('collection'))) }))
    .get('/:collection/:field', admins, (c) => {
      const table = tableOf(c.req.param('collection'))
      const field = table.fields.get(c.req.param('field'))
      if (!isTold(field)) throw problems.FORBIDDEN()
      return c.json({ data: describeField(table, field) })
    })
    .post('/:collection', admins, async (c) => {
      const collection = c.req.param('collection')
      tableOf(collection)
      const definition = parseField(await readJson(c))
      await run(c.env.accountability, (change) => createField(change, collection, definition))
      const table = tableOf(collection)
      const field = table.fields.get(definition.field)
      return isTold(field) ? c.json({ data: describeField(table, field) }) : c.body(null, 204)
    })
    .delete('/:collection/:field', admins, async (c) => {
      await run(c.env.accountability, (change) => deleteField(change, c.req.param('collection'), c.req.param('field')))
      return c.body(null, 204)
    })
}

export function relationRoutes(host: Host, run: RunChange): void {
  const one = (collection: string, field: string): Relation => {
    const { tables, relations } = host.registry.snapshot
    const found = tables.has(collection) && relations.find((relation) => relation.collection === collection && relation.field === field)
    if (!found) throw problems.FORBIDDEN()
    if (!found.meta?.system) return found
    // One by one, only the database's part of our own relations is told.
    if (!found.foreignKey) throw problems.FORBIDDEN()
    return { ...found, meta: null }
  }

  host
    .routes('/relations')
    .get('/', admins, (c) => c.json({ data: describeRelations(host.registry.snapshot) }))
    .get('/:collection', admins, (c) => {
      const collection = c.req.param('collection')
      if (!host.registry.snapshot.tables.has(collection)) throw problems.FORBIDDEN()
      return c.json({ data: describeRelations(host.registry.snapshot, collection) })
    })
    .get('/:collection/:field', admins, (c) => c.json({ data: describeRelation(one(c.req.param('collection'), c.req.param('field'))) }))
    .post('/', admins, async (c) => {
      const definition = parseRelation(await readJson(c))
      await run(c.env.accountability, (change) => createRelation(change, definition))
      return c.json({ data: describeRelation(one(definition.collection, definition.field)) })
    })
}
