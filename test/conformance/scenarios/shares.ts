/** Shares: made, told of, entered, left, taken away. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'
import { entered, made } from '../shares.ts'
import { readToken } from '../tokens.ts'

const [past, future] = ['2020-01-01T00:00:00Z', '2040-01-01T00:00:00Z']
const nobodys = 'aaaaaaaa-0000-4000-8000-00000000000f'

const scenario: Scenario = async (api) => {
  await api.table('s_notes', [autoKey(), field('title', 'string')])
  await api.seed('s_notes', [{ title: 'one' }, { title: 'two' }])
  const note = { collection: 's_notes', item: '1' }
  const role = (await api.post('/roles', { name: 'Guest' }, { setup: true })).data.id
  const create = (label: string, body: unknown) => api.post('/shares', body, { label: `create, ${label}` })

  api.proves('access: share-create')
  await create('an item', note)
  await create('all of it', { ...note, name: 'All', role, password: 'secret', date_start: past, date_end: future, max_uses: 5 })
  const several = [note, { ...note, item: '2', name: 'two' }]
  const items = (body: Json) => body.data.map(({ item, name }: Json) => `${item} ${name}`).sort()
  await api.post('/shares', several, { label: 'create, several', keep: items })
  await create('nothing', {})
  await create('no item', { collection: 's_notes' })
  await create('null as item', { collection: 's_notes', item: null })
  await create('no collection', { item: '1' })
  await create('an unknown collection', { collection: 's_nothing', item: '1' })
  await create('a system collection', { collection: 'directus_users', item: '1' })
  await create('a missing item', { ...note, item: '99' })
  await create('a number as item', { ...note, item: 1 })
  await create('a missing role', { ...note, role: nobodys })
  await create('a role that is none', { ...note, role: 'x' })
  await create('uses that are no number', { ...note, max_uses: 'x' })
  await create('half a use', { ...note, max_uses: 1.5 })
  await create('a start that is no time', { ...note, date_start: 'x' })
  await create('an empty password', { ...note, password: '' })
  await create('a number as password', { ...note, password: 5 })
  await create('an unknown field', { ...note, foo: 5 })
  await create('what the server keeps', { ...note, user_created: null, date_created: past, times_used: 3 })
  const id = await made(api, { ...note, id: 'aaaaaaaa-0000-4000-8000-000000000001', name: 'first', password: 'secret' })
  const change = (label: string, body: unknown) => api.patch(`/shares/${id}`, body, { label: `change, ${label}` })
  await change('its name', { name: 'second' })
  await change('the mask', { password: '**********' })
  await change('its item', { item: '2' })
  await change('its collection to an unknown one', { collection: 's_nothing' })
  await change('its maker', { user_created: null })
  await change('uses that are no number', { max_uses: 'x' })
  await change('how often it was used', { times_used: 9 })
  await change('when it was made', { date_created: past })
  await api.patch('/shares', { keys: [id], data: { name: 'third', item: '1' } }, { label: 'change, several' })
  await api.patch('/shares', [{ id, name: 'fourth' }], { label: 'change, each' })
  await api.get(`/shares/${id}`)
  await api.get(`/shares/${id}?fields=name,role.name,collection.collection,user_created.email`)
  await api.get('/shares?filter[name][_nnull]=true&fields=name&sort=name')
  await api.search('/shares', { query: { filter: { name: { _eq: 'fourth' } }, fields: ['name', 'password'] } })
  await api.get(`/shares/${nobodys}`)
  await api.get('/shares/x')
  await api.patch('/shares/x', {})
  await api.delete('/shares/x')
  for (const [method, path] of [
    ['GET', '/shares'],
    ['GET', `/shares/${id}`],
    ['POST', '/shares'],
    ['PATCH', `/shares/${id}`],
    ['DELETE', `/shares/${id}`],
  ] as const)
    await api.call(method, path, { label: `${method} ${path}, nobody`, token: null, ...(method !== 'GET' && { body: note }) })

  const shares: Record<string, string> = {
    plain: await made(api, note),
    'with a password': await made(api, { ...note, password: 'secret' }),
    over: await made(api, { ...note, date_end: past }),
    'over, with a password': await made(api, { ...note, date_end: past, password: 'secret' }),
    'not begun': await made(api, { ...note, date_start: future }),
    on: await made(api, { ...note, date_start: past, date_end: future }),
    'of a missing item': await made(api, { ...note, item: '99' }),
    'that is not there': nobodys,
  }
  const info = (label: string, share: string) => api.get(`/shares/info/${share}`, { label: `info, ${label}`, token: null })
  const tokens = (body: Json) => (body.data ? Object.keys(body.data).sort() : body.errors.map((error: Json) => error.extensions.code))
  const enter = (label: string, body: unknown) =>
    api.post('/shares/auth', body, { label: `enter, ${label}`, token: null, keep: tokens, headersKept: ['set-cookie'] })

  api.proves('access: share-info')
  for (const [label, share] of Object.entries(shares)) await info(label, share)
  await info('more fields', `${shares.plain}?fields=*,user_created.*`)
  await info('no uuid', 'x')
  await api.get('/shares/info', { label: 'info, nothing', token: null })

  api.proves('access: share-login')
  for (const [label, share] of Object.entries(shares)) {
    await enter(label, { share })
    await enter(`${label}, the right password`, { share, password: 'secret' })
    await enter(`${label}, a wrong password`, { share, password: 'wrong' })
  }
  await enter('nothing', {})
  await enter('a list', [])
  await enter('null', { share: null })
  await enter('a number', { share: 5 })
  await enter('an empty name', { share: '' })
  await enter('no uuid', { share: 'x' })
  await enter('upper case', { share: shares.plain!.toUpperCase() })
  await enter('an empty password', { share: shares['with a password'], password: '' })
  await enter('a number as password', { share: shares['with a password'], password: 5 })
  await enter('null as password', { share: shares['with a password'], password: null })
  await enter('an extra member', { share: shares.plain, extra: 1 })
  await enter('an unknown mode', { share: shares.plain, mode: 'x' })
  for (const mode of ['json', 'cookie', 'session']) await enter(`mode ${mode}`, { share: shares.plain, mode })
  const two = await made(api, { ...note, max_uses: 2 })
  for (const turn of ['1', '2', '3', '4']) await enter(`two uses, ${turn}`, { share: two })
  await info('two uses, used up', two)
  await info('wrong passwords are no uses', shares['with a password']!)
  const claims = (token: string) => Object.fromEntries(Object.entries(readToken(token)).filter(([name]) => !/^(iat|exp)$/.test(name)))
  const inside = await entered(api, shares.plain!)
  await api.get('/users/me', { label: 'claims', token: inside.access_token, keep: () => claims(inside.access_token) })
  await api.get('/users/me', { label: 'users/me', token: inside.access_token })
  const refresh = (label: string, refresh_token: string) =>
    api.post('/auth/refresh', { refresh_token }, { label, token: null, keep: tokens })
  const next = await api.post('/auth/refresh', { refresh_token: inside.refresh_token }, { setup: true, token: null })
  await api.get('/users/me', { label: 'claims after a refresh', token: next.data.access_token, keep: () => claims(next.data.access_token) })
  await refresh('a spent token', inside.refresh_token)
  await api.post('/auth/logout', { refresh_token: next.data.refresh_token }, { label: 'logout', token: null })
  await refresh('after logout', next.data.refresh_token)

  api.proves('access: share-delete')
  const going = await made(api, note)
  const gone = await entered(api, going)
  await api.get('/users/me', { label: 'before it goes', token: gone.access_token })
  await api.delete(`/shares/${going}`, { label: 'it goes' })
  await api.get('/items/s_notes/1', { label: 'its item', token: gone.access_token })
  await api.get('/users/me', { label: 'users/me, after it went', token: gone.access_token })
  await refresh('refresh, after it went', gone.refresh_token)
  await api.delete(`/shares/${going}`, { label: 'it goes again' })
  const closing = await made(api, note)
  const closed = await entered(api, closing)
  await api.patch(`/shares/${closing}`, { date_end: past }, { setup: true })
  await refresh('refresh, after its end', closed.refresh_token)
  const changed = await made(api, { ...note, password: 'secret' })
  const early = await entered(api, changed, { password: 'secret' })
  await api.patch(`/shares/${changed}`, { password: 'another' }, { setup: true })
  await refresh('refresh, after another password', early.refresh_token)
  await api.delete(`/roles/${role}`, { setup: true })
  await api.get('/shares?filter[name][_eq]=All&fields=name', { label: 'a share goes with its role' })

  api.proves('permissions: shares')
  const invite = (label: string, body: unknown, token: string | null = api.target.admin.token) =>
    api.post('/shares/invite', body, { label: `invite, ${label}`, token })
  const emails = ['guest@example.com']
  await invite('one', { share: shares.plain, emails })
  await invite('nobody', { share: shares.plain, emails: [] })
  await invite('no addresses', { share: shares.plain })
  await invite('text', { share: shares.plain, emails: 'guest@example.com' })
  await invite('a number', { share: shares.plain, emails: [5] })
  await invite('what is no address', { share: shares.plain, emails: ['foo'] })
  await invite('no share', { emails })
  await invite('a share that is not there', { share: nobodys, emails })
  await invite('no uuid', { share: 'x', emails })
  await invite('a share that is over', { share: shares.over, emails })
  await invite('by nobody', { share: shares.plain, emails }, null)
  await invite('by a guest', { share: shares.on, emails }, (await entered(api, shares.on!)).access_token)
}

export default scenario
