/** Query and Mutation of one scope, for one set of rights: what everybody with these rights may ask. */
import {
  GraphQLBoolean,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldMap,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql'
import type { Table } from 'plinth'
import { type CrudAction, crudActions, type Items, type Visible } from 'plinth/items'
import type { RootField, Scope } from './api.ts'
import { means } from './meaning.ts'
import {
  createMany,
  createOne,
  readAggregated,
  readConnection,
  readList,
  readOne,
  readVersion,
  remove,
  save,
  updateEach,
  updateMany,
  updateOne,
} from './resolve.ts'
import { VoidType } from './scalars.ts'
import { definedLeaf } from './sdl.ts'
import { sharedTypes, Types } from './types.ts'

const required = (type: typeof GraphQLID | typeof GraphQLString) => ({ type: new GraphQLNonNull(type) })
const listOfIds = { type: new GraphQLNonNull(new GraphQLList(GraphQLID)) }
const version = { type: GraphQLString }

const deletedOne = new GraphQLObjectType({
  name: 'delete_one',
  fields: { id: { ...required(GraphQLID), ...means({ kind: 'field', name: 'id' }) } },
})
const deletedMany = new GraphQLObjectType({
  name: 'delete_many',
  fields: { ids: { ...listOfIds, ...means({ kind: 'field', name: 'ids' }) } },
})

/** A root field of a collection, and how it is made: most are never asked for. */
type Offer = readonly [name: string, make: () => RootField]

/** What may be asked at the root: what plugins add, and the fields of collections. */
export class Roots {
  readonly #added = new Map<string, RootField>()
  readonly #made = new Map<string, RootField>()
  /** By the name that a collection has here. */
  readonly #tables: ReadonlyMap<string, Table>
  readonly #offers: (table: Table, name: string) => Iterable<Offer>

  constructor(tables: ReadonlyMap<string, Table>, offers: (table: Table, name: string) => Iterable<Offer>) {
    this.#tables = tables
    this.#offers = offers
  }

  add(name: string, root: RootField): void {
    this.#added.set(name, root)
  }

  *names(): Generator<string> {
    yield* this.#added.keys()
    for (const [name, table] of this.#tables) for (const [offered] of this.#offers(table, name)) yield offered
  }

  get isEmpty(): boolean {
    return this.names().next().done === true
  }

  find(name: string): RootField | undefined {
    const known = this.#added.get(name) ?? this.#made.get(name)
    if (known) return known
    for (const collection of collectionsIn(name)) {
      const table = this.#tables.get(collection)
      if (!table) continue
      for (const [offered, make] of this.#offers(table, collection)) {
        if (offered !== name) continue
        const root = make()
        this.#made.set(name, root)
        return root
      }
    }
    return undefined
  }
}

const ends = /_(by_id|by_version|aggregated|connection|items|item|batch)$/

/** What may be the collection that a root field is of. */
function collectionsIn(name: string): Set<string> {
  const bare = [name, name.replace(/^(create|update|delete)_/, '')]
  return new Set([...bare, ...bare.map((one) => one.replace(ends, ''))])
}

export interface Built {
  readonly query: Roots
  readonly mutation: Roots
  readonly types: Types
}

/** The fields of collections; others are added to these before `lazySchema` and `wholeSchema`. */
export function collectionRoots(engine: Items, visible: Visible, scope: Scope, connections: boolean): Built {
  const types = new Types(visible, connections, engine.besides)
  const actionsOf = (table: Table) => (scope === 'system' ? (engine.served.get(table.name) ?? []) : crudActions)
  const own = [...types.known.values()].filter((table) => table.system === (scope === 'system') && actionsOf(table).length > 0)
  const tables = new Map(own.map((table) => [scope === 'system' ? table.name.replace(/^directus_/, '') : table.name, table]))
  const query = new Roots(tables, function* offerReads(table, name) {
    const seen = types.tables.get(table.name)
    if (!seen || !actionsOf(table).includes('list')) return
    yield* readRoots(engine, types, seen, name, actionsOf(table))
    if (connections && hasPlaces(seen, visible)) yield connectionRoot(engine, types, seen, name)
  })
  const mutation = new Roots(tables, (table, name) => writeRoots(engine, types, visible, table, name, actionsOf(table)))
  return { query, mutation, types }
}

function* readRoots(engine: Items, types: Types, table: Table, name: string, actions: readonly CrudAction[]): Generator<Offer> {
  if (table.singleton) {
    yield [name, () => ({ type: types.row(table), args: { version }, resolve: readList(engine, table) })]
    return
  }
  const listOf = (type: GraphQLObjectType) => new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)))
  yield [name, () => ({ type: listOf(types.row(table)), args: types.arguments(table), resolve: readList(engine, table) })]
  if (actions.includes('read') && table.primaryKey.length)
    yield [`${name}_by_id`, () => ({ type: types.row(table), args: { id: required(GraphQLID), version }, resolve: readOne(engine, table) })]
  if (table.meta?.versioning || !table.system) {
    const args = { id: required(GraphQLID), version: required(GraphQLString) }
    yield [`${name}_by_version`, () => ({ type: types.version(table), args, resolve: readVersion(engine, table) })]
  }
  yield [
    `${name}_aggregated`,
    () => ({
      type: listOf(types.aggregated(table)),
      args: { groupBy: { type: new GraphQLList(GraphQLString) }, ...types.arguments(table) },
      resolve: readAggregated(engine, table),
    }),
  ]
}

