/** Files as values of items: one, and many. */
import { textFile } from '../../form.ts'
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const first = 'aaaaaaaa-0000-4000-8000-0000000000a1'
const second = 'aaaaaaaa-0000-4000-8000-0000000000a2'

const scenario: Scenario = async (api) => {
  api.proves('issue: files as m2o and m2m of items')
  await api.table('f_pages', [
    autoKey(),
    field('title', 'string'),
    field('cover', 'uuid', { meta: { special: ['file'], interface: 'file-image' } }),
    field('gallery', 'alias', { meta: { special: ['files'], interface: 'files' } }),
  ])
  await api.table('f_pages_files', [autoKey(), field('page', 'integer'), field('file', 'uuid'), field('sort', 'integer')])
  await api.relate('f_pages', 'cover', 'directus_files')
  await api.relate('f_pages_files', 'page', 'f_pages', { one_field: 'gallery', junction_field: 'file', sort_field: 'sort' })
  await api.relate('f_pages_files', 'file', 'directus_files', { junction_field: 'page' })
  for (const id of [first, second])
    await api.upload(
      '/files',
      [
        ['id', id],
        ['x', textFile('x', `${id.at(-1)}.txt`)],
      ],
      { setup: true },
    )

  await api.post('/items/f_pages', {
    title: 'one',
    cover: first,
    gallery: [
      { file: second, sort: 1 },
      { file: first, sort: 2 },
    ],
  })
  await api.get('/items/f_pages?fields=title,cover.title,cover.type,gallery.file.title')
  await api.get('/items/f_pages?fields=title&filter[cover][title][_eq]=1')
  await api.get('/items/f_pages?fields=title&filter[gallery][file][filename_download][_eq]=2.txt')
  await api.patch('/items/f_pages/1?fields=cover.title', { cover: { id: first, title: 'Renamed' } })
  await api.post('/items/f_pages', { title: 'two', cover: 'aaaaaaaa-0000-4000-8000-00000000ffff' }, { label: 'a file that there is not' })
  await api.post('/items/f_pages', { title: 'three', cover: { title: 'x' } }, { label: 'a new file without a type' })
  await api.delete(`/files/${first}`)
  await api.get('/items/f_pages?fields=title,cover,gallery.file', { label: 'after a file has gone' })
  await api.delete(`/files/${second}`)
}

export default scenario
