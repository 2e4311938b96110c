/** Exports, to a file and in the answer. What comes of a file in the background is tested in test/plugins/import. */
import { autoKey, field } from '../fields.ts'
import { as, person } from '../people.ts'
import type { Json, Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('c_writers', [autoKey(), field('name', 'string')])
  await api.table('c_exported', [autoKey(), field('title', 'string'), field('author', 'integer')])
  await api.relate('c_exported', 'author', 'c_writers')
  await api.seed('c_exported', [{ title: 'ä', author: { name: 'Ann' } }, { title: 'b' }])
  const nobody = as(api, 'nobody', null)
  const reader = await person(api, 'reader', [{ collection: 'c_exported' }])

  api.proves('system: export-file')
  const query = { fields: ['title'] }
  for (const format of ['csv', 'csv_utf8', 'json', 'xml', 'yaml'])
    await api.post('/utils/export/c_exported', { format, query }, { label: `to ${format}` })
  await api.post('/utils/export/c_exported', { format: 'csv', query, file: { title: 'T', folder: null } }, { label: 'with a title' })
  await api.post('/utils/export/c_exported', { format: 'csv', query: {} }, { label: 'everything' })
  // The files and notifications come later.
  const expected = new Set(['text/csv', 'application/json', 'text/xml', 'text/yaml'])
  const found = async () => (await api.get('/files?limit=-1&fields=type,title', { setup: true })).data as Json[]
  for (let tries = 0; tries < 200 && (await found()).length < 7; tries++) await new Promise((done) => setTimeout(done, 20))
  await api.get('/files?limit=-1&fields=type', {
    label: 'types of the files',
    keep: ({ data }: Json) => [...new Set(data.map(({ type }: Json) => type).filter((type: string) => expected.has(type)))].sort(),
  })
  await api.get('/files?filter[title][_eq]=T&fields=title,type,folder,storage', { label: 'the file with a title' })
  await api.get('/files?filter[title][_starts_with]=export-c_exported&filter[type][_eq]=text/csv&fields=filename_download&limit=1', {
    label: 'names',
    keep: ({ data }: Json) => data.map((file: Json) => file.filename_download.replace(/\d+/g, '#')),
  })
  const told = async () =>
    (await api.get('/notifications?filter[collection]=directus_files&limit=-1&fields=id', { setup: true })).data as Json[]
  for (let tries = 0; tries < 200 && (await told()).length < 7; tries++) await new Promise((done) => setTimeout(done, 20))
  await api.get('/notifications?filter[collection]=directus_files&limit=-1&fields=collection,item,status,recipient,sender', {
    label: 'notifications',
    keep: ({ data }: Json) => ({
      many: data.length,
      status: data[0].status,
      item: typeof data[0].item,
      toThemselves: data.every((one: Json) => one.recipient === one.sender),
    }),
  })
  await api.post('/utils/export/c_exported', { query }, { label: 'no format' })
  await api.post('/utils/export/c_exported', { format: 'csv' }, { label: 'no query' })
  await api.post('/utils/export/c_exported', {}, { label: 'nothing' })
  await api.post('/utils/export/c_exported', [], { label: 'a list' })
  await api.post('/utils/export/c_exported', { format: 'csv', query: 5 }, { label: 'a query that is none' })
  await api.call('POST', '/utils/export/c_exported', { label: 'no body' })
  await api.post('/utils/export/c_nowhere', { format: 'csv', query }, { label: 'a collection that is not there' })
  await nobody.post('/utils/export/c_exported', { format: 'csv', query }, { label: 'without rights' })
  await api.post('/utils/export/c_exported', { format: 'pdf', query }, { label: 'an unknown format' })
  await api.post('/utils/export/c_exported', { format: 'csv', query: { fields: ['nothing'] } }, { label: 'an unknown field' })
  await api.post('/utils/export/c_exported', { format: 'csv', query: { limit: 'x' } }, { label: 'a limit that is none' })
  await reader.post('/utils/export/c_exported', { format: 'csv', query }, { label: 'by whoever may make no files' })
  await api.get('/utils/export/c_exported')
  await api.post('/utils/export', { format: 'csv', query })

  api.proves('system: export-answer')
  const headersKept = ['content-type', 'content-disposition']
  const answer = (parameters: string) => api.get(`/items/c_exported?${parameters}`, { headersKept })
  for (const format of ['csv', 'csv_utf8', 'json', 'xml', 'yaml']) await answer(`fields=title&sort=id&export=${format}`)
  await answer('fields=title,author.name&sort=id&export=csv')
  await answer('fields=title,author.name&sort=-id&export=csv')
  for (const format of ['pdf', 'CSV', '']) await answer(`export=${format}`)
  await nobody.get('/items/c_exported?export=csv')

  await api.call('DELETE', '/files', { setup: true, body: { query: { limit: -1 } } })
  await api.call('DELETE', '/notifications', { setup: true, body: { query: { limit: -1 } } })
}

export default scenario
