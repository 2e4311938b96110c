/** A query as plain data, its values apart from its shape: two queries of one shape share a plan. */
import type { aggregateFunctions, PageSelected, Paging, Selected } from './api.ts'
import type { Cursor } from './cursor.ts'

/** One selected path: `author.name` → ['author', 'name']; `*` stands for all fields of its level, the last may be a function: `year(born)`. */
export type FieldPath = readonly string[]

export interface SortKey {
  readonly path: FieldPath
  readonly descending: boolean
}

export const operators = [
  '_eq',
  '_neq',
  '_lt',
  '_lte',
  '_gt',
  '_gte',
  '_in',
  '_nin',
  '_null',
  '_nnull',
  '_empty',
  '_nempty',
  '_between',
  '_nbetween',
  '_contains',
  '_ncontains',
  '_icontains',
  '_nicontains',
  '_starts_with',
  '_nstarts_with',
  '_istarts_with',
  '_nistarts_with',
  '_ends_with',
  '_nends_with',
  '_iends_with',
  '_niends_with',
] as const
export type Operator = (typeof operators)[number]

const equality: ReadonlySet<string> = new Set(['_eq', '_neq', '_in', '_nin', '_null', '_nnull'])
export const isEquality = (operator: string): boolean => equality.has(operator)

/** Whether anything may stand before, and behind, the text that an operator looks for; neither for those that look for none. */
export const openEnds = (operator: string): readonly [before: boolean, behind: boolean] => [
  /(contains|ends_with)$/.test(operator),
  /(contains|starts_with)$/.test(operator),
]

/** What a variable is taken from: the caller's user or role, the role and its ancestors, or all policies. */
export const callerParts = ['user', 'role', 'roles', 'policies'] as const
export type CallerPart = (typeof callerParts)[number]

export type JsonValue = 'text' | 'number'

/** A filter's shape. `value` is an index into the query's values; null where the operator takes none. */
export type Filter =
  | { readonly kind: 'and'; readonly of: readonly Filter[] }
  | { readonly kind: 'or'; readonly of: readonly Filter[] }
  | { readonly kind: 'field'; readonly name: string; readonly of: Filter }
  | { readonly kind: 'compare'; readonly operator: Operator; readonly value: number | null }
  /** Compared with what is the caller's own: `$CURRENT_USER.role.name`; without a path the key, or keys. */
  | { readonly kind: 'caller'; readonly operator: Operator; readonly of: CallerPart; readonly path: FieldPath }
  /** `of` is said of what a JSON column holds at `path`, read as a number where it is compared with one. */
  | { readonly kind: 'json'; readonly path: readonly string[]; readonly as: JsonValue; readonly of: Filter }
  /** Whether any related row, or none, is as `of` says. */
  | { readonly kind: 'some'; readonly of: Filter }
  | { readonly kind: 'none'; readonly of: Filter }

/** What is searched for decides which columns can hold it. */
export interface Search {
  readonly value: number
  readonly form: 'text' | 'whole' | 'number' | 'uuid'
}

export type AggregateFunction = (typeof aggregateFunctions)[number]

export interface Aggregate {
  readonly fn: AggregateFunction
  /** `*` counts rows. */
  readonly field: string
}

/** Which rows of a list, and in which order. */
export interface ListShape {
  readonly filter: Filter | null
  readonly search: Search | null
  readonly sort: readonly SortKey[]
  /** Rows; -1 for all; null for the default. */
  readonly limit: number | null
  /** Name in the answer → field. */
  readonly alias: Readonly<Record<string, string>>
  /** Instead of rows. */
  readonly aggregate: readonly Aggregate[]
  readonly group: readonly FieldPath[]
  /** The same said of related rows, by field. */
  readonly deep: Readonly<Record<string, DeepShape>>
}

export interface DeepShape extends ListShape {
  readonly offset: number
  /** The same where pages do not count, as of a many-to-one relation. */
  readonly skipped: number
}

/** A `Selected` with what was said of related rows checked. */
export type Wish =
  | Exclude<Selected, PageSelected | { kind: 'related' | 'object' | 'any' }>
  | { readonly kind: 'object'; readonly key: string; readonly of: readonly Wish[] }
  | { readonly kind: 'related'; readonly key: string; readonly name: string; readonly rows: DeepShape; readonly of: readonly Wish[] }
  | { readonly kind: 'any'; readonly key: string; readonly name: string; readonly of: Readonly<Record<string, readonly Wish[]>> }

/** How a page in edges is told. What is shown of rows are columns of their own: a node says in which it is. */
export interface PageShape {
  readonly direction: Paging
  readonly parts: readonly PagePart[]
}

type Constant = Extract<Selected, { kind: 'constant' }>
type Named<K extends string, T> = { readonly kind: K; readonly key: string } & T
export type PagePart =
  | Constant
  | Named<'edges', { readonly of: readonly EdgePart[] }>
  | Named<'page', { readonly of: readonly (Constant | Named<'field', { readonly name: PageField }>)[] }>
  | Named<'total', unknown>
export type EdgePart = Constant | Named<'cursor', unknown> | Named<'node', { readonly column: string }>

export const pageFields = ['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'] as const
export type PageField = (typeof pageFields)[number]

export const metaNames = ['total_count', 'filter_count', 'estimated_count', 'next_cursor'] as const
export type MetaName = (typeof metaNames)[number]

/** What a query is apart from the values it compares with. Small enough to be a cache key as JSON. */
export interface QueryShape extends ListShape {
  readonly fields: readonly FieldPath[]
  /** The page in edges that `wishes` are the nodes of; null for rows. */
  readonly page: PageShape | null
  /** In place of `fields`; keys are text then, and numbers are numbers. */
  readonly wishes: readonly Wish[] | null
  readonly hasOffset: boolean
  /** Whether rows behind a cursor are wanted. */
  readonly behind: boolean
  /** Whether wildcards open the way back to the parent. */
  readonly backlink: boolean
  readonly meta: readonly MetaName[]
}

export const exportFormats = ['csv', 'csv_utf8', 'json', 'ndjson', 'xml', 'yaml'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface Query {
  readonly shape: QueryShape
  /** The file that the rows are wanted as; null for an answer. */
  readonly export: ExportFormat | null
  /** Whether the statement and its plan are wanted instead of an answer; `analyze` runs it for that. */
  readonly explain: 'plan' | 'analyze' | null
  /** What `_eq` and its kin compare with, as it was sent. */
  readonly values: readonly unknown[]
  readonly offset: number
  readonly cursor: Cursor | null
  /** The version that is asked for; null for the main one. */
  readonly version: string | null
}
