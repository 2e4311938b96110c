/** What /server/health looks at, and what /server/info tells to whom. */
import type { Json, Scenario } from '../runner.ts'

/** Times differ; what is looked at, and in which form it is told, does not. */
const looked = (body: Json) => ({
  ...body,
  releaseId: typeof body.releaseId,
  serviceId: typeof body.serviceId,
  checks: Object.fromEntries(
    Object.entries<Json[]>(body.checks).map(([name, found]) => [
      name,
      found.map((one) => ({ ...one, observedValue: typeof one.observedValue, status: one.status === 'warn' ? 'ok' : one.status })),
    ]),
  ),
  status: body.status === 'warn' ? 'ok' : body.status,
})

const told = ({ data }: Json) => {
  const { rateLimit, rateLimitGlobal, extensions, queryLimit } = data
  const files = Array.isArray(data.files?.mimeTypeAllowList)
  return JSON.parse(JSON.stringify({ files, rateLimit, rateLimitGlobal, extensions, queryLimit, version: typeof data.version }))
}

const scenario: Scenario = async (api) => {
  await api.user({ email: 'nurse@example.com', token: 'static-token-of-a-nurse' })

  api.proves('system: health')
  await api.get('/server/health', { label: 'all that is looked at', keep: looked, headersKept: ['content-type', 'cache-control'] })
  await api.get('/server/health', { label: 'by an unknown token', token: 'nobody-has-this-token' })
  await api.get('/server/health/more')

  api.proves('system: info')
  for (const [who, token] of [
    ['a user', 'static-token-of-a-nurse'],
    ['an admin', undefined],
    ['the public', null],
  ] as const)
    await api.get('/server/info', { label: `what ${who} is told of limits and files`, token, keep: told })
}

export default scenario
