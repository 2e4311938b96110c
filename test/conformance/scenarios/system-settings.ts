/** Settings, what an app user sees of the system, and the documents of the API. */
import { autoKey, field } from '../fields.ts'
import { as, give, person, policy } from '../people.ts'
import type { Json, Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const nobody = as(api, 'nobody', null)
  const plain = await person(api, 'plain')
  const app = await person(api, 'app')
  const appPolicy = await policy(api, 'App of settings', [], { app_access: true })
  await give(api, { user: app.id }, appPolicy)
  await api.table('c_told', [autoKey(), field('name', 'string')])

  api.proves('system: settings')
  await api.get('/settings?fields=project_name,project_color,public_registration')
  await api.patch('/settings?fields=project_name', { project_name: 'Books' })
  await api.patch('/settings?fields=project_name', { nothing_known: 1 }, { label: 'an unknown key' })
  await api.patch(
    '/settings?fields=project_name',
    { project_name: 'More books', nothing_known: 1 },
    { label: 'an unknown key beside others' },
  )
  await api.patch('/settings?fields=project_name', { project_name: 5 }, { label: 'a number as a name' })
  await api.patch('/settings?fields=project_name', { project_name: null }, { label: 'no name' })
  await api.patch('/settings?fields=id', { id: 7 }, { label: 'another key' })
  await api.patch('/settings', { public_registration: 'perhaps' }, { label: 'a flag that is none' })
  await api.patch('/settings', { auth_login_attempts: 'many' }, { label: 'a number that is none' })
  await api.patch('/settings', [], { label: 'a list', keep: ({ data, errors }: Json) => (data ? 'answered' : errors) })
  await api.get('/settings?fields=nothing_known')
  await api.post('/settings', { project_name: 'x' }, {})
  await api.delete('/settings')
  await api.get('/settings/1')
  await api.patch('/settings/1', { project_name: 'x' })
  await api.search('/settings', {})
  for (const who of [nobody, plain]) {
    await who.get('/settings')
    await who.patch('/settings', { project_name: 'x' })
  }
  await app.get('/settings', { keep: ({ data }: Json) => Object.keys(data).sort() })
  await app.get('/settings?fields=project_name,default_language')
  await app.get('/settings?fields=project_name,auth_password_policy')
  await app.get('/settings?fields=public_registration')
  await app.patch('/settings', { project_name: 'x' })
  await api.patch('/settings?fields=project_name', { project_name: 'Plinth' }, { label: 'the name it had' })

  api.proves('system: app-users')
  for (const path of ['/dashboards', '/panels', '/flows', '/operations', '/extensions', '/activity?limit=0', '/presets', '/translations']) {
    await app.get(path)
    await plain.get(path)
  }
  await app.get('/folders')
  await app.get('/roles?fields=name&filter[name]=nobody')
  await app.post('/dashboards', { name: 'x' })
  await app.patch('/extensions/x', { meta: { enabled: false } })
  await nobody.get('/extensions')

  api.proves('system: documents')
  await api.get('/server/specs/oas', {
    keep: ({ openapi, paths }: Json) => ({
      version: openapi.slice(0, 2),
      items: Object.keys(paths['/items/c_told']).sort(),
      operation: paths['/items/c_told'].get.operationId,
    }),
  })
  const schema = ({ components }: Json) => {
    const { type, properties, 'x-collection': of } = components.schemas.ItemsCTold ?? {}
    return { type, of, fields: Object.keys(properties ?? {}).sort() }
  }
  await api.get('/server/specs/oas', { label: 'schema of a collection', keep: schema })
  await nobody.get('/server/specs/oas', { keep: ({ paths }: Json) => ({ told: '/items/c_told' in paths, ping: '/server/ping' in paths }) })
  const headersKept = ['content-type', 'content-disposition']
  const sdl = (type: string) => (text: Json) => String(text).includes(type)
  await api.get('/server/specs/graphql', { headersKept, keep: sdl('type c_told') })
  await api.get('/server/specs/graphql/items', { headersKept, keep: sdl('type c_told') })
  await api.get('/server/specs/graphql/system', { headersKept, keep: sdl('type directus_users') })
  await api.get('/server/specs/graphql/other', { headersKept, keep: sdl('c_told') })
  await nobody.get('/server/specs/graphql', { headersKept, keep: sdl('type c_told') })
  await api.get('/server/specs')
  await api.post('/server/specs/oas', {})

  await api.delete(`/policies/${appPolicy}`, { setup: true })
}

export default scenario