/** Whether rows are told apart by what is seen of them: the key is part of each place in their order. */
const hasPlaces = (table: Table, { isPartial }: Visible): boolean =>
  !table.singleton && table.primaryKey.length > 0 && table.primaryKey.every((key) => table.fields.has(key) && !isPartial(table, key))

function connectionRoot(engine: Items, types: Types, table: Table, name: string): Offer {
  const make = () => {
    const { filter, sort, search } = types.arguments(table)
    const [count, place] = [{ type: GraphQLInt }, { type: GraphQLString }]
    const args = { first: count, after: place, last: count, before: place, filter, sort, search } as GraphQLFieldConfigArgumentMap
    return { type: new GraphQLNonNull(types.connection(table)), args, resolve: readConnection(engine, table) }
  }
  return [`${name}_connection`, make]
}

function* writeRoots(
  engine: Items,
  types: Types,
  visible: Visible,
  table: Table,
  name: string,
  actions: readonly CrudAction[],
): Generator<Offer> {
  // What has no key cannot be told from others, nor be shown once it is made.
  if (!table.primaryKey.length) return
  const seen = types.tables.get(table.name)
  const readable = seen !== undefined
  const one = () => (seen ? types.row(seen) : GraphQLBoolean)
  const many = () => (seen ? new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(types.row(seen)))) : GraphQLBoolean)
  const args = (): GraphQLFieldConfigArgumentMap => (seen ? types.arguments(seen) : {})
  const may = (action: 'create' | 'update' | 'delete') => actions.includes(action) && visible.writable(action, table.name) !== undefined
  const joins = true
  if (may('create') && !table.singleton) {
    const type = () => new GraphQLNonNull(types.input('create', table)!)
    yield [
      `create_${name}_items`,
      () => ({
        type: many(),
        args: { ...args(), data: { type: new GraphQLList(type()) } },
        joins,
        resolve: createMany(engine, table, readable),
      }),
    ]
    yield [
      `create_${name}_item`,
      () => ({ type: one(), args: { data: { type: type() } }, joins, resolve: createOne(engine, table, readable) }),
    ]
  }
  if (may('update')) {
    const type = () => new GraphQLNonNull(types.input('update', table)!)
    const data = () => ({ data: { type: type() } })
    if (table.singleton) yield [`update_${name}`, () => ({ type: one(), args: data(), joins, resolve: save(engine, table, readable) })]
    else {
      yield [
        `update_${name}_items`,
        () => ({ type: many(), args: { ...args(), ids: listOfIds, ...data() }, joins, resolve: updateMany(engine, table, readable) }),
      ]
      const each = () => ({ data: { type: new GraphQLList(type()) } })
      yield [
        `update_${name}_batch`,
        () => ({ type: many(), args: { ...args(), ...each() }, joins, resolve: updateEach(engine, table, readable) }),
      ]
      yield [
        `update_${name}_item`,
        () => ({ type: one(), args: { id: required(GraphQLID), ...data() }, joins, resolve: updateOne(engine, table, readable) }),
      ]
    }
  }
  if (may('delete') && !table.singleton) {
    yield [`delete_${name}_items`, () => ({ type: deletedMany, args: { ids: listOfIds }, joins, resolve: remove(engine, table) })]
    yield [`delete_${name}_item`, () => ({ type: deletedOne, args: { id: required(GraphQLID) }, joins, resolve: remove(engine, table) })]
  }
}

