import type { Area } from './area.ts'

/** GraphQL, and REST as the SDK asks it. */
export const graphql: Area = {
  name: 'graphql',
  complete: true,
  both: {
    execution: 'errors while a query runs, of lists and of nullable roots',
    token: 'tokens by header and query',
    caller: 'the schema of whoever asks',
    arguments: 'limits, groups and keys as arguments',
    methods: 'GET and POST, and other methods',
    singleton: 'roots of a singleton',
    transactions: 'each mutation by itself',
    inputs: 'what a create needs',
    relations: 'relations in inputs',
    m2a: 'many-to-any in inputs',
    many: 'mutations of many items',
    create: 'create without read',
    'system-public': 'mutations that are public',
    'system-users': 'own user, policies and roles in the system schema',
    'system-login': 'sign-in, refresh and sign-out',
    emails: 'addresses of users',
    'rest-version': 'unknown versions, public health',
  },
  answers: {
    types: 'types of columns',
    filters: 'types of filters, quantifiers and scopes',
    functions: 'functions of columns',
    unions: 'unions of many-to-any items',
    aggregates: 'aggregates and groups',
    delete: 'deletion tells keys',
    'system-roots': 'root fields of the system schema',
    'system-inputs': 'inputs of collections and relations',
    'rest-numbers': 'aggregates and functions over REST',
    'rest-empty': 'answers without a body',
    'rest-defaults': 'icons and permissions of an app',
  },
  refusals: {
    validation: 'queries that do not fit the schema',
    bodies: 'bodies and variables that cannot be read',
    folder: 'deleting a folder with children',
  },
}
