/** POST /utils/sort: one item takes the place of another in the order that a collection keeps. */
import { autoKey, field, key } from '../fields.ts'
import type { CallOptions, Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const table = (name: string, sort_field: string | null, fields: readonly object[]) => api.table(name, fields, { sort_field })
  const sort = (collection: string, body: unknown, options?: CallOptions) =>
    api.post(`/utils/sort/${collection}`, body, { label: `sort ${collection} ${JSON.stringify(body)}`, ...options })

  await table('c_sorted', 'sort', [
    autoKey(),
    field('sort', 'integer'),
    field('changed', 'timestamp', { meta: { special: ['date-updated'] } }),
  ])
  await api.seed(
    'c_sorted',
    [1, 2, 3, 4, 5].map((sort) => ({ sort })),
  )
  const order = (label: string) => api.get('/items/c_sorted?fields=id,sort,changed&sort=sort,id', { label })
  const put = (places: readonly (number | null)[]) =>
    api.patch(
      '/items/c_sorted',
      places.map((place, i) => ({ id: i + 1, sort: place })),
      { setup: true },
    )

  api.proves('writing: sort')
  await sort('c_sorted', { item: 1, to: 4 })
  await order('moved down')
  await sort('c_sorted', { item: 5, to: 2 })
  await order('moved up')
  await sort('c_sorted', { item: 5, to: 5 })
  await order('moved to itself')
  await sort('c_sorted', { item: '1', to: '2' })
  await order('keys as text')
  await api.get('/activity?filter[collection]=c_sorted&filter[action]=update&fields=item', { label: 'nothing is told of it' })

  await put([10, 20, 30, 40, 50])
  await sort('c_sorted', { item: 2, to: 4 }, { label: 'gaps: down' })
  await order('gaps: moved down')
  await sort('c_sorted', { item: 2, to: 1 }, { label: 'gaps: up' })
  await order('gaps: moved up')
  await put([1, 2, 3, null, 7])
  await sort('c_sorted', { item: 4, to: 2 }, { label: 'one without a number: moved' })
  await order('one without a number: has moved')
  await put([1, null, 3, 4, 7])
  await sort('c_sorted', { item: 3, to: 2 }, { label: 'one without a number: moved to' })
  await order('one without a number: has been moved to')
  await put([1, 2, null, 4, 7])
  await sort('c_sorted', { item: 1, to: 4 }, { label: 'one without a number: beside' })
  await order('one without a number: gets one')
  await put([1, null, 3, 4, 4])
  await sort('c_sorted', { item: 1, to: 3 }, { label: 'one number twice' })
  await api.get('/items/c_sorted?fields=sort&sort=sort', { label: 'one number twice: all are numbered anew' })

  await table('c_sorted_fresh', 'sort', [autoKey(), field('sort', 'integer')])
  await api.seed('c_sorted_fresh', [{}, {}, {}, {}])
  await sort('c_sorted_fresh', { item: 4, to: 2 })
  await api.get('/items/c_sorted_fresh?fields=id,sort&sort=sort', { label: 'none had a number' })
  await table('c_sorted_texts', 'place', [key('slug', 'string'), field('place', 'float')])
  await api.seed('c_sorted_texts', [
    { slug: 'a', place: 1.5 },
    { slug: 'b/c', place: 2 },
    { slug: 'd', place: 9 },
  ])
  await sort('c_sorted_texts', { item: 'd', to: 'a' })
  await api.get('/items/c_sorted_texts?sort=place', { label: 'keys of text, places with a fraction' })

  api.proves('writing: sort')
  await table('c_unsorted', null, [autoKey(), field('sort', 'integer')])
  await table('c_sorted_nowhere', 'nothing', [autoKey(), field('sort', 'integer')])
  await table('c_sorted_words', 'sort', [autoKey(), field('sort', 'string')])
  await api.seed('c_sorted_words', [{ sort: 'a' }, { sort: 'b' }])
  for (const body of [
    { item: 1 },
    { to: 1 },
    {},
    [],
    { item: 1, to: null },
    { item: true, to: 2 },
    { item: [1], to: 2 },
    { item: 1, to: 2, extra: 1 },
  ])
    await sort('c_sorted', body)
  await api.call('POST', '/utils/sort/c_sorted', { label: 'no body' })
  for (const [item, to] of [
    [99, 2],
    [1, 99],
    ['x', 2],
    [1.5, 2],
    ['', 2],
    [1, 2 ** 40],
  ])
    await sort('c_sorted', { item, to })
  for (const collection of ['c_unsorted', 'c_sorted_nowhere', 'c_sorted_words', 'c_nothing', 'directus_fields', 'directus_nothing'])
    await sort(collection, { item: 1, to: 2 })
  await sort('c_nothing', {})
  await api.get('/utils/sort/c_sorted')
  await api.patch('/utils/sort/c_sorted', {})
  await api.post('/utils/sort', {})

  api.proves('writing: sort')
  await api.user({ email: 'unsorted@example.com', token: 'sort-nobody' })
  for (const token of ['sort-nobody', null]) {
    await sort('c_sorted', { item: 1, to: 2 }, { token, label: `as ${token}` })
    await sort('c_sorted', {}, { token, label: `nothing, as ${token}` })
    await sort('c_nothing', { item: 1, to: 2 }, { token, label: `nowhere, as ${token}` })
    await sort('directus_users', { item: 1, to: 2 }, { token, label: `users, as ${token}` })
  }
}

export default scenario
