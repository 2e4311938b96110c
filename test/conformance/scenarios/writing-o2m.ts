/** Lists of items that point at the one that holds them. */
import { nestedTables } from '../nested.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const { authors, books, comments } = await nestedTables(api, 'w_many')
  const path = `/items/${authors}`
  const fields = '?fields=id,name,books.id,books.title,books.author'
  const post = (body: unknown) => api.post(path + fields, body, { label: `POST ${JSON.stringify(body)}` })
  const patch = (where: string, body: unknown) =>
    api.patch(path + where + fields, body, { label: `PATCH ${where} ${JSON.stringify(body)}` })
  const all = (label: string) => api.get(`/items/${books}?fields=id,title,author&sort=id`, { label })
  await api.seed(books, [{ title: 'a' }, { title: 'b' }, { title: 'c' }, { title: 'd' }])

  api.proves('writing: o2m-list')
  await post({ id: 10, name: 'A', books: [{ title: 'n' }, 1, { id: 2, title: 'b2' }, { id: 90, title: 'n90' }, '3'] })
  await post({ id: 11, name: 'B', books: [999] })
  await post({ name: 'B', books: [1, 999] })
  await patch('/10', { books: [1, { title: 'fresh', author: 11 }] })
  await all('rows left out are nullified')
  await patch('/10', { books: [1, 1, { id: 1, title: 'twice' }] })
  await patch('/10', { books: [2], name: 'A2' })
  await patch('/10', { books: [] })
  await patch('/10', { books: [2, 3] })
  await patch('/10', { books: null })
  await patch('/10', { books: [3, 2] })
  await patch('/10', { books: '' })
  await post({ id: 12, name: 'C', books: null })
  await post({ id: 13, name: 'D', books: [] })
  await all('null detaches all')

  api.proves('writing: o2m-move')
  await patch('/10', { books: [1, 2] })
  await patch('/12', { books: [1] })
  await patch('/10', { books: [{ id: 2, author: 13 }] })
  await patch('/10', {
    books: [
      { id: 2, author: 13 },
      { title: 'made', author: { name: 'nobody' } },
    ],
  })
  await all('after moves')

  api.proves('writing: o2m-list')
  await patch('', { keys: [10, 12], data: { books: [{ title: 'each' }, 3] } })
  await patch('', [
    { id: 10, books: [3, { title: 'own' }] },
    { id: 12, books: [] },
  ])
  await patch('', [
    { id: 10, books: [3] },
    { id: 12, books: [3] },
  ])
  await post([{ name: 'E', books: [{ title: 'e1' }, { title: 'e2' }] }, { name: 'F', books: [{ title: 'f1' }] }, { name: 'G' }])
  await all('after many')

  api.proves('writing: missing-item')
  await patch('/999', { name: 'x', books: [{ id: 2, title: 'lost' }] })
  await patch('/999', { books: [1] })
  await patch('/999', { books: [] })

  api.proves('writing: o2m-detailed')
  await post({ id: 20, name: 'H', books: { create: [{ title: 'h1' }] } })
  await patch('/20', { books: { create: [{ title: 'h2', author: 10 }], update: [{ id: 1, title: 'u1' }, { id: 2 }], delete: [] } })
  await patch('/20', { books: { delete: [1, 3, 999] } })
  await patch('/20', { books: { update: [{ id: 999, title: 'nobody' }] } })
  await patch('/20', { books: {} })
  await patch('/20', { books: { create: [{ id: 1, title: 'taken' }] } })
  await all('after details')

  api.proves('writing: o2m-detailed', 'writing: o2m-list')
  for (const list of [
    5,
    'x',
    true,
    '[1]',
    { foo: 1 },
    { create: {} },
    { create: null },
    { create: [1] },
    { create: [null] },
    { create: [[]] },
  ])
    await patch('/20', { books: list })
  for (const list of [{ update: [3] }, { update: {} }, { delete: 4 }, { delete: [{ id: 1 }] }, { delete: [null] }, { delete: [true] }])
    await patch('/20', { books: list })
  for (const list of [[null], [true], ['abc'], [1.5], { update: [{ title: 'no key' }] }, { update: [{ id: null }] }, { delete: ['abc'] }])
    await patch('/20', { books: list })
  await all('after bad lists')

  api.proves('writing: deselect')
  const inOrder = `deep=${JSON.stringify({ comments: { _sort: ['id'] }, chapters: { _sort: ['id'] } })}`
  const book = (where: string, body: unknown) =>
    api.patch(`/items/${books}/${where}?fields=id,comments.id,comments.text,comments.position,chapters.name&${inOrder}`, body, {
      label: `PATCH book ${where} ${JSON.stringify(body)}`,
    })
  await book('1', { comments: [{ text: 'a' }, { text: 'b' }, { text: 'c' }], chapters: [{ name: 'i' }, { name: 'ii' }] })
  await book('1', { comments: [2, { text: 'd' }] })
  await book('1', { comments: { delete: [2] } })
  await api.get(`/items/${comments}?fields=id,book&sort=id`, { label: 'comments are deleted' })
  await book('1', { chapters: [] })
  await book('1', { chapters: { delete: [1] } })
  await book('2', { chapters: [1, { name: 'iii', book: null }] })

  api.proves('writing: o2m-sort')
  await book('3', { comments: [{ text: 'a' }, { text: 'b', position: 40 }] })
  await book('3', { comments: { create: [{ text: 'c' }, { text: 'd', position: 77 }, { text: 'e' }] } })
  await book('3', { comments: { create: [{ text: 'f' }, { text: 'g', position: null }], update: [{ id: 4 }] } })
  await book('4', { comments: { create: [{ text: 'h', position: 9 }, { text: 'i' }] } })
  api.proves('writing: o2m-sort')
  await api.get(`/items/${books}/4?fields=comments.text,comments.position`)
  await api.post(`/items/${books}?fields=comments.text,comments.position`, { comments: { create: [{ text: 'j' }, { text: 'k' }] } })

  api.proves('writing: nested-errors')
  await book('4', { title: 'kept back', comments: [{ text: null }] })
  await book('4', { comments: [{ text: 'x' }, { position: 1 }] })
  await book('4', { comments: { create: [{ text: 'x' }, {}] } })
  await book('4', { comments: { update: [{ id: 4, text: null }] } })
  await post({ name: 'I', books: [{ comments: [{ text: 'x' }, {}] }] })
  await post({ name: 'I', books: [{ title: 'x'.repeat(30) }] })
  await post({ name: 'I', books: [{ code: 'same' }, { code: 'same' }] })
  await post([{ name: 'I' }, { name: 'J', books: [{ title: 'x', comments: [{}] }] }])
  await post({ name: 'I', pupils: [{ name: 'x', books: [{ title: 'y', comments: [{ text: null }] }] }] })
  await api.get(`${path}?fields=name&sort=-id&limit=1`, { label: 'nothing was kept' })
  await api.get(`/items/${books}?fields=id,title&sort=-id&limit=1`, { label: 'no book was kept' })

  api.proves('writing: nested-depth', 'writing: o2m-list')
  const sorted = `deep=${JSON.stringify({ pupils: { _sort: ['name'], pupils: { _sort: ['name'] } } })}`
  const tree = (body: object, where = '') =>
    api.call(where ? 'PATCH' : 'POST', `${path}${where}?fields=name,mentor.name,pupils.name,pupils.pupils.name&${sorted}`, {
      body,
      label: `tree ${where} ${JSON.stringify(body)}`,
    })
  await tree({ id: 500, name: 's', mentor: { name: 'm', mentor: { name: 'mm' } }, pupils: [{ name: 'p', pupils: [{ name: 'pp' }] }] })
  await tree({ mentor: { id: 500, name: 'own' } }, '/500')
  await tree({ pupils: [500] }, '/500')
  await tree({ pupils: [{ id: 500, name: 'self', pupils: [] }] }, '/500')
}

export default scenario
