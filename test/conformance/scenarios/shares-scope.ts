/** Custom rules: what whoever comes by a share reads. */
import { library } from '../library.ts'
import { as, give, policy, type Rule } from '../people.ts'
import type { Json, Scenario } from '../runner.ts'
import { entered, made, roleWith } from '../shares.ts'

const all = ['q_books', 'q_authors', 'q_comments', 'q_genres', 'q_books_genres', 'q_texts', 'q_images', 'q_books_blocks', 'q_countries']
const keys: Readonly<Record<string, string>> = { q_images: 'file', q_countries: 'code' }
const actions = ['create', 'read', 'update', 'delete', 'share'] as const
const named = (body: Json) =>
  body.data
    ? body.data.flatMap(({ collection, field }: Json) => (/^q_/.test(collection) ? `${collection} ${field ?? ''}` : [])).sort()
    : body

const scenario: Scenario = async (api) => {
  await library(api)
  const everything = all.flatMap((collection) => actions.map((action) => ({ collection, action })))
  const role = await roleWith(api, 'Guest', [await policy(api, 'guest', everything)])
  const guest = async (name: string, body: object) => as(api, name, (await entered(api, await made(api, body))).access_token)
  const reach = async (who: Awaited<ReturnType<typeof guest>>) => {
    for (const collection of all) {
      const key = keys[collection] ?? 'id'
      await who.get(`/items/${collection}?fields=${key}&sort=${key}`)
    }
  }

  api.proves('access: share-role')
  const book = await guest('book', { collection: 'q_books', item: '1', role })
  await reach(book)
  for (const path of [
    'q_books/1',
    'q_books/2',
    'q_books/5',
    'q_books/99',
    'q_authors/1',
    'q_authors/3',
    'q_comments/1',
    'q_comments/4',
    'q_countries/IS',
    'q_nothing',
  ])
    await book.get(`/items/${path}`)
  for (const query of [
    'fields=*.*&sort=id',
    'fields=author.name,author.books.title,author.mentor.name,author.country.name&sort=id',
    'fields=comments.text,genres.genre.name,genres.genre.parent.name&sort=id',
    'fields=blocks.item:q_texts.body,blocks.item:q_images.width&sort=id',
    'fields=id&filter[id][_gt]=1',
    'fields=id&filter[author][name][_eq]=Sigrid&sort=id',
    'fields=id&sort=-author.name,-id',
    'fields=id&search=a',
    'fields=title&export=csv&sort=id',
    'fields=id&meta=*&sort=id',
    'fields=id&limit=1&page=2&sort=id',
  ])
    await book.get(`/items/q_books?${query}`)
  await book.get('/items/q_comments?aggregate[count]=*')
  await book.get('/items/q_comments?aggregate[max]=score&groupBy=book')
  await book.get('/items/q_books?aggregate[count]=*')
  await book.search('/items/q_books', { keys: [1, 2, 99] })
  await book.search('/items/q_books', { query: { fields: ['id'], filter: { id: { _eq: 2 } } } })
  for (const path of ['/users', '/users/me', '/roles', '/roles/me', '/policies', '/policies/me/globals', '/permissions'])
    await book.get(path)
  for (const path of ['/permissions/me/q_books/1', '/shares', '/settings', '/activity', '/revisions', '/comments', '/versions', '/presets'])
    await book.get(path)
  await book.get('/permissions/me')
  await book.get('/collections', { keep: named })
  await book.get('/fields', { keep: named })
  await book.get('/relations', { keep: named })
  await book.post('/items/q_books', { title: 'x' })
  await book.patch('/items/q_books/1', { title: 'x' })
  await book.patch('/items/q_books', { query: { filter: { id: { _eq: 1 } } }, data: { title: 'x' } })
  await book.delete('/items/q_books/1')
  await book.post('/items/q_comments', { text: 'x' })
  await book.post('/shares', { collection: 'q_books', item: '1' })
  await book.post('/comments', { collection: 'q_books', item: '1', comment: 'x' })
  await book.patch('/users/me', { title: 'x' })

  const others: [collection: string, item: string][] = [
    ['q_authors', '4'],
    ['q_authors', '2'],
    ['q_comments', '1'],
    ['q_countries', 'NO'],
    ['q_genres', '1'],
    ['q_images', 'cover'],
    ['q_texts', '1'],
    ['q_books', '99'],
  ]
  for (const [collection, item] of others) await reach(await guest(`${collection} ${item}`, { collection, item, role }))

  api.proves('access: share-role', 'permissions: shares')
  const narrowed: [name: string, more: (collection: string) => Partial<Rule> | null][] = [
    ['no authors', (name) => (name === 'q_authors' ? null : {})],
    ['one author', (name) => (name === 'q_authors' ? { permissions: { id: { _gt: 1 } } } : {})],
    ['no field author', (name) => (name === 'q_books' ? { fields: ['id', 'title', 'comments'] } : {})],
    ['no list of books', (name) => (name === 'q_authors' ? { fields: ['id', 'name', 'country'] } : {})],
    ['no field book', (name) => (name === 'q_comments' ? { fields: ['id', 'text'] } : {})],
    ['books out of scope', (name) => (name === 'q_books' ? { permissions: { id: { _gt: 1 } } } : {})],
  ]
  for (const [name, more] of narrowed) {
    const rows = all.flatMap((collection) => {
      const said = more(collection)
      return said ? [{ collection, ...said }] : []
    })
    const some = await roleWith(api, name, [await policy(api, name, rows)])
    const who = await guest(name, { collection: 'q_books', item: '1', role: some })
    await reach(who)
    await who.get('/items/q_books/1?fields=id,title')
  }
  const child = (await api.post('/roles', { name: 'Child', parent: role }, { setup: true })).data.id
  await reach(await guest('a role below', { collection: 'q_books', item: '1', role: child }))
  const chief = await roleWith(api, 'Chief', [await policy(api, 'chief', [], { admin_access: true })])
  await reach(await guest('the role of administrators', { collection: 'q_books', item: '1', role: chief }))
  const app = await roleWith(api, 'App', [await policy(api, 'app', [{ collection: 'q_books' }], { app_access: true })])
  const apps = await guest('a role for apps', { collection: 'q_books', item: '1', role: app })
  await reach(apps)
  for (const path of ['/users', '/roles', '/shares', '/presets', '/permissions/me']) await apps.get(path)
  const none = await guest('no role', { collection: 'q_books', item: '1' })
  await reach(none)
  await none.get('/items/q_books/1')
  await none.get('/items/q_books')
  await none.get('/permissions/me')
  const everybodys = await policy(api, 'everybody', [
    { collection: 'q_books', fields: ['id', 'title'] },
    { collection: 'q_texts', fields: ['*'] },
  ])
  const tie = await give(api, {}, everybodys)
  await none.get('/items/q_books?fields=id,title', { label: 'rules of everybody: books' })
  await none.get('/items/q_texts', { label: 'rules of everybody: texts' })
  await api.delete(`/access/${tie}`, { setup: true })

  api.proves('access: share-delete')
  const moving = await made(api, { collection: 'q_books', item: '1', role })
  const moved = as(api, 'while in', (await entered(api, moving)).access_token)
  const change = (body: object) => api.patch(`/shares/${moving}`, body, { setup: true })
  await moved.get('/items/q_books/1?fields=id', { label: 'at first' })
  await change({ item: '2' })
  await moved.get('/items/q_books/1?fields=id', { label: 'another item: the old' })
  await moved.get('/items/q_books/2?fields=id', { label: 'another item: the new' })
  await change({ role: null })
  await moved.get('/items/q_books/2?fields=id', { label: 'no role' })
  await change({ role })
  await moved.get('/items/q_books/2?fields=id', { label: 'a role again' })
  await change({ date_end: '2020-01-01T00:00:00Z' })
  await moved.get('/items/q_books/2?fields=id', { label: 'over' })
}

export default scenario
