/** Uploads as forms: names, titles, types, sizes, fields, and what pictures tell of themselves. */
import { textFile } from '../../form.ts'
import { kinds, photograph, picture } from '../pictures.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const only = (fields: string) => `/files?fields=${fields}&sort=title`

  await api.call('DELETE', '/files/aaaaaaaa-0000-4000-8000-0000000000f1', { setup: true })

  api.proves('files: upload')
  await api.upload('/files', [['file', textFile('hello')]], { label: 'one file, any part name' })
  const two = [
    ['a', textFile('1', 'one.txt')],
    ['b', textFile('2', 'two.txt')],
  ] as const
  await api.upload(only('title,filesize'), two, { label: 'two files' })
  await api.upload(
    only('title,description,location,filesize'),
    [['description', 'of one'], ['location', 'here'], ...two, ['title', 'too late']],
    { label: 'fields before a file are its own' },
  )
  await api.upload(
    only('title,filename_download'),
    [
      ['nope', '1'],
      ['filename_download', 'mine.txt'],
      ['x', textFile('x')],
    ],
    { label: 'unknown fields, a name of its own' },
  )
  await api.upload(
    only('id,filename_disk'),
    [
      ['id', 'aaaaaaaa-0000-4000-8000-0000000000f1'],
      ['x', textFile('x')],
    ],
    { label: 'a given id' },
  )
  await api.upload('/files', [['title', 'x']], { label: 'no file' })
  await api.upload('/files', [['x', textFile('x')]], { label: 'nobody may', token: null })

  api.proves('files: unknown-folder')
  await api.upload(
    '/files',
    [
      ['folder', 'aaaaaaaa-0000-4000-8000-00000000ffff'],
      ['x', textFile('x')],
    ],
    { label: 'an unknown folder' },
  )
  await api.upload(
    '/files',
    [
      ['id', 'aaaaaaaa-0000-4000-8000-0000000000f1'],
      ['x', textFile('x')],
    ],
    { label: 'an id that is taken' },
  )
  await api.upload('/files', [['x', textFile('x', 'x'.repeat(300))]], { label: 'a name that is too long' })
  await api.upload(
    '/files',
    [
      ['storage', 'nope'],
      ['x', textFile('x')],
    ],
    { label: 'an unknown storage' },
  )

  api.proves('files: names')
  for (const filename of ['a_b-c.tar.gz', 'LOUD.PnG', 'README', '../up/name.txt', '.hidden', 'foo..txt'])
    await api.upload(
      only('filename_disk,filename_download,filesize,created_on,uploaded_on,modified_on,modified_by'),
      [['x', textFile('x', filename)]],
      { label: `name ${filename}` },
    )

  api.proves('files: title')
  for (const filename of [
    'two_words-here.txt',
    'a_b-c.tar.gz',
    'LOUD.txt',
    'README',
    'and the of.txt',
    'DSC_0001.txt',
    '../up/name.txt',
    '.hidden',
    'a.b.c',
    '12-31.txt',
  ])
    await api.upload(only('title'), [['x', textFile('x', filename)]], { label: `title of ${filename}` })
  await api.upload(
    only('title'),
    [
      ['title', ''],
      ['x', textFile('x', 'derived.txt')],
    ],
    { label: 'an empty title' },
  )
  await api.upload(
    only('title'),
    [
      ['title', 'Mine'],
      ['x', textFile('x', 'derived.txt')],
    ],
    { label: 'a given title' },
  )

  api.proves('files: type')
  for (const kind of kinds) await api.upload(only('type,width,height,metadata'), [['x', picture(kind)]], { label: `a ${kind}` })
  await api.upload(
    only('type,width,height,metadata'),
    [['x', textFile('<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"/>', 'a.svg', 'image/svg+xml')]],
    { label: 'an svg' },
  )
  await api.upload(only('type,width,height,metadata'), [['x', { ...picture(), content: picture().content.slice(0, 20) as Uint8Array }]], {
    label: 'a broken picture',
  })
  await api.upload(only('type,width,height,metadata'), [['x', textFile('x')]], { label: 'a text' })
  await api.upload(only('type'), [['x', picture('png', 'a.gif', 'image/gif')]], { label: 'a picture declared as another kind' })
  await api.upload(only('type'), [['x', textFile('<html>', 'a.png', 'image/png')]], { label: 'a page declared as a picture' })
  await api.post('/files', { filename_download: 'a.png', storage: 'local' }, { label: 'a record without a type' })

  api.proves('files: exif', 'files: metadata')
  await api.upload(only('title,description,tags,width,height,metadata'), [['x', photograph()]], { label: 'a photograph' })
  await api.upload(
    only('title,description,tags,width,height,metadata'),
    [
      ['description', 'mine'],
      ['tags', '["x"]'],
      ['x', photograph()],
    ],
    { label: 'a photograph with words of ours' },
  )

  api.proves('files: tags')
  await api.upload(
    only('tags'),
    [
      ['tags', '["a","b"]'],
      ['x', textFile('x')],
    ],
    { label: 'tags as a list' },
  )
  await api.upload(
    only('tags'),
    [
      ['tags', 'a,b'],
      ['x', textFile('x')],
    ],
    { label: 'tags as words' },
  )
  await api.get('/files?filter[tags][_contains]=a')

  api.proves('files: record')
  await api.post(
    '/files?fields=title,type,filename_disk,filesize,storage',
    { type: 'image/png', storage: 'local', filename_download: 'a.png' },
    { label: 'a record without a content' },
  )
  await api.post('/files', { type: 'image/png' }, { label: 'a record that lacks more' })
  await api.post('/files', {}, { label: 'an empty record' })
  await api.post('/files', [{ type: 'image/png', storage: 'local', filename_download: 'a.png' }], { label: 'a list of records' })
  await api.call('POST', '/files', { text: 'x', headers: { 'content-type': 'text/plain' }, label: 'a text for a body' })
}

export default scenario
