import type { Area } from './area.ts'

/** Server, settings, utilities, HTTP. */
export const system: Area = {
  name: 'system',
  complete: true,
  both: {
    health: 'health by rights',
    settings: 'settings are read and changed, never made or deleted',
    'app-users': 'what an app user may do to notifications and presets',
    triggers: 'webhooks of flows',
    invite: 'invitations and registrations',
    'random-string': 'random strings and their length',
    hash: 'hashes are made and compared',
    import: 'imports by key, atomic, with errors by line',
    'import-batch': 'imports of several collections',
    sort: 'sorting moves what lies between',
    revert: 'reverting to a revision',
    'cache-clear': 'clearing the cache by rights',
    'export-file': 'exports to a file',
    'export-answer': 'exports in the answer',
    'body-form': 'bodies that are no JSON',
    'search-body': 'SEARCH of items and of system collections',
    'query-forms': 'forms of parameters, repeated ones, fields as JSON, bounds',
    paths: 'slashes and the case of paths',
    bearer: 'how a token is named',
    'not-modified': 'conditional reads',
  },
  answers: {
    info: 'info by rights',
    documents: 'the documents of the API',
    preflight: 'preflights and headers of CORS',
  },
  refusals: {
    translations: 'a translation that is there already',
    required: 'each required field that is missing',
    methods: 'methods that a route has not',
  },
  pending: { triggers: 'flows' },
}
