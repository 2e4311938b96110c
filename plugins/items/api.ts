/** What other plugins may import of the data engine, as `plinth/items`: its service, its hook points, their types. */
import type { Hono } from 'hono'
import {
  type Access,
  type Env,
  type Field,
  hookPoint,
  type Problem,
  type Queryable,
  type Snapshot,
  service,
  type Table,
  type Transaction,
} from 'plinth'

/** A primary key as it stands in paths and histories: a composite one is its components in key order, percent-encoded, joined by `,`. */
export type Key = string | number

/** An item: field name → value, as it travels in JSON. */
export type Item = Record<string, unknown>

/** A query as it arrives: the URL's query string (without `?`), or an object as SEARCH bodies hold. Code may say with `selection` what rows hold. */
export type QueryInput =
  | string
  | (Readonly<Record<string, unknown>> & { readonly [selection]?: readonly Selected[]; readonly [paging]?: Paging })

/** A symbol, so that nothing that arrives in a request can be it. */
export const selection: unique symbol = Symbol('selection')

/** Makes a list's `data` the object that `selection` describes: a page in edges. `backward` are the last rows, before the cursor where there is one. */
export const paging: unique symbol = Symbol('paging')
export type Paging = 'forward' | 'backward'

/**
 * In place of `fields`: one thing that each row of the answer holds, under a key of the client's choice. With it keys of items are text in the answer,
 * and numbers are numbers. `name` may be a function: `year(born)`. `query` is what `deep` says of a relation: `_filter`, `_sort`, `_limit`…
 */
export type Selected =
  | { readonly kind: 'field'; readonly key: string; readonly name: string }
  | { readonly kind: 'constant'; readonly key: string; readonly value: string }
  /** An object of things of the same row. */
  | { readonly kind: 'object'; readonly key: string; readonly of: readonly Selected[] }
  | {
      readonly kind: 'related'
      readonly key: string
      readonly name: string
      readonly query: Readonly<Record<string, unknown>>
      readonly of: readonly Selected[]
    }
  /** The item of a link to any of several collections, by collection. */
  | { readonly kind: 'any'; readonly key: string; readonly name: string; readonly of: Readonly<Record<string, readonly Selected[]>> }
  /** Of a group of rows: the values that they share; and what a function makes of them, or of fields. */
  | { readonly kind: 'group'; readonly key: string }
  | { readonly kind: 'aggregate'; readonly key: string; readonly fn: string; readonly of: readonly Selected[] | null }
  | PageSelected

/** Of a page in edges: these, each a row as `object`s and its `cursor`; what is told of the page itself, as fields; and how many rows there are on all. */
export type PageSelected =
  | { readonly kind: 'edges'; readonly key: string; readonly of: readonly Selected[] }
  | { readonly kind: 'cursor'; readonly key: string }
  | { readonly kind: 'page'; readonly key: string; readonly of: readonly Selected[] }
  | { readonly kind: 'total'; readonly key: string }

export interface Caller {
  /** Whose rights apply. `system` has them all. */
  readonly access: Access
  /** Polled during long statements; true cancels them. */
  readonly gone?: () => boolean
  /** Work inside this transaction instead of one of its own. */
  readonly db?: Transaction
}

export const crudActions = ['list', 'read', 'create', 'update', 'delete'] as const
export type CrudAction = (typeof crudActions)[number]

export interface CrudOptions {
  readonly only?: readonly CrudAction[]
  /** POST makes one item, and takes no list of them. */
  readonly single?: boolean
  /** Rows that lists have after those of the table, which then are all told at once. They have no key. */
  readonly besides?: (access: Access) => readonly Item[]
}

/** Rows that a list has after those of its table. */
export interface Besides {
  /** The query for all of the table's rows, unless it says how many. */
  unlimited(query: QueryInput): QueryInput & object
  of(query: QueryInput, access: Access): Promise<readonly Item[]>
}

