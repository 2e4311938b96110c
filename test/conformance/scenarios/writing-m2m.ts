/** Lists of items over a junction: of one collection (m2m), and of several (m2a). */
import { nestedTables } from '../nested.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const { books, bookGenres, blocks, texts, images, genres } = await nestedTables(api, 'w_any')
  const path = `/items/${books}`
  const genreFields = '?fields=id,genres.id,genres.sort,genres.genre.code,genres.genre.name'
  const genre = (body: object, where = '/1') =>
    api.patch(path + where + genreFields, { genres: body }, { label: `genres ${where} ${JSON.stringify(body)}` })
  await api.post(path + genreFields, { id: 1, genres: [{ genre: { code: 'a', name: 'A' } }, { genre: { code: 'b', name: 'B' } }] })

  api.proves('writing: m2m')
  await genre([{ genre: 'a' }])
  await genre([{ genre: { code: 'a' } }, { genre: { code: 'c', name: 'C' }, sort: 9 }])
  await genre({ create: [{ genre: { code: 'b', name: 'B2' } }, { genre: 'c' }], update: [], delete: [] })
  await genre({ create: [], update: [{ id: 5, genre: { code: 'c', name: 'C3' } }], delete: [4] })
  await genre([{ id: 5 }, 6])
  await api.get(`/items/${bookGenres}?fields=*&sort=id`, { label: 'junction rows' })
  await api.get(`/items/${genres}?fields=*&sort=code`, { label: 'genres' })

  api.proves('writing: nested-errors', 'writing: m2m')
  await genre([{ genre: 'nope' }])
  await genre([{ genre: { code: 'new' } }])
  await genre([{ genre: { code: 'new', name: null } }])
  await genre({ create: [{ genre: { name: 'no key' } }] })
  await genre(['x'])
  await api.post(path, [{ genres: [{ genre: { code: 'd', name: 'D' } }] }, { genres: [{ genre: { code: 'e' } }] }], { label: 'a batch' })
  await api.get(`/items/${genres}?fields=*&sort=code`, { label: 'nothing was kept' })

  api.proves('writing: m2a')
  const blockFields = `?fields=id,blocks.id,blocks.sort,blocks.collection,blocks.item:${texts}.*,blocks.item:${images}.*`
  const block = (body: unknown) => api.patch(`${path}/2${blockFields}`, { blocks: body }, { label: `blocks ${JSON.stringify(body)}` })
  await api.post(path + blockFields, {
    id: 2,
    blocks: [
      { collection: texts, item: { body: 't1' } },
      { collection: images, item: { file: 'i1', width: 3 } },
    ],
  })
  await block([
    { collection: texts, item: '1' },
    { collection: texts, item: 1 },
    { collection: texts, item: { id: 1, body: 't1!' } },
  ])
  await block([{ collection: texts, item: { id: 99, body: 'with that key' } }])
  await block([{ id: 6, collection: texts, item: { id: 99, body: 'changed' } }])
  await block([{ id: 6, collection: texts, item: { body: 'another one' } }])
  await block({ create: [{ collection: images, item: { file: 'i2' } }], update: [{ id: 6, sort: 4 }], delete: [] })
  await block([{ collection: texts, item: null }, { collection: images }])
  await api.get(`/items/${blocks}?fields=*&sort=id`, { label: 'junction rows of blocks' })
  await api.post(`/items/${blocks}?fields=item,collection`, { collection: texts, item: { body: 'direct' } })
  await api.post(`/items/${blocks}?fields=item,collection`, { item: 5 }, { label: 'a number without collection' })

  api.proves('writing: m2a')
  await block([{ item: { body: 'x' } }])
  await block([{ id: 8, item: { body: 'x' } }])
  await block([{ collection: null, item: { body: 'x' } }])
  await block([{ collection: books, item: { title: 'x' } }])
  await block([{ collection: 'nope', item: { title: 'x' } }])
  await block([{ collection: texts, item: { body: null } }])
  await block([{ collection: texts, item: {} }])
  await block([{ collection: images, item: { file: 'i3', width: 'abc' } }])
  await api.post(`/items/${blocks}`, { item: { body: 'direct' } }, { label: 'an item without collection' })
  await api.patch(`/items/${blocks}/1`, { item: { body: 'direct' } }, { label: 'PATCH of an item without collection' })
  await api.get(`/items/${texts}?fields=*&sort=id`, { label: 'texts' })
}

export default scenario
