/** A query as plain data, its values apart from its shape: two queries of one shape share a plan. */

/** One selected path: `author.name` → ['author', 'name']; `*` stands for all fields of its level. */
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

/** A filter's shape. `value` is an index into the query's values; null where the operator takes none. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly kind: 'field'; readonly name: string; readonly of: Filter }
  | { readonly kind: 'compare'; readonly operator: Operator; readonly value: number | null }

export type MetaName = 'total_count' | 'filter_count'

/** What a query is apart from the values it compares with. Small enough to be a cache key as JSON. */
export interface QueryShape {
  readonly fields: readonly FieldPath[]
  readonly filter: Filter | null
  readonly sort: readonly SortKey[]
  /** Rows; -1 for all; null for the default. */
  readonly limit: number | null
  readonly hasOffset: boolean
  readonly meta: readonly MetaName[]
}

export interface Query {
  readonly shape: QueryShape
  /** What `_eq` and its kin compare with, as it was sent. */
  readonly values: readonly unknown[]
  readonly offset: number
}
