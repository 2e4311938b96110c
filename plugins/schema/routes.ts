/** /collections, /fields and /relations. Reads answer from the caller's model, without a query. */
import type { Context } from 'hono'
import { type Env, type Host, problems, type Relation, readJson, type Snapshot, type Table } from 'plinth'
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
import { admins, type ModelOf } from './guard.ts'
import type { RunChange } from './run.ts'
import { mayLose } from './switches.ts'

/** Loaded when the first change comes: most servers read only. */
const changes = () => import('./changes.ts')

type C<P extends string> = Context<Env, P>

export function collectionRoutes(host: Pick<Host, 'routes'>, run: RunChange, modelOf: ModelOf): void {
  const one = (model: Snapshot, name: string): CollectionAnswer => {
    const found = describeCollection(model, name)
    if (!found) throw problems.FORBIDDEN()
    return found
  }
  const all = (model: Snapshot, names: readonly string[]) =>
    describeCollections(model).filter(({ collection }) => names.includes(collection))
  const read = <P extends string>(c: C<P>) => modelOf(c, 'directus_collections')

  host
    .routes('/collections')
    .get('/', (c) => c.json({ data: describeCollections(read(c)) }))
    .on('SEARCH', '/', async (c) => {
      const { parseSearch } = await changes()
      const model = read(c)
      const { keys } = parseSearch(await readJson(c))
      // Who asks for what is not theirs is told so, like by name; administrators get what there is.
      if (!c.env.accountability.admin) for (const name of keys ?? []) one(model, name)
      return c.json({ data: keys ? all(model, keys) : describeCollections(model) })
    })
    .get('/:collection', (c) => c.json({ data: one(read(c), c.req.param('collection')) }))
    .post('/', admins, async (c) => {
      const { createCollection, parseCollection } = await changes()
      const body = await readJson(c)
      const definitions = Array.isArray(body) ? body.map(parseCollection) : [parseCollection(body)]
      await run(c.env.accountability, async (change) => {
        for (const definition of definitions) await createCollection(change, definition)
      })
      const names = definitions.map(({ collection }) => collection)
      return c.json({ data: Array.isArray(body) ? all(read(c), names) : one(read(c), names[0]!) })
    })
    .patch('/', admins, async (c) => {
      const { parseCollectionPatch, parsePatches, updateCollection } = await changes()
      const patches = parsePatches(await readJson(c), 'collection', parseCollectionPatch)
      await run(c.env.accountability, async (change) => {
        for (const [collection, patch] of patches) await updateCollection(change, collection, patch)
      })
      return c.json({ data: all(read(c), [...patches.keys()]) })
    })
    .patch('/:collection', admins, async (c) => {
      const { parseCollectionPatch, updateCollection } = await changes()
      const collection = c.req.param('collection')
      const body = await readJson(c)
      const patch = parseCollectionPatch(Array.isArray(body) ? {} : body)
      await run(c.env.accountability, (change) => updateCollection(change, collection, patch))
      const found = describeCollection(read(c), collection)
      return found ? c.json({ data: found }) : c.body(null, 204)
    })
    .delete('/:collection', admins, async (c) => {
      const { deleteCollection } = await changes()
      await run(c.env.accountability, (change) => deleteCollection(change, c.req.param('collection')))
      return c.body(null, 204)
    })
}

