/** Rights of people who write users and rules, and what rules of unusual forms come to. */
import { autoKey, field } from '../fields.ts'
import { library } from '../library.ts'
import { give, person, policy, type Rule } from '../people.ts'
import type { Json, Scenario } from '../runner.ts'

const missing = 'aaaaaaaa-0000-4000-8000-00000000000f'

const scenario: Scenario = async (api) => {
  await library(api)
  const may = (action: Rule['action'], collection: string, more: Partial<Rule> = {}): Rule => ({ action, collection, ...more })
  const code = (body: Json) => (body?.errors ? { errors: body.errors.map((error: Json) => error.extensions.code) } : 'done')
  const made = async (path: string, body: object): Promise<string> => (await api.post(path, body, { setup: true })).data.id

  api.proves('access: required-members', 'access: missing-target')
  const rules = await policy(api, 'rules', [])
  const full = { policy: rules, collection: 'q_books', action: 'read' }
  for (const name of Object.keys(full)) await api.post('/permissions', { ...full, [name]: undefined }, { label: `a rule without ${name}` })
  await api.post('/permissions', { ...full, policy: missing }, { label: 'a rule of a missing policy' })

  api.proves('access: own-role')
  const [boss] = (await api.get('/users?filter[role][_nnull]=true&limit=1&fields=id,role', { setup: true })).data
  const plainRole = await made('/roles', { name: 'nothing more' })
  const maker = await person(api, 'maker', [may('read', 'directus_users'), may('create', 'directus_users')])
  const make = (label: string, body: object) =>
    maker.post('/users', { email: `${label.replaceAll(' ', '.')}@example.com`, ...body }, { label, keep: code })
  await make('plain', {})
  await make('new role', { role: { name: 'made', policies: [] } })
  await make('new policy', { policies: [{ policy: { name: 'made', admin_access: true } }] })
  await make('policy of administrators', { policies: [{ policy: boss.role }] })
  const changer = await person(api, 'changer', [
    may('read', 'directus_roles'),
    may('read', 'directus_users'),
    may('update', 'directus_users', { fields: ['role', 'title', 'policies', 'token', 'provider'] }),
  ])
  const change = (label: string, body: object, path = '/users/me') => changer.patch(path, body, { label, keep: code })
  await change('a title', { title: 'Dr' })
  await change('a role of nothing', { role: plainRole })
  await change('no role', { role: null })
  await change('a way to sign in', { provider: 'elsewhere' })
  await change('the way back', { provider: 'default' })
  await change('a token', { token: 'token-of-changer' })
  await change('the role of administrators', { role: boss.role })
  await changer.get('/settings?fields=id', { label: 'what an administrator may', keep: code })
  await api.patch(`/users/${changer.id}`, { role: null, provider: 'default' }, { setup: true })
  const limited = await person(api, 'limited', [may('read', 'directus_users'), may('update', 'directus_users', { fields: ['title'] })])
  await limited.patch('/users/me', { role: plainRole }, { label: 'a role, with rules for a title', keep: code })
  await limited.patch('/users/me', { title: 'Dr' }, { label: 'a title, with rules for it', keep: code })

  api.proves('access: related-scope')
  const books: Rule = { collection: 'q_books', fields: ['id', 'title', 'author'] }
  const scoped = await person(api, 'scoped', [books, { collection: 'q_authors', permissions: { id: { _eq: 1 } } }])
  await scoped.get('/items/q_books?sort=id&fields=id,author.name')
  await scoped.get('/items/q_books?sort=id&fields=id&filter[author][name][_eq]=Sigrid')
  await scoped.get('/items/q_books?sort=id&fields=id&filter[author][name][_eq]=Halldor')
  const alone = await person(api, 'alone', [books])
  await alone.get('/items/q_books?sort=id&fields=id,author')
  await alone.get('/items/q_books?sort=id&fields=id&filter[author][name][_eq]=Sigrid')

  api.proves('access: ip-access')
  const office = await policy(api, 'office', [{ collection: 'q_authors', fields: ['id', 'name'] }], { ip_access: ['10.99.0.0/16'] })
  const clerk = await person(api, 'clerk')
  await give(api, { user: clerk.id }, office)
  await clerk.get('/items/q_authors?sort=id&limit=1', { label: 'from elsewhere' })
  await api.patch(`/policies/${office}`, { ip_access: ['127.0.0.1', '10.99.0.0/16'] }, { setup: true })
  await api.patch(`/policies/${office}`, { ip_access: null }, { setup: true })
  await clerk.get('/items/q_authors?sort=id&limit=1', { label: 'from anywhere' })

  api.proves('permissions: empty-list')
  const empty = await person(api, 'empty', [
    { collection: 'q_books', fields: [] },
    { collection: 'q_authors', fields: null },
    { collection: 'q_genres', fields: ['name'] },
    may('create', 'q_genres', { fields: [] }),
    may('update', 'q_genres', { fields: [] }),
  ])
  for (const path of [
    'q_books',
    'q_books/1',
    'q_books?meta=*',
    'q_books?aggregate[count]=*',
    'q_authors',
    'q_authors?fields=id',
    'q_genres?limit=1',
  ])
    await empty.get(`/items/${path}`)
  await empty.post('/items/q_genres', {}, { label: 'a row of nothing' })
  await empty.post('/items/q_genres', { name: 'x' }, { label: 'a row of something' })
  await empty.patch('/items/q_genres/1', { name: 'x' }, { label: 'a change of something' })

  api.proves('permissions: presets-cover')
  const writer = await person(
    api,
    'writer',
    [{ collection: 'q_comments' }, may('update', 'q_comments', { permissions: { score: { _lt: 3 } }, presets: { text: 'low' } })],
    [may('update', 'q_comments', { permissions: { score: { _gt: 3 } }, presets: { text: 'high' } })],
  )
  await writer.patch('/items/q_comments/1?fields=id,text,position', { position: 11 }, { label: 'a high one' })
  await writer.patch('/items/q_comments/2?fields=id,text,position', { position: 12 }, { label: 'a low one' })
  await writer.patch('/items/q_comments/3?fields=id,text,position', { position: 13 }, { label: 'one between' })

  api.proves('permissions: aggregate-once')
  const counter = await person(api, 'counter', [
    { collection: 'q_books', permissions: { comments: { text: { _in: ['good', 'bad'] } } }, fields: ['id', 'pages', 'author'] },
  ])
  await counter.get('/items/q_books?fields=id&sort=id')
  await counter.get('/items/q_books?aggregate[count]=*')
  await counter.get('/items/q_books?aggregate[sum]=pages&groupBy=author&sort=author')

  api.proves('permissions: unreadable-answer')
  const narrow = await person(api, 'narrow', [{ collection: 'q_genres', fields: ['id'] }, may('create', 'q_genres', { fields: ['name'] })])
  await narrow.post('/items/q_genres?fields=name', { name: 'asked back' }, { label: 'what may not be read' })
  await narrow.post('/items/q_genres?fields=name', { parent: 1 }, { label: 'what may not be written' })
  await api.get('/items/q_genres?aggregate[count]=*&filter[name][_eq]=asked back', { label: 'it was made' })

  api.proves('permissions: history')
  await api.table('p_told', [autoKey(), field('name', 'string'), field('secret', 'string')], { accountability: 'all' })
  await api.seed('p_told', [
    { name: 'one', secret: 's1' },
    { name: 'two', secret: 's2' },
  ])
  const reads: Rule[] = ['directus_activity', 'directus_revisions'].map((collection) => ({ collection }))
  const told = (body: Json) => body.data?.map(({ item, data }: Json) => [item, data?.secret ?? null]) ?? code(body)
  const history = '/revisions?filter[collection][_eq]=p_told&fields=item,data&sort=id'
  const whole = await person(api, 'whole', [...reads, { collection: 'p_told' }])
  const part = await person(api, 'part', [...reads, { collection: 'p_told', permissions: { id: { _eq: 1 } }, fields: ['id', 'name'] }])
  const none = await person(api, 'none', reads)
  for (const who of [whole, part, none]) {
    await who.get(history, { label: 'revisions', keep: told })
    await who.get('/activity?filter[collection][_eq]=p_told&fields=item&sort=id', { label: 'activity' })
  }
}

export default scenario
