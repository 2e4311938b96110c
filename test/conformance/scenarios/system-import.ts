/** Files that become items, of one collection. */
import { textFile } from '../../form.ts'
import { autoKey, field, key } from '../fields.ts'
import { as, person } from '../people.ts'
import type { Scenario } from '../runner.ts'

const title = field('title', 'string', { schema: { is_nullable: false } })

const scenario: Scenario = async (api) => {
  await api.table('c_authors', [autoKey(), field('name', 'string'), field('country', 'string')])
  await api.table('c_imported', [
    autoKey(),
    title,
    field('pages', 'integer'),
    field('ok', 'boolean'),
    field('data', 'json'),
    field('author', 'integer'),
  ])
  await api.relate('c_imported', 'author', 'c_authors', { one_field: 'books' })
  await api.table('c_slugs', [key('slug', 'string'), field('name', 'string', { schema: { is_unique: true } })])
  const nobody = as(api, 'nobody', null)
  const reader = await person(api, 'reader', [{ collection: 'c_imported' }])
  const maker = await person(api, 'maker', [{ collection: 'c_imported', action: 'create' }])
  const changer = await person(api, 'changer', [{ collection: 'c_imported' }, { collection: 'c_imported', action: 'update' }])
  const blind = await person(api, 'blind', [
    { collection: 'c_imported', action: 'create' },
    { collection: 'c_imported', action: 'update' },
  ])
  const reading = await person(api, 'reading', [{ collection: 'c_imported' }, { collection: 'c_imported', action: 'create' }])
  const editor = await person(api, 'editor', [
    { collection: 'c_imported' },
    { collection: 'c_imported', action: 'create' },
    { collection: 'c_imported', action: 'update' },
  ])

  const send = (label: string, collection: string, text: string, type = 'text/csv', who: { call: typeof api.call } = api) =>
    who.call('POST', `/utils/import/${collection}`, {
      label,
      form: [['file', textFile(text, 'rows', type)]],
      headersKept: ['content-type'],
    })
  const items = (label: string, collection = 'c_imported') =>
    api.get(`/items/${collection}?fields=*${collection === 'c_imported' ? ',author.name,author.country' : ''}`, { label })
  const json = (value: unknown) => JSON.stringify(value)

  api.proves('system: import')
  await send('CSV', 'c_imported', 'title,pages,ok\none,1,true\ntwo,,false\n')
  await send('CRLF, a byte order mark, nothing at the end', 'c_imported', '\uFEFFtitle,pages\r\nthree,3\r\nfour,4')
  await send('names that lead into items', 'c_imported', 'title,author.name,author.country\nfive,Ann,DE\n')
  await send('a list and an object', 'c_imported', 'title,data\nsix,"{""a"":[1,2]}"\nseven,"[1]"\n')
  await send('quotes', 'c_imported', '"title","pages"\n"say ""hi"", twice\nor more",8\n')
  await send('unknown columns', 'c_imported', 'title,nothing,nor.this\neight,1,2\n')
  await items('what is there')
  await send('keys that are there', 'c_imported', 'id,title\n1,one anew\n2,two anew\n')
  await send('keys that are not', 'c_imported', 'id,title\n500,five hundred\n')
  await send('keys of text', 'c_slugs', 'slug,name\na,A\nb,B\n')
  await send('keys of text that are there', 'c_slugs', 'slug,name\na,AA\nc,C\n')
  await items('after keys of text', 'c_slugs')
  await send(
    'JSON',
    'c_imported',
    json([
      { title: 'json', pages: 5 },
      { id: 2, pages: 22, author: { name: 'Bob' } },
    ]),
    'application/json',
  )
  await items('what is there now')
  await send('an empty list', 'c_imported', '[]', 'application/json')
  await send('nothing', 'c_imported', '')
  await send('names alone', 'c_imported', 'title,pages\n')
  await send('a CSV file of Excel', 'c_slugs', 'slug,name\ne,E\n', 'application/vnd.ms-excel')

  await send('a required value that is not there', 'c_imported', 'title,pages\nok,1\n,2\n,3\nok too,4\n,5\n')
  await send('a value that is taken', 'c_slugs', 'slug,name\nx,X\ny,X\nz,B\n')
  await send('text into a number', 'c_imported', 'title,pages\nok,1\nbad,x\n')
  await send('a key that nothing has', 'c_imported', json([{ title: 'x', author: 999 }]), 'application/json')
  await send('items that are none', 'c_imported', json([1, 'x']), 'application/json')
  await send('an object', 'c_imported', json({ title: 'x' }), 'application/json')
  await send('broken JSON', 'c_imported', '[{"title":"x"},', 'application/json')
  await send('empty JSON', 'c_imported', '', 'application/json')
  await send('a quote that is never closed', 'c_slugs', 'slug,name\nq,"q\nr,r\n')
  await send('more fields than names', 'c_slugs', 'slug,name\nm,m,m\n')
  await items('nothing of those is kept')
  await items('nor of these', 'c_slugs')

  await send('text', 'c_imported', 'title\nx\n', 'text/plain')
  await send('XML', 'c_imported', '<a/>', 'text/xml')
  await api.post('/utils/import/c_imported', [{ title: 'x' }], { label: 'a JSON body' })
  await api.call('POST', '/utils/import/c_imported', { label: 'no body' })
  await api.upload('/utils/import/c_imported', [['title', 'x']], { label: 'a form without a file' })
  await send('a collection that is not there', 'c_nowhere', 'title\nx\n')
  await send('collections themselves', 'directus_collections', 'collection\nx\n')
  await api.get('/utils/import/c_imported')

  await send('by nobody', 'c_imported', 'title\nx\n', 'text/csv', nobody)
  await send('by whoever reads', 'c_imported', 'title\nx\n', 'text/csv', reader)
  await send('by whoever makes', 'c_imported', 'title\nmade\n', 'text/csv', maker)
  await send('by whoever makes: an item that is there', 'c_imported', 'id,title\n1,taken\n', 'text/csv', maker)
  await send('makes an item that may be read', 'c_imported', 'title\nread\n', 'text/csv', reading)
  await send('changes one that is there', 'c_imported', 'id,title\n2,by changer\n', 'text/csv', changer)
  await send('makes one, and may only change', 'c_imported', 'title\nnew\n', 'text/csv', changer)
  await send('makes one, and may not read', 'c_imported', 'title\nunseen\n', 'text/csv', blind)
  await send('changes one, and may not read', 'c_imported', 'id,title\n2,unseen\n', 'text/csv', blind)
  await send('by whoever changes', 'c_imported', 'id,title\n1,changed\n', 'text/csv', editor)
  await send('by whoever changes: items of items', 'c_imported', 'title,author.name\nx,Eve\n', 'text/csv', editor)
  await api.get('/items/c_imported?fields=id,title&filter[id][_in]=1,2&sort=id', { label: 'what they have done' })

  await send('an empty line', 'c_imported', 'title\nnine\n\nten\n')
  await api.get('/items/c_imported?fields=title&filter[title][_in]=nine,ten', { label: 'beside the empty line' })
  const inBackground = (label: string, text: string) =>
    api.call('POST', '/utils/import/c_imported?background=true', { label, form: [['file', textFile(text, 'rows', 'text/csv')]] })
  await inBackground('in the background', 'title\nbehind\n')
  await api.call('POST', '/utils/import/c_nowhere?background=true', {
    label: 'in the background, nowhere',
    form: [['file', textFile('a\n1\n', 'rows', 'text/csv')]],
  })
  await api.call('POST', '/utils/import/c_imported?background=true', {
    label: 'in the background, text',
    form: [['file', textFile('a', 'rows')]],
  })
}

export default scenario
