/** GraphQL's /graphql/system: a file by its address. All else of files is as of other collections. */
import { byRoute, JsonText, systemFields } from 'plinth/graphql'
import { type Items, selection } from 'plinth/items'
import { filesTable } from './tables.ts'

const imported = byRoute('POST', { path: '/files/import?fields=id', body: ({ url, data }) => ({ url, data: data ?? {} }) })

/** What was imported stands, although its importer may not see it. */
export const importField = (items: Items) =>
  systemFields('type Mutation { import_file(url: String!, data: create_directus_files_input): directus_files }', {
    import_file: {
      once: true,
      async resolve(call) {
        const made = await imported.resolve(call)
        if (typeof made !== 'object') return null
        const { id } = made as { id: string }
        const { accountability: access, gone } = call.context
        const text = await items.oneText(filesTable.name, id, { [selection]: call.select() }, { access, gone })
        return new JsonText(text.slice('{"data":'.length, -1))
      },
    },
  })
