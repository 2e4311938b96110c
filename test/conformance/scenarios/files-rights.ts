/** Custom rules about files: who may upload, replace and delete. */
import { textFile } from '../../form.ts'
import { person } from '../people.ts'
import { picture } from '../pictures.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  api.proves('issue: permissions of files like any item')
  const uploader = await person(api, 'uploader', [
    { collection: 'directus_files', action: 'create', fields: ['title', 'storage', 'type', 'filename_download'] },
    { collection: 'directus_files', fields: ['title', 'type', 'width', 'filename_download'] },
  ])
  await uploader.call('POST', '/files', {
    form: [
      ['title', 'Mine'],
      ['x', picture()],
    ],
    label: 'of allowed fields',
  })
  await uploader.call('POST', '/files', {
    form: [
      ['description', 'x'],
      ['x', picture()],
    ],
    label: 'of a forbidden field',
  })
  const narrow = await person(api, 'narrow', [{ collection: 'directus_files', action: 'create', fields: ['title'] }])
  await narrow.call('POST', '/files', {
    form: [
      ['title', 'Mine'],
      ['x', picture()],
    ],
    label: 'without the fields of an upload',
  })
  const pictures = await person(api, 'pictures', [
    { collection: 'directus_files', action: 'create', validation: { type: { _starts_with: 'image/' } } },
    { collection: 'directus_files', fields: ['title', 'type'] },
  ])
  await pictures.call('POST', '/files', { form: [['x', picture()]], label: 'a picture' })
  await pictures.call('POST', '/files', { form: [['x', textFile('x')]], label: 'a text' })
  const blind = await person(api, 'blind', [{ collection: 'directus_files', action: 'create' }])
  await blind.call('POST', '/files', { form: [['x', picture()]], label: 'what one may not see' })

  const editor = await person(api, 'editor', [
    { collection: 'directus_files', action: 'update' },
    { collection: 'directus_files', fields: ['title', 'type', 'filename_download'] },
  ])
  const other = (await api.upload('/files', [['x', picture()]], { setup: true })).data.id
  await editor.call('PATCH', `/files/${other}`, {
    form: [
      ['title', 'Theirs'],
      ['x', textFile('x', 'd.txt')],
    ],
    label: 'replaces',
  })
  await editor.call('PATCH', `/files/${other}`, {
    form: [
      ['description', 'x'],
      ['x', textFile('x', 'd.txt')],
    ],
    label: 'replaces, with another field',
  })
  const titles = await person(api, 'titles', [{ collection: 'directus_files', action: 'update', fields: ['title'] }])
  await titles.call('PATCH', `/files/${other}`, { form: [['x', textFile('x', 'd.txt')]], label: 'replaces' })
  const reader = await person(api, 'reader', [{ collection: 'directus_files', fields: ['title'] }])
  await reader.call('PATCH', `/files/${other}`, { form: [['x', textFile('x', 'd.txt')]], label: 'replaces' })
  await reader.delete(`/files/${other}`, { label: 'deletes' })
  await reader.get(`/files/${other}`, { label: 'reads' })
  await reader.post('/files/import', { url: 'http://127.0.0.1:1/' })

  // Whoever has uploaded something cannot be made anew.
  await api.call('DELETE', '/files', { body: { query: { limit: -1 } }, setup: true })
}

export default scenario
