/** /collections, /fields and /relations. Reads answer from the registry's snapshot, without a query. */
import type { Context } from 'hono'
import { type Env, type Host, problems, type Relation, readJson, type Table } from 'plinth'
import { createCollection, deleteCollection, updateCollection } from './collections.ts'
import {
  type CollectionAnswer,
  describeCollection,
  describeCollections,
  describeField,
  describeFields,
  describeFieldsOf,
  describeRelation,
  describeRelations,
  type FieldAnswer,
  isTold,
} from './describe.ts'
import { createField, deleteField, updateField } from './fields.ts'
import { admins } from './guard.ts'
import {
  parseCollection,
  parseCollectionPatch,
  parseField,
  parseFieldPatch,
  parsePatches,
  parseRelation,
  parseRelationPatch,
  parseSearch,
} from './input.ts'
import { createRelation, deleteRelation, updateRelation } from './relations.ts'
import type { RunChange } from './run.ts'
import { mayLose } from './switches.ts'

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
    .patch('/', admins, async (c) => {
      const patches = parsePatches(await readJson(c), 'collection', parseCollectionPatch)
      await run(c.env.accountability, async (change) => {
        for (const [collection, patch] of patches) await updateCollection(change, collection, patch)
      })
      return c.json({ data: all([...patches.keys()]) })
    })
    .patch('/:collection', admins, async (c) => {
      const collection = c.req.param('collection')
      const body = await readJson(c)
      const patch = parseCollectionPatch(Array.isArray(body) ? {} : body)
      await run(c.env.accountability, (change) => updateCollection(change, collection, patch))
      const found = describeCollection(host.registry.snapshot, collection)
      return found ? c.json({ data: found }) : c.body(null, 204)
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
  const told = (collection: string, name: string): FieldAnswer | undefined => {
    const table = tableOf(collection)
    const field = table.fields.get(name)
    return isTold(field) ? describeField(table, field) : undefined
  }
  const answer = (c: Context<Env>, field: FieldAnswer | undefined) => (field ? c.json({ data: field }) : c.body(null, 204))

  host
    .routes('/fields')
    .get('/', admins, (c) => c.json({ data: describeFields(host.registry.snapshot) }))
    .get('/:collection', admins, (c) => c.json({ data: describeFieldsOf(tableOf(c.req.param('collection'))) }))
    .get('/:collection/:field', admins, (c) => {
      const found = told(c.req.param('collection'), c.req.param('field'))
      if (!found) throw problems.FORBIDDEN()
      return c.json({ data: found })
    })
    .post('/:collection', admins, async (c) => {
      const collection = c.req.param('collection')
      tableOf(collection)
      const definition = parseField(await readJson(c))
      await run(c.env.accountability, (change) => createField(change, collection, definition))
      return answer(c, told(collection, definition.field))
    })
    .patch('/:collection', admins, async (c) => {
      const collection = c.req.param('collection')
      tableOf(collection)
      const patches = parsePatches(await readJson(c), 'field', parseFieldPatch)
      const options = { mayLose: mayLose(c) }
      await run(c.env.accountability, async (change) => {
        for (const [field, patch] of patches) await updateField(change, collection, field, patch, options)
      })
      const answers = [...patches.keys()].flatMap((field) => told(collection, field) ?? [])
      return answers.length ? c.json({ data: answers }) : c.body(null, 204)
    })
    .patch('/:collection/:field', admins, async (c) => {
      const { collection, field } = c.req.param()
      const patch = parseFieldPatch(await readJson(c))
      await run(c.env.accountability, (change) => updateField(change, collection, field, patch, { mayLose: mayLose(c) }))
      return answer(c, told(collection, field))
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
    .patch('/:collection/:field', admins, async (c) => {
      const { collection, field } = c.req.param()
      const patch = parseRelationPatch(await readJson(c))
      await run(c.env.accountability, (change) => updateRelation(change, collection, field, patch))
      return c.json({ data: describeRelation(one(collection, field)) })
    })
    .delete('/:collection/:field', admins, async (c) => {
      await run(c.env.accountability, (change) => deleteRelation(change, c.req.param('collection'), c.req.param('field')))
      return c.body(null, 204)
    })
}
