/** Archives: a selection, a folder with those in it. */
import { entriesOf, makeShelf } from '../assets.ts'
import type { Api } from '../runner.ts'

export default async function archives(api: Api): Promise<void> {
  const { add, clear } = makeShelf(api)
  const made: string[] = []
  const folder = async (name: string, parent: string | null = null): Promise<string> => {
    const { data } = await api.post('/folders', { name, parent }, { setup: true })
    made.unshift(data.id)
    return data.id
  }
  const press = await folder('Press')
  const briefs = await folder('Briefs', press)
  const empty = await folder('Empty', press)
  const [one, two] = [await add('1', 'same.txt', 'text/plain'), await add('22', 'same.txt', 'text/plain')]
  await add('333', 'a.txt', 'text/plain', { folder: press })
  await add('4444', 'b.txt', 'text/plain', { folder: briefs })
  await add('55555', 'b.txt', 'text/plain', { folder: briefs })
  const nothing = 'aaaaaaaa-0000-4000-8000-000000000000'
  const archive = { see: entriesOf, headersKept: ['content-type', 'content-disposition'] }

  api.proves('files: zip')
  await api.post('/assets/files', { ids: [one] }, { ...archive, label: 'one file' })
  await api.post(
    '/assets/files',
    { ids: [two, one, two] },
    { label: 'files of one name, one of them twice', see: async (bytes) => (await entriesOf(bytes)).length },
  )
  await api.post('/assets/files', { ids: [one, nothing] }, { ...archive, label: 'one that is not there' })
  for (const [label, body] of Object.entries({
    none: {},
    'an empty list': { ids: [] },
    'no list': { ids: 'x' },
    'no keys': { ids: ['x'] },
    'none that is there': { ids: [nothing] },
  }))
    await api.post('/assets/files', body, { label })
  await api.post('/assets/files', { ids: [one] }, { label: 'without rights', token: null })

  api.proves('files: zip-folder')
  await api.post(
    `/assets/folder/${press}`,
    {},
    {
      ...archive,
      label: 'a folder with others in it',
      see: async (bytes) => (await entriesOf(bytes)).map((entry) => entry.replace(/ \d+$/, '')),
    },
  )
  for (const [label, id] of Object.entries({ 'an empty folder': empty, 'no folder': nothing, 'no key': 'nope' }))
    await api.post(`/assets/folder/${id}`, {}, { label })
  await api.post(`/assets/folder/${press}`, {}, { label: 'a folder without rights', token: null })

  await clear()
  for (const id of made) await api.delete(`/folders/${id}`, { setup: true })
}
