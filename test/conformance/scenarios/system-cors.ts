/** Pages of other sites, and files that are too large. Both servers are started with the settings that own.ts has for it. */
import { textFile } from '../../form.ts'
import type { CallOptions, Scenario } from '../runner.ts'

const origins = {
  'a listed page': 'http://one.test',
  'another listed page': 'http://two.test',
  'another page': 'http://three.test',
  'no page': undefined,
}

const scenario: Scenario = async (api) => {
  api.proves('system: preflight')
  const asked = ['origin', 'credentials', 'methods', 'headers'].map((name) => `access-control-allow-${name}`)
  const headersKept = [...asked, 'access-control-max-age']
  const as = (origin: string | undefined, more = {}): CallOptions => ({
    token: null,
    headers: { ...(origin ? { origin } : {}), ...more },
    headersKept,
  })
  const preflight = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-anything' }
  for (const [who, origin] of Object.entries(origins)) {
    for (const path of ['/users/me', '/nothing/at/all'])
      await api.call('OPTIONS', path, { ...as(origin, preflight), label: `preflight of ${path}: ${who}` })
    await api.get('/server/ping', { ...as(origin), label: `ping: ${who}` })
    await api.get('/users/me', { ...as(origin, { authorization: 'Bearer nobody' }), label: `an error: ${who}` })
    await api.get('/nothing', { ...as(origin), label: `no route: ${who}` })
  }
  await api.call('OPTIONS', '/users/me', { ...as(origins['a listed page']), label: 'OPTIONS that is no preflight' })

  api.proves('system: import')
  const large = `email\n${'a'.repeat(2000)}\n`
  await api.upload('/utils/import/directus_users', [['file', textFile(large, 'large.csv', 'text/csv')]], {
    label: 'a CSV file that is too large',
  })
  await api.upload('/utils/import/directus_users?background=true', [['file', textFile(large, 'large.csv', 'text/csv')]], {
    label: 'too large, in the background',
  })
  await api.upload('/utils/import', [['file', textFile(large, 'large.json', 'application/json')]], {
    label: 'a file of several collections that is too large',
  })
}

export default scenario
