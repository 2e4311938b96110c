/** What other plugins may import of the data engine, as `plinth/items`: its service, its hook points, their types. */
import type { Hono } from 'hono'
import { type Access, type Env, hookPoint, type Problem, service, type Table, type Transaction } from 'plinth'

/** A primary key as it stands in paths and histories: a composite one is its components in key order, percent-encoded, joined by `,`. */
export type Key = string | number

/** An item: field name → value, as it travels in JSON. */
export type Item = Record<string, unknown>

/** A query as it arrives: the URL's query string (without `?`), or an object as SEARCH bodies hold. */
export type QueryInput = string | Readonly<Record<string, unknown>>

export interface Caller {
  /** Whose rights apply. `system` has them all. */
  readonly access: Access
  /** Polled during long statements; true cancels them. */
  readonly gone?: () => boolean
  /** Work inside this transaction instead of one of its own. */
  readonly db?: Transaction
}

export type CrudAction = 'list' | 'read' | 'create' | 'update' | 'delete'

export interface Items {
  /** The whole answer of a list read as JSON text: `{"data":[…],"meta":{…}}`. One statement. */
  listText(collection: string, query: QueryInput, caller: Caller): Promise<string>
  /** The whole answer of a read by key as JSON text: `{"data":{…}}`. @throws FORBIDDEN when it is missing or not allowed. */
  oneText(collection: string, key: Key, query: QueryInput, caller: Caller): Promise<string>
  /** Refuses a query that no collection takes. @throws INVALID_QUERY */
  check(query: QueryInput): void
  /** The same for code: rows as objects. */
  list<Row = Item>(collection: string, query: QueryInput, caller: Caller): Promise<Row[]>
  one<Row = Item>(collection: string, key: Key, query: QueryInput, caller: Caller): Promise<Row>
  /** Creates all or none, answers their keys in order. */
  create(collection: string, rows: readonly Item[], caller: Caller): Promise<Key[]>
  /** Gives every item of `keys` the values of `patch`, answers the keys found. */
  update(collection: string, keys: readonly Key[], patch: Item, caller: Caller): Promise<Key[]>
  /** Several changes at once, each with its own keys. */
  updateEach(collection: string, changes: readonly Change[], caller: Caller): Promise<Key[]>
  delete(collection: string, keys: readonly Key[], caller: Caller): Promise<Key[]>
  /** What a validation rule, a filter over a payload, finds wrong with `item`; what the item leaves out passes. @throws INVALID_PAYLOAD for a pattern that is none */
  faultsOf(rule: unknown, item: Item): Promise<readonly Problem[]>
  /** What rules come to. */
  readonly rules: RulesTold
  /** Registers the usual routes of one collection: GET and SEARCH /, GET /:key, POST /, PATCH / and /:key, DELETE / and /:key. */
  crud(routes: Hono<Env>, collection: string, only?: readonly CrudAction[]): void
}

export const ruleActions = ['create', 'read', 'update', 'delete', 'share'] as const
export type RuleAction = (typeof ruleActions)[number]

export type TouchedActions = Readonly<Record<'update' | 'delete' | 'share', { readonly access: boolean; readonly [more: string]: unknown }>>

export interface RulesTold {
  /** By collection and action: `access` none, partial or full, `fields` and `presets`, variables resolved. */
  summary(access: Access): Promise<Record<string, Record<string, Item>>>
  /** Whether an item, the row of a singleton, or without a key anything of a collection may be touched. */
  touches(access: Access, collection: string, key?: string): Promise<TouchedActions>
  /** For administrators: the rules that count for `access`, whether they cover the row of a key, and the SQL that they come to. */
  explain(access: Access, collection: string, action: RuleAction, key?: string): Promise<Item>
}

export const items = service<Items>('items')

/** Shown in place of what is written but never read back; sent back, it changes nothing. */
export const mask = '**********'

interface WriteEvent {
  readonly table: Table
  /** The request's own transaction: what it writes is undone with the rest if anything fails. */
  readonly db: Transaction
  readonly access: Access
  /** Of a nested write: for each row or change the item that it stood in, an object among the `rows` or `patch`es of the event around this one. */
  readonly parents?: readonly Item[]
}

/** Around the creation of items. On the way in `rows` may be changed; after `next()` `keys` holds their keys in the same order. */
export interface CreateEvent extends WriteEvent {
  rows: Item[]
  keys: Key[]
  /** Fields with a column that handlers name on the way in, to see them as they have been stored. */
  readonly wanted: Set<string>
  /** After `next()`: for each of `keys` the wanted fields of its row, as answers show them. */
  stored?: readonly Item[]
}

/** What the items of `keys` get. */
export interface Change {
  keys: Key[]
  patch: Item
  /** After `next()`: for each of `keys` the wanted fields of its row, as answers show them. */
  stored?: readonly Item[]
}

/** Around a change. On the way in keys and patches may be changed; after `next()` `keys` are those that were found. */
export interface UpdateEvent extends WriteEvent {
  changes: Change[]
  /** Fields with a column that handlers name on the way in, to see them as they have become. */
  readonly wanted: Set<string>
}

export interface DeleteEvent extends WriteEvent {
  keys: Key[]
}

/** After commit, once for each create, update or delete that a request made. What happens here cannot be undone with the request. */
export interface ChangedEvent {
  readonly action: 'create' | 'update' | 'delete'
  readonly table: Table
  readonly keys: readonly Key[]
  readonly access: Access
}

/** Rows on their way out. With a handler on this point reads are parsed into objects, which costs time. */
export interface ReadEvent {
  readonly table: Table
  readonly access: Access
  rows: Item[]
}

/** A read of another version than the main one. Whoever keeps versions answers it; what nobody answers is not there. */
export interface VersionEvent {
  readonly table: Table
  readonly version: string
  /** Of a read by key; undefined for a list, of the rows of `keys` alone when there are such. */
  readonly key: unknown
  readonly keys: readonly unknown[] | undefined
  /** The rest of the query, checked. */
  readonly query: Readonly<Record<string, unknown>>
  readonly caller: Caller
  /** The whole answer as JSON text: `{"data":…}`. */
  answer: string | undefined
}

export const itemsVersion = hookPoint<VersionEvent>('items.version')
export const itemsCreate = hookPoint<CreateEvent>('items.create')
export const itemsUpdate = hookPoint<UpdateEvent>('items.update')
export const itemsDelete = hookPoint<DeleteEvent>('items.delete')
export const itemsChanged = hookPoint<ChangedEvent>('items.changed')
export const itemsRead = hookPoint<ReadEvent>('items.read')
