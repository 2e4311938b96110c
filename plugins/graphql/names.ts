/** Which collections GraphQL has names for. Needs no library, so that a start can tell. Pure. */
import type { Table } from 'plinth'

const spelled = /^(?!__)[A-Za-z_]\w*$/

export const isSpelled = (name: string): boolean => spelled.test(name)

/** Types that every schema has. */
const reserved = new Set(
  [
    'Query Mutation Subscription Boolean Float ID Int String JSON Date Hash Void GraphQLBigInt GraphQLJsonFilter GraphQLStringOrFloat',
    'delete_one delete_many delete_collection delete_field delete_relation auth_mode auth_tokens server_info server_info_project server_info_query_limit',
    'users_me_tfa_generate_data graphql_sdl_scope policy_me_globals_type permissions_me_type _empty',
    ...['string', 'id', 'number', 'big_int', 'boolean', 'hash', 'json', 'date'].map((kind) => `${kind}_filter_operators`),
    ...['datetime', 'date', 'time', 'count'].map((kind) => `${kind}_functions ${kind}_function_filter_operators`),
  ].flatMap((names) => names.split(' ')),
)

/** What is made of a collection's name. */
const derived = (name: string, connections: boolean): string[] => [
  ...['filter', 'quantifier_filter', 'aggregated', 'aggregated_count', 'aggregated_fields', 'by_id', 'by_version'].map(
    (end) => `${name}_${end}`,
  ),
  ...['create', 'update'].map((action) => `${action}_${name}_input`),
  `version_${name}`,
  `create_${name}_nested_input`,
  ...(connections ? [`${name}_connection`, `${name}_edge`] : []),
]

/** Names that can't be spelled, or that stand for something else, are left out. */
export function leftOut(tables: ReadonlyMap<string, Table>, connections: boolean): ReadonlySet<string> {
  const taken = new Set([...tables.keys()].filter(isSpelled).flatMap((name) => derived(name, connections)))
  if (connections) taken.add('PageInfo')
  return new Set([...tables.keys()].filter((name) => !isSpelled(name) || reserved.has(name) || taken.has(name)))
}

/** Of tables that are served, the fields that can't be named: `table.field`. */
export const fieldsLeftOut = (tables: ReadonlyMap<string, Table>, without: ReadonlySet<string>): string[] => {
  return [...tables.values()].flatMap(({ name, fields }) =>
    without.has(name) ? [] : [...fields.keys()].filter((field) => !isSpelled(field)).map((field) => `${name}.${field}`),
  )
}
