/** Files changed, replaced and deleted; folders; imports. */
import { textFile } from '../../form.ts'
import { picture } from '../pictures.ts'
import type { Scenario } from '../runner.ts'

const missing = 'aaaaaaaa-0000-4000-8000-00000000ffff'

const scenario: Scenario = async (api) => {
  api.proves('files: missing')
  await api.patch(`/files/${missing}`, { title: 'x' })
  await api.delete(`/files/${missing}`)
  await api.get(`/files/${missing}`)
  await api.get('/files/nope')
  await api.upload(`/files/${missing}`, [['x', textFile('x')]], { method: 'PATCH', label: 'a content for a missing file' })

  api.proves('files: replace')
  const made = await api.upload(
    '/files',
    [
      ['focal_point_x', '3'],
      ['focal_point_y', '4'],
      ['x', picture()],
    ],
    { setup: true },
  )
  const { id } = made.data
  const shown = `/files/${id}?fields=title,type,filename_download,filename_disk,filesize,focal_point_x,focal_point_y,width,height,modified_by`
  await api.upload(shown, [['x', textFile('text', 'b.txt')]], { method: 'PATCH', label: 'a text in place of a picture' })
  await api.upload(
    shown,
    [
      ['title', 'New'],
      ['description', 'd'],
      ['x', picture('gif', 'c.gif')],
    ],
    { method: 'PATCH', label: 'a picture in place of a text' },
  )
  await api.upload(`/files/${id}`, [['title', 'x']], { method: 'PATCH', label: 'no file' })
  await api.patch(`/files/${id}?fields=title,tags,focal_point_x`, { title: 'By JSON', tags: ['a'], focal_point_x: 7 })
  await api.patch(`/files/${id}?fields=filename_disk`, { filename_disk: '../../etc/name.txt' })

  api.proves('files: folder-delete')
  const folder = (await api.post('/folders', { name: 'Press' }, { setup: true })).data.id
  const below = (await api.post('/folders', { name: 'Briefs', parent: folder }, { setup: true })).data.id
  await api.get(`/folders/${below}`, { label: 'a folder in a folder', mask: ['data.id', 'data.parent'] })
  const inside = (
    await api.upload(
      '/files',
      [
        ['folder', below],
        ['x', textFile('x')],
      ],
      { setup: true },
    )
  ).data.id
  await api.get(`/files/${inside}?fields=folder.name,folder.parent.name`, { label: 'a file in it' })
  api.proves('files: folder-delete', 'graphql: folder')
  await api.delete(`/folders/${folder}`, { label: 'a folder that holds another one' })
  api.proves('files: folder-delete')
  await api.delete(`/folders/${below}`, { label: 'a folder' })
  await api.get(`/files/${inside}?fields=folder`, { label: 'a file of a deleted folder' })
  await api.patch('/settings', { storage_default_folder: folder }, { setup: true })
  await api.upload('/files?fields=folder.name', [['x', textFile('x')]], { label: 'the default folder' })
  await api.upload(
    '/files?fields=folder.name',
    [
      ['folder', ''],
      ['x', textFile('x')],
    ],
    { label: 'an empty folder' },
  )
  await api.patch('/settings', { storage_default_folder: null }, { setup: true })
  await api.upload('/files?fields=folder', [['x', textFile('x')]], { label: 'no default folder' })

  api.proves('files: import')
  for (const url of [
    'http://127.0.0.1:1/x.png',
    'http://169.254.169.254/latest',
    'file:///etc/passwd',
    'nope',
    '',
    'http://localhost:1/',
    'http://[::1]:1/',
    'ftp://example.com/x',
  ])
    await api.post('/files/import', { url }, { label: `import ${url}` })
  for (const body of [{}, { url: 5 }, [], { url: 'http://127.0.0.1:1/', more: 1 }, { url: 'http://127.0.0.1:1/', data: 5 }])
    await api.post('/files/import', body, { label: `import ${JSON.stringify(body)}` })
}

export default scenario