export function fieldRoutes(host: Pick<Host, 'routes'>, run: RunChange, modelOf: ModelOf): void {
  const tableOf = (model: Snapshot, name: string): Table => {
    const table = model.tables.get(name)
    if (!table) throw problems.FORBIDDEN()
    return table
  }
  const told = <P extends string>(c: C<P>, collection: string, name: string): FieldAnswer | undefined => {
    const table = tableOf(modelOf(c), collection)
    const field = table.fields.get(name)
    return isTold(field) ? describeField(table, field) : undefined
  }
  const answer = <P extends string>(c: C<P>, field: FieldAnswer | undefined) => (field ? c.json({ data: field }) : c.body(null, 204))

  host
    .routes('/fields')
    .get('/', (c) => c.json({ data: describeFields(modelOf(c, 'directus_fields')) }))
    .get('/:collection', (c) => c.json({ data: describeFieldsOf(tableOf(modelOf(c, 'directus_fields'), c.req.param('collection'))) }))
    // A field that one reads may be asked about, whatever else one is told.
    .get('/:collection/:field', (c) => {
      const found = told(c, c.req.param('collection'), c.req.param('field'))
      if (!found) throw problems.FORBIDDEN()
      return c.json({ data: found })
    })
    .post('/:collection', admins, async (c) => {
      const { createField, parseField } = await changes()
      const collection = c.req.param('collection')
      tableOf(modelOf(c), collection)
      const definition = parseField(await readJson(c))
      await run(c.env.accountability, (change) => createField(change, collection, definition))
      return answer(c, told(c, collection, definition.field))
    })
    .patch('/:collection', admins, async (c) => {
      const { parseFieldPatch, parsePatches, updateField } = await changes()
      const collection = c.req.param('collection')
      tableOf(modelOf(c), collection)
      const patches = parsePatches(await readJson(c), 'field', parseFieldPatch)
      const options = { mayLose: mayLose(c) }
      await run(c.env.accountability, async (change) => {
        for (const [field, patch] of patches) await updateField(change, collection, field, patch, options)
      })
      const answers = [...patches.keys()].flatMap((field) => told(c, collection, field) ?? [])
      return answers.length ? c.json({ data: answers }) : c.body(null, 204)
    })
    .patch('/:collection/:field', admins, async (c) => {
      const { parseFieldPatch, updateField } = await changes()
      const { collection, field } = c.req.param()
      const patch = parseFieldPatch(await readJson(c))
      await run(c.env.accountability, (change) => updateField(change, collection, field, patch, { mayLose: mayLose(c) }))
      return answer(c, told(c, collection, field))
    })
    .delete('/:collection/:field', admins, async (c) => {
      const { deleteField } = await changes()
      await run(c.env.accountability, (change) => deleteField(change, c.req.param('collection'), c.req.param('field')))
      return c.body(null, 204)
    })
}

export function relationRoutes(host: Pick<Host, 'routes'>, run: RunChange, modelOf: ModelOf): void {
  const read = <P extends string>(c: C<P>) => modelOf(c, 'directus_relations')
  const one = ({ tables, relations }: Snapshot, collection: string, field: string): Relation => {
    const found = tables.has(collection) && relations.find((relation) => relation.collection === collection && relation.field === field)
    if (!found) throw problems.FORBIDDEN()
    if (!found.meta?.system) return found
    // One by one, only the database's part of our own relations is told.
    if (!found.foreignKey) throw problems.FORBIDDEN()
    return { ...found, meta: null }
  }

  host
    .routes('/relations')
    .get('/', (c) => c.json({ data: describeRelations(read(c)) }))
    .get('/:collection', (c) => {
      const model = read(c)
      const collection = c.req.param('collection')
      if (!model.tables.has(collection)) throw problems.FORBIDDEN()
      return c.json({ data: describeRelations(model, collection) })
    })
    .get('/:collection/:field', (c) => c.json({ data: describeRelation(one(read(c), c.req.param('collection'), c.req.param('field'))) }))
    .post('/', admins, async (c) => {
      const { createRelation, parseRelation } = await changes()
      const definition = parseRelation(await readJson(c))
      await run(c.env.accountability, (change) => createRelation(change, definition))
      return c.json({ data: describeRelation(one(read(c), definition.collection, definition.field)) })
    })
    .patch('/:collection/:field', admins, async (c) => {
      const { parseRelationPatch, updateRelation } = await changes()
      const { collection, field } = c.req.param()
      const patch = parseRelationPatch(await readJson(c))
      await run(c.env.accountability, (change) => updateRelation(change, collection, field, patch))
      return c.json({ data: describeRelation(one(read(c), collection, field)) })
    })
    .delete('/:collection/:field', admins, async (c) => {
      const { deleteRelation } = await changes()
      await run(c.env.accountability, (change) => deleteRelation(change, c.req.param('collection'), c.req.param('field')))
      return c.body(null, 204)
    })
}
