/** The one way to a database. Drivers stand behind it: postgres.ts, and that of the plugin that brings an embedded one. Nothing else imports one. */

/** What may stand for `$1`: a number, boolean or bigint is sent as its text, an array as PostgreSQL's array literal. The server decides the type. */
export type Parameter = string | number | bigint | boolean | null | Uint8Array | readonly (string | number | bigint | boolean | null)[]

export interface QueryOptions {
  /** Asked now and then while the statement runs; once it answers true the statement is cancelled. */
  readonly gone?: () => boolean
  /** Never prepare it, so that it is planned with its parameters in sight: for patterns, which else are thought to match much and kept from their index. */
  readonly replan?: boolean
}

export interface Queryable {
  /**
   * Rows as objects. int2, int4, float and bool come as JavaScript values, json and jsonb parsed, bytea as Uint8Array, arrays as arrays,
   * everything else (int8, numeric, dates and times, uuid, enums…) as PostgreSQL's text, times in UTC.
   * @throws DatabaseError
   */
  query<Row = Record<string, unknown>>(text: string, parameters?: readonly Parameter[], options?: QueryOptions): Promise<Row[]>
  /** First column of the first row as PostgreSQL's own text, JSON included; undefined without a row, null for SQL's null. */
  text(text: string, parameters?: readonly Parameter[], options?: QueryOptions): Promise<string | null | undefined>
  /** Several statements without parameters or results, in one message: DDL, fixtures. May set its own statement_timeout; `query` and `text` cannot outlast ours. */
  execute(script: string): Promise<void>
}

/** Work inside BEGIN … COMMIT. */
export interface Transaction extends Queryable {
  /** Runs `work` in a savepoint: if it throws, only its own changes are undone. */
  savepoint<T>(work: () => Promise<T>): Promise<T>
  /**
   * Calls `send` once, when all else has succeeded, with every item that was given for it, in order; not with those that a savepoint took back.
   * The statements that it sends before its first `await` travel together with COMMIT, at no round trip of their own; if one fails all is undone.
   */
  last<T>(send: (items: readonly T[]) => Promise<unknown>, item: T): void
  /** Calls now what was given to `last` so far, so that a long transaction need not remember all of it. Not within a savepoint. */
  sendLast(): Promise<void>
}

export interface Listener {
  message(payload: string): void
  /** Notifications may have been missed from here on, until `ready`. */
  lost(): void
  ready(): void
}

export interface Capabilities {
  readonly driver: 'postgres' | 'pglite'
  /** Whether a running statement can be stopped (timeout, client gone). */
  readonly cancel: boolean
  /** Whether other processes may work on the same data. */
  readonly shared: boolean
}

export interface Database extends Queryable {
  readonly capabilities: Capabilities
  /**
   * Runs `work` in a transaction and runs it again, up to three times, after a serialization failure or a deadlock (40001, 40P01).
   * While it runs, the other methods of this Database throw when called from within: they would escape the rollback, or wait for themselves.
   */
  transaction<T>(work: (db: Transaction) => Promise<T>): Promise<T>
  /** Listens until the returned function is called; reconnects by itself. */
  listen(channel: string, listener: Listener): Promise<() => Promise<void>>
  notify(channel: string, payload: string): Promise<void>
  /** Of a pool: how many are at work, and how many more could be. */
  connections?(): { readonly used: number; readonly available: number }
  /** To be called when the schema has changed: a prepared statement keeps the parameter types of its first use, date where it is timestamp now. */
  forgetStatements(): void
  /** Waits for what is under way (bounded), then closes. */
  close(): Promise<void>
}

/** What a driver throws when the database refuses a statement or is not there. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  /** SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html; connection faults are '08006'. */
  readonly state: string
  declare readonly schema: string | undefined
  declare readonly table: string | undefined
  declare readonly column: string | undefined
  declare readonly constraint: string | undefined
  declare readonly detail: string | undefined
  /** It ended the connection, or did not let one begin: a password that was changed, a database that was dropped. */
  readonly fatal: boolean = false

  constructor(
    message: string,
    state: string,
    about: Partial<Pick<DatabaseError, 'schema' | 'table' | 'column' | 'constraint' | 'detail' | 'fatal'>> = {},
    cause?: unknown,
  ) {
    super(message, { cause })
    this.state = state
    Object.assign(this, about)
  }

  /** The database is not there, is shutting down, or has no room for us: the request may be tried again later. */
  get unavailable(): boolean {
    return this.fatal || /^(08|53|57P|58)/.test(this.state)
  }
}

/** A name for a statement's text. PostgreSQL's rule: double the quotes. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Where a table is, for a statement's text. */
export const quoteTable = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${quoteName(schema)}.${quoteName(name)}`

/** `{"a","b",NULL}`: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
export function arrayLiteral(values: readonly (string | number | bigint | boolean | null)[]): string {
  const item = (value: string | number | bigint | boolean | null) =>
    value === null ? 'NULL' : typeof value === 'string' ? `"${value.replace(/["\\]/g, '\\$&')}"` : String(value)
  return `{${values.map(item).join(',')}}`
}
