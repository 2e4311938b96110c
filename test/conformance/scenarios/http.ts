/** The server's own endpoints, unknown routes, wrong methods, headers. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const known = ({ data }: Json) => ({ project: typeof data.project, queryLimit: data.queryLimit ?? null, rateLimit: data.rateLimit ?? null })

const scenario: Scenario = async (api) => {
  await api.user({ email: 'visitor@example.com', token: 'static-token-of-a-visitor' })

  api.proves('access: ping')
  await api.get('/server/ping', { token: null, headersKept: ['content-type'] })
  await api.get('/Server/Ping/', { token: null })
  await api.call('HEAD', '/server/ping', { token: null })

  api.proves('system: health')
  const health = (body: Json) => ({ status: body.status, members: Object.keys(body).sort(), checks: typeof body.checks })
  await api.get('/server/health', { label: 'health, public', token: null })
  await api.get('/server/health', { label: 'health, a user', token: 'static-token-of-a-visitor', headersKept: ['content-type'] })
  await api.get('/server/health', { label: 'health, an admin', keep: health, headersKept: ['content-type'] })

  api.proves('system: info')
  await api.get('/server/info', { label: 'info, public', token: null, keep: known })
  await api.get('/server/info', { label: 'info, a user', token: 'static-token-of-a-visitor', keep: known })
  await api.get('/server/info', { label: 'info, an admin', keep: known })
  await api.get('/server/info', { label: 'info, the project', token: null, keep: (body: Json) => Object.keys(body.data.project).sort() })

  api.proves('system: methods')
  for (const method of ['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'SEARCH']) {
    await api.call(method, '/nothing', { headersKept: ['allow'] })
    await api.call(method, '/nothing/at/all', { label: `${method} /nothing, public`, token: null })
  }
  await api.call('HEAD', '/nothing')
  await api.post('/server/ping', {}, {})
  await api.delete('/server/info')
  await api.call('PUT', '/auth/login', { body: {} })
  await api.get('/nothing?fields=*&limit=abc')
  await api.get('/nothing%20here')
  await api.get('/server')
  await api.get('/users/me/nothing')
  await api.call('OPTIONS', '/items/c_headers', {
    token: null,
    keep: () => null,
    headersKept: ['access-control-allow-origin', 'access-control-allow-methods'],
  })

  api.proves('access: headers')
  await api.table('c_headers', [autoKey(), field('name', 'string')])
  await api.seed('c_headers', [{ name: 'one' }])
  const headersKept = ['content-type', 'cache-control', 'vary']
  const listed = await api.get('/items/c_headers', { headersKept })
  await api.get('/items/c_headers/1', { headersKept })
  await api.get('/items/c_missing', { headersKept })
  await api.get('/nothing', { label: 'an unknown route', headersKept })
  await api.post('/items/c_headers', { name: 'two' }, { headersKept })
  await api.delete('/items/c_headers/2', { headersKept })

  api.proves('system: not-modified')
  const etag = listed.headers.get('etag') ?? 'none'
  const conditional = (label: string, value: string, cache = 'max-age=0') =>
    api.get('/items/c_headers', { label, headers: { 'if-none-match': value, 'cache-control': cache } })
  await conditional('the ETag', etag)
  await conditional('the ETag in a list', `"other", ${etag}`)
  await conditional('the ETag, strong', etag.replace('W/', ''))
  await conditional('*', '*')
  await conditional('another ETag', 'W/"other"')
  await conditional('no-cache', etag, 'no-cache')
  await conditional('no-cache among others', etag, 'max-age=0, no-cache')
  await conditional('* in a list', '*, "other"')
  const always = { headers: { 'if-none-match': '*', 'cache-control': 'max-age=0' } }
  await api.get('/items/c_headers/1', { ...always, label: 'a key', headersKept })
  await api.get('/items/c_headers?fields=name&meta=*', { ...always, label: 'a query' })
  await api.call('HEAD', '/items/c_headers', { ...always, label: 'HEAD' })
  await api.get('/items/c_headers/99', { ...always, label: 'a missing item' })
  await api.get('/items/c_headers?filter[name][_nope]=1', { ...always, label: 'a wrong query' })
  await api.search('/items/c_headers', {}, { ...always, label: 'SEARCH' })
  await api.patch('/items/c_headers/1', { name: 'one' }, { ...always, label: 'PATCH' })
  await api.patch('/items/c_headers/1', { name: 'changed' }, { setup: true })
  await conditional('after a change', etag)
}

export default scenario