export interface Items {
  /** The whole answer of a list read as JSON text: `{"data":[…],"meta":{…}}`. One statement. With `keys`: the rows among them that there are. */
  listText(collection: string, query: QueryInput, caller: Caller, keys?: readonly unknown[]): Promise<string>
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
  /** Changes the row of a singleton, or makes it when there is none. */
  saveSingleton(collection: string, patch: Item, caller: Caller): Promise<void>
  /** Runs `work` in one transaction, which it hands on with the caller; afterwards tells what changed. */
  within<T>(caller: Caller, work: (inside: Caller) => Promise<T>): Promise<T>
  /** What a validation rule, a filter over a payload, finds wrong with `item`; what the item leaves out passes. @throws INVALID_PAYLOAD for a pattern that is none */
  faultsOf(rule: unknown, item: Item): Promise<readonly Problem[]>
  /** What rules come to. */
  readonly rules: RulesTold
  /**
   * The whole answer of a read of versions, of these; undefined where the caller sees none of their items. They are written for it, in a transaction
   * that is undone: nobody else hears of that.
   */
  preview(event: VersionEvent, versions: readonly ItemVersion[]): Promise<string | undefined>
  /** Writes an item, a new one where the key is null, in a transaction that is undone. @throws what writing it would. */
  attempt(collection: string, key: Key | null, item: Item, caller: Caller): Promise<void>
  visible(access: Access): Visible
  /** System collections that have routes, and what these offer. */
  readonly served: ReadonlyMap<string, readonly CrudAction[]>
  /** Of collections that have such rows. */
  readonly besides: ReadonlyMap<string, Besides>
  /** Registers the usual routes of one collection: GET and SEARCH /, GET /:key, POST /, PATCH / and /:key, DELETE / and /:key. */
  crud(routes: Hono<Env>, collection: string, options?: CrudOptions): void
}

export const dateParts = ['year', 'month', 'week', 'day', 'weekday', 'hour', 'minute', 'second'] as const
export const aggregateFunctions = ['count', 'countDistinct', 'countAll', 'sum', 'sumDistinct', 'avg', 'avgDistinct', 'min', 'max'] as const

/** The schema as somebody may use it. Of equal fingerprints it is the same, as long as `version` is. */
export interface Visible {
  readonly version: string
  readonly fingerprint: string
  /** With the fields and links that may be read. */
  readonly tables: ReadonlyMap<string, Table>
  /** All that there are, as they are. */
  readonly known: ReadonlyMap<string, Table>
  /** Whether a field is null in rows that are seen but do not show it. */
  isPartial(table: Table, field: string): boolean
  /** The table as it is, and the fields that may be sent (null: all); undefined where the action is not allowed. */
  writable(
    action: 'create' | 'update' | 'delete',
    collection: string,
  ): { readonly table: Table; readonly fields: ReadonlySet<string> | null } | undefined
}

export const ruleActions = ['create', 'read', 'update', 'delete', 'share'] as const
export type RuleAction = (typeof ruleActions)[number]

export type TouchedActions = Readonly<Record<'update' | 'delete' | 'share', { readonly access: boolean; readonly [more: string]: unknown }>>

export interface RulesTold {
  /** The schema with what `access` may read alone. */
  model(access: Access): Snapshot
  /** By collection and action: `access` none, partial or full, `fields` and `presets`, variables resolved. */
  summary(access: Access): Promise<Record<string, Record<string, Item>>>
  /** Whether an item, the row of a singleton, or without a key anything of a collection may be touched. */
  touches(access: Access, collection: string, key?: string, db?: Queryable): Promise<TouchedActions>
  /** For administrators: the rules that count for `access`, whether they cover the row of a key, and the SQL that they come to. */
  explain(access: Access, collection: string, action: RuleAction, key?: string): Promise<Item>
}

export const items = service<Items>('items')

/** Shown in place of what is written but never read back; sent back, it changes nothing. */
export const mask = '**********'

/** Specials by which a field without a column says what it is; what a column that is gone has left behind says something else, or nothing. */
export const saysAlias = ({ special }: Pick<Field, 'special'>): boolean =>
  special.some((word) => /^(alias|o2m|m2m|m2a|files|translations)$/.test(word))

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
  /** Whether one item is wanted in the form in which it was saved, not as it would be. */
  readonly raw: boolean
  /** The rest of the query, checked. */
  readonly query: Readonly<Record<string, unknown>>
  readonly caller: Caller
  /** The whole answer as JSON text: `{"data":…}`. */
  answer: string | undefined
}

/** What would become of an item. */
export interface ItemVersion {
  readonly id: string
  /** Null: it is yet to be made. */
  readonly item: Key | null
  /** As a change of the item would be sent. */
  readonly patch: Item
  /** As it is kept, marks of who saved it and when included; null before anything is. */
  readonly saved: Item | null
}

export const itemsVersion = hookPoint<VersionEvent>('items.version')
export const itemsCreate = hookPoint<CreateEvent>('items.create')
export const itemsUpdate = hookPoint<UpdateEvent>('items.update')
export const itemsDelete = hookPoint<DeleteEvent>('items.delete')
export const itemsChanged = hookPoint<ChangedEvent>('items.changed')
export const itemsRead = hookPoint<ReadEvent>('items.read')
