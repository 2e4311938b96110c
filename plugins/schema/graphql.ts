/** GraphQL's /graphql/system: collections, fields and relations. */
import { byRoute, type RootCall, segment, systemFields } from 'plinth/graphql'

/** What is told of a thing may be missing: a system field has no id, and of a system collection no more than what differs from others. */
const metas = {
  collections: `collection: String! icon: String note: String display_template: String hidden: Boolean! singleton: Boolean! translations: JSON
    archive_field: String archive_app_filter: Boolean archive_value: String unarchive_value: String sort_field: String accountability: String
    color: String item_duplication_fields: JSON sort: Int group: String collapse: String preview_url: String versioning: Boolean status: String
    autosave_revision_interval: Float`,
  fields: `id: Int collection: String! field: String! special: [String] interface: String options: JSON display: String display_options: JSON
    readonly: Boolean! hidden: Boolean! sort: Int width: String translations: JSON note: String conditions: JSON required: Boolean group: String
    validation: JSON validation_message: String searchable: Boolean!`,
  relations: `id: Int many_collection: String many_field: String one_collection: String one_field: String one_collection_field: String
    one_allowed_collections: [String] junction_field: String sort_field: String one_deselect_action: String`,
}
const schemas = {
  collections: 'name: String comment: String',
  fields: `name: String table: String data_type: String default_value: String max_length: Int numeric_precision: Int numeric_scale: Int
    is_generated: Boolean generation_expression: String is_indexed: Boolean is_nullable: Boolean is_unique: Boolean is_primary_key: Boolean
    has_auto_increment: Boolean foreign_key_column: String foreign_key_table: String comment: String`,
  relations: `table: String! column: String! foreign_key_table: String! foreign_key_column: String! constraint_name: String on_update: String!
    on_delete: String!`,
}
const names = {
  collections: 'collection: String',
  fields: 'collection: String field: String type: String',
  relations: 'collection: String field: String related_collection: String',
}
const kinds = ['collections', 'fields', 'relations'] as const
/** What is sent may leave out anything, so that the types of what was written promise nothing. */
const optional = (fields: string) => fields.replaceAll('!', '')

const typesOf = (prefix: string, metaOf: (fields: string) => string) =>
  kinds.map(
    (kind) => `
  type ${prefix}directus_${kind}_meta { ${metaOf(metas[kind])} }
  type ${prefix}directus_${kind}_schema { ${schemas[kind]} }
  type ${prefix}directus_${kind} { ${names[kind]} meta: ${prefix}directus_${kind}_meta schema: ${prefix}directus_${kind}_schema }`,
  )
const inputs = kinds.map(
  (kind) => `
  input write_directus_${kind}_meta_input { ${optional(metas[kind])} }
  input write_directus_${kind}_schema_input { ${schemas[kind]} }
  input write_directus_${kind}_input { ${names[kind]} meta: write_directus_${kind}_meta_input schema: write_directus_${kind}_schema_input
    ${kind === 'collections' ? 'fields: [write_directus_fields_input!]' : ''} }`,
)

const reads = `${typesOf('', (fields) => fields).join('')}
  type Query {
    collections: [directus_collections!]!
    collections_by_name(name: String!): directus_collections
    fields: [directus_fields!]!
    fields_in_collection(collection: String!): [directus_fields!]!
    fields_by_name(collection: String!, field: String!): directus_fields
    relations: [directus_relations!]!
    relations_in_collection(collection: String!): [directus_relations!]!
    relations_by_name(collection: String!, field: String!): directus_relations
  }`

/** Indexes are made in the transaction of all that is made with them: the argument is taken, and changes nothing. */
const concurrent = 'concurrentIndexCreation: Boolean = false'

const changes = `${[...typesOf('write_', optional), ...inputs].join('')}
  type delete_collection { collection: String }
  type delete_field { collection: String field: String }
  type delete_relation { collection: String field: String }
  type Mutation {
    create_collections_item(data: write_directus_collections_input!, ${concurrent}): write_directus_collections
    update_collections_item(collection: String!, data: write_directus_collections_input!): write_directus_collections
    delete_collections_item(collection: String!): delete_collection
    create_fields_item(collection: String!, data: write_directus_fields_input!, ${concurrent}): write_directus_fields
    update_fields_item(collection: String!, field: String!, data: write_directus_fields_input!, ${concurrent}): write_directus_fields
    update_fields_items(collection: String!, data: [write_directus_fields_input!], ${concurrent}): [write_directus_fields!]
    delete_fields_item(collection: String!, field: String!): delete_field
    create_relations_item(data: write_directus_relations_input!): write_directus_relations
    update_relations_item(collection: String!, field: String!, data: write_directus_relations_input!): write_directus_relations
    delete_relations_item(collection: String!, field: String!): delete_relation
  }`

type Args = RootCall['args']

const named = ({ name }: Args) => `/collections/${segment(name)}`
const inside = (kind: string) => (args: Args) => `/${kind}/${segment(args.collection)}`
const at = (kind: string) => (args: Args) => `/${kind}/${segment(args.collection)}/${segment(args.field)}`
const body = ({ data }: Args) => data
/** What is deleted is told by the names that were sent. */
const told = (_: unknown, args: Args) => args

/** For whoever reads anything. */
export const modelFields = systemFields(reads, {
  collections: byRoute('GET', { path: '/collections' }),
  collections_by_name: byRoute('GET', { path: named }),
  fields: byRoute('GET', { path: '/fields' }),
  fields_in_collection: byRoute('GET', { path: inside('fields') }),
  fields_by_name: byRoute('GET', { path: at('fields') }),
  relations: byRoute('GET', { path: '/relations' }),
  relations_in_collection: byRoute('GET', { path: inside('relations') }),
  relations_by_name: byRoute('GET', { path: at('relations') }),
})

/** For administrators. */
export const changeFields = systemFields(changes, {
  create_collections_item: byRoute('POST', { path: '/collections', body }),
  update_collections_item: byRoute('PATCH', { path: inside('collections'), body }),
  delete_collections_item: byRoute('DELETE', { path: inside('collections'), value: told }),
  create_fields_item: byRoute('POST', { path: inside('fields'), body }),
  update_fields_item: byRoute('PATCH', { path: at('fields'), body }),
  update_fields_items: byRoute('PATCH', { path: inside('fields'), body }),
  delete_fields_item: byRoute('DELETE', { path: at('fields'), value: told }),
  create_relations_item: byRoute('POST', { path: '/relations', body }),
  update_relations_item: byRoute('PATCH', { path: at('relations'), body }),
  delete_relations_item: byRoute('DELETE', { path: at('relations'), value: told }),
})
