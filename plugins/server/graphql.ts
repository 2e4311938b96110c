/** GraphQL's /graphql/system: the server's own affairs. */
import { byRoute, systemFields } from 'plinth/graphql'

const sdl = /* GraphQL */ `
  type server_info_project {
    project_name: String project_descriptor: String project_logo: String project_color: String default_language: String
    public_foreground: String public_background: String public_note: String custom_css: String
    public_registration: Boolean public_registration_verify_email: Boolean
  }
  type server_info_query_limit { default: Int max: Int }
  type server_info { project: server_info_project version: String rateLimit: JSON rateLimitGlobal: JSON queryLimit: server_info_query_limit }
  type Query {
    server_ping: String
    server_info: server_info
    server_health: JSON
  }
`

const extensions = /* GraphQL */ `
  type directus_extensions_meta { enabled: Boolean }
  type directus_extensions_schema { name: String type: String local: Boolean }
  type directus_extensions { id: ID name: String! bundle: String meta: directus_extensions_meta schema: directus_extensions_schema }
  type Query { extensions: [directus_extensions!]! }
`

/** For administrators. */
export const extensionFields = systemFields(extensions, {
  extensions: byRoute('GET', {
    path: '/extensions',
    value: (rows: { schema: { name: string } }[]) => rows.map((row) => ({ ...row, name: row.schema.name })),
  }),
})

export const serverFields = systemFields(sdl, {
  server_ping: byRoute('GET', { path: '/server/ping' }),
  server_info: byRoute('GET', { path: '/server/info' }),
  server_health: byRoute('GET', { path: '/server/health' }),
})