const configOf = (root: RootField): GraphQLFieldConfig<unknown, unknown> => ({
  type: root.type,
  ...(root.args && { args: root.args }),
  ...means({ kind: 'root', root }),
})

/** A schema must have a field to ask for. */
const nothing: RootField = { type: VoidType, resolve: async () => null }
const withSome = (query: Roots): Roots => {
  if (query.isEmpty) query.add('_empty', nothing)
  return query
}

/** Query or Mutation, whose fields are made when they are asked for. */
class RootType extends GraphQLObjectType {
  readonly #fields: GraphQLFieldMap<unknown, unknown>

  constructor(name: string, roots: Roots) {
    super({ name, fields: {} })
    const made: GraphQLFieldMap<unknown, unknown> = Object.create(null)
    const find = (field: string | symbol) => {
      if (typeof field !== 'string' || made[field]) return made[field as string]
      const root = roots.find(field)
      if (root) made[field] = new GraphQLObjectType({ name, fields: { [field]: configOf(root) } }).getFields()[field]!
      return made[field]
    }
    this.#fields = new Proxy(made, {
      get: (_, field) => find(field),
      has: (_, field) => find(field) !== undefined,
      ownKeys: () => [...new Set(roots.names())],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    })
  }

  override getFields(): GraphQLFieldMap<unknown, unknown> {
    return this.#fields
  }
}

/**
 * A schema whose types are made as documents name them: most documents name few of them. For validation and execution; what there is on all is told
 * by `wholeSchema`.
 */
export class LazySchema extends GraphQLSchema {
  readonly #types: Types
  readonly #query: GraphQLObjectType
  readonly #mutation: GraphQLObjectType | undefined

  constructor({ query, mutation, types }: Built) {
    super({ assumeValid: true })
    this.#types = types
    this.#query = new RootType('Query', withSome(query))
    this.#mutation = mutation.isEmpty ? undefined : new RootType('Mutation', mutation)
  }

  /** Types that were made with all their fields. */
  get size(): number {
    return this.#types.size
  }

  override getQueryType(): GraphQLObjectType {
    return this.#query
  }

  override getMutationType(): GraphQLObjectType | undefined {
    return this.#mutation
  }

  override getType(name: string): GraphQLNamedType | undefined {
    if (name === 'Query') return this.#query
    if (name === 'Mutation') return this.#mutation
    return super.getType(name) ?? this.#types.named(name) ?? shared.get(name) ?? definedLeaf(name)
  }
}

const shared: ReadonlyMap<string, GraphQLNamedType> = new Map([...sharedTypes, deletedOne, deletedMany].map((type) => [type.name, type]))

/** All that there is, for those who are told of it. Not validated: it is made of names that were, and that would take longer than the rest. */
export function wholeSchema({ query, mutation }: Built): GraphQLSchema {
  const typeOf = (name: string, roots: Roots) => {
    const fields = () => Object.fromEntries([...roots.names()].map((field) => [field, configOf(roots.find(field)!)]))
    return new GraphQLObjectType({ name, fields })
  }
  return new GraphQLSchema({
    query: typeOf('Query', withSome(query)),
    mutation: mutation.isEmpty ? null : typeOf('Mutation', mutation),
    assumeValid: true,
  })
}
