/** Random strings, hashes, sorting, going back to a revision, clearing the cache. */
import { autoKey, field } from '../fields.ts'
import { as, person } from '../people.ts'
import type { Json, Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const nobody = as(api, 'nobody', null)
  await api.table('c_used', [autoKey(), field('name', 'string'), field('sort', 'integer')], { sort_field: 'sort', accountability: 'all' })
  await api.seed('c_used', [
    { name: 'one', sort: 1 },
    { name: 'two', sort: 2 },
    { name: 'three', sort: 3 },
  ])
  const plain = await person(api, 'plain')
  const reader = await person(api, 'reader', [{ collection: 'c_used' }])
  const writer = await person(api, 'writer', [{ collection: 'c_used' }, { collection: 'c_used', action: 'update' }])

  api.proves('system: random-string')
  const length = (body: Json) => (typeof body?.data === 'string' ? body.data.length : body)
  for (const query of ['', '?length=1', '?length=500', '?length=32']) await nobody.get(`/utils/random/string${query}`, { keep: length })
  const refusal = (body: Json) => body.errors?.map((error: Json) => error.extensions.code) ?? 'answered'
  for (const query of ['?length=501', '?length=0', '?length=-1', '?length=x', '?length=1.5', '?length=', '?length=1&length=2'])
    await api.get(`/utils/random/string${query}`, { keep: refusal })
  await api.post('/utils/random/string', {})

  api.proves('system: hash')
  const made = await api.post(
    '/utils/hash/generate',
    { string: 'text' },
    { keep: (body: Json) => (body?.data ? String(body.data).slice(0, 9) : refusal(body)) },
  )
  const known = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$wrongwrongwrongwrongwrongwrongwrongwrongwro'
  await api.post('/utils/hash/verify', { string: 'text', hash: made.data ?? known }, { label: 'a hash that fits' })
  await api.post('/utils/hash/verify', { string: 'other', hash: made.data ?? known }, { label: 'a hash that does not' })
  await api.post('/utils/hash/generate', {}, { label: 'nothing to hash' })
  await api.post('/utils/hash/verify', { string: 'text' }, { label: 'nothing to compare with' })
  await api.post('/utils/hash/verify', { string: 'text', hash: 'x' }, { label: 'what is no hash' })
  await nobody.post('/utils/hash/generate', { string: 'x' })

  api.proves('system: sort')
  const sort = (label: string, body: unknown, who: Pick<typeof plain, 'post'> = api) => who.post('/utils/sort/c_used', body, { label })
  const order = (label: string) => api.get('/items/c_used?fields=name&sort=sort', { label })
  await sort('behind three', { item: 1, to: 3 })
  await order('one has moved behind three')
  await sort('before two', { item: 3, to: 2 }, writer)
  await order('three has moved before two')
  await sort('to nowhere', { item: 1 })
  await sort('nothing', {})
  await sort('by whoever reads', { item: 1, to: 2 }, reader)
  await sort('by nobody', { item: 1, to: 2 }, nobody)
  await api.patch('/collections/c_used', { meta: { sort_field: null } }, { setup: true })
  await api.post('/utils/sort/c_used', { item: 1, to: 2 }, { label: 'no sort field' })

  api.proves('system: revert')
  await api.patch('/items/c_used/1', { name: 'first' }, { setup: true })
  await api.patch('/items/c_used/1', { name: 'second' }, { setup: true })
  const revisions = (await api.get('/revisions?filter[collection]=c_used&filter[item]=1&fields=id&sort=id', { setup: true })).data
  const ids = revisions.map(({ id }: Json) => id) as number[]
  const revert = (who: Pick<typeof plain, 'post'> | typeof api, label: string, id: number | string) =>
    who.post(`/utils/revert/${id}`, {}, { label, keep: (body) => (body ? refusal(body) : body) })
  await revert(api, 'the first revision', ids[0]!)
  await api.get('/items/c_used/1?fields=name', { label: 'as it was at first' })
  await revert(api, 'the second one', ids.at(-2)!)
  await api.get('/items/c_used/1?fields=name', { label: 'as it was in between' })
  await revert(api, 'an unknown revision', 999_999_999)
  await revert(api, 'no number', 'x')
  await revert(plain, 'reverts', ids[0]!)
  await revert(nobody, 'reverts', ids[0]!)
  await api.get('/items/c_used/1?fields=name', { label: 'nobody has changed it' })

  api.proves('system: cache-clear')
  await api.post('/utils/cache/clear', {}, { headersKept: ['content-type'] })
  await api.post('/utils/cache/clear?system', {})
  await api.call('POST', '/utils/cache/clear', { label: 'without a body' })
  for (const who of [nobody, plain]) await who.post('/utils/cache/clear', {})
  await api.get('/utils/cache/clear')
}

export default scenario
