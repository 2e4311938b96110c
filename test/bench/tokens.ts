/** How long it takes to find out who sends a request, in a process that has met them before. */
import { createLog } from '../../kernel/log.ts'
import { createKernel, definePlugin, points } from '../../kernel/mod.ts'
import { loadPlugins } from '../../plugins/mod.ts'
import { bearer, token } from './servers.ts'

const admin = { email: 'admin@example.com', password: 'A-password-for-the-benchmark' }
const requests = { warm: 5000, measured: 20_000 } as const

/** Microseconds from before the token is looked for until the rights are known, a number for each request. */
export async function tokenChecks(url: string): Promise<{ title: string; times: number[] }[]> {
  let since = 0
  let taken = 0
  const before = definePlugin({
    name: 'clock-before',
    setup(host) {
      host.hook(points.request, async function start(_, next) {
        since = performance.now()
        await next()
      })
    },
  })
  const behind = definePlugin({
    name: 'clock-behind',
    after: ['auth'],
    setup(host) {
      host.hook(points.request, async function stop(_, next) {
        taken = performance.now() - since
        await next()
      })
      host.routes('/clock').get('/', (c) => c.body(null, 204))
    },
  })
  const kernel = await createKernel({
    plugins: [before, ...(await loadPlugins([], import.meta.url)), behind],
    environment: {
      DATABASE_URL: url,
      SECRET: 'a-secret-for-the-benchmark-0123456789',
      ADMIN_EMAIL: admin.email,
      ADMIN_PASSWORD: admin.password,
      ADMIN_TOKEN: token,
    },
    log: createLog('silent', () => {}),
  })
  const login = (mode: string) =>
    kernel.fetch(
      new Request('http://localhost/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...admin, mode }),
      }),
    )
  const time = async (headers: Record<string, string>): Promise<number[]> => {
    const times: number[] = []
    for (let n = 0; n < requests.warm + requests.measured; n++) {
      const { status } = await kernel.fetch(new Request('http://localhost/clock', { headers }))
      if (status !== 204) throw new Error(`The request was answered ${status}`)
      if (n >= requests.warm) times.push(taken * 1000)
    }
    return times
  }
  try {
    const { data } = await (await login('json')).json()
    const [cookie = ''] = (await login('session')).headers.getSetCookie()
    return [
      { title: 'nobody', times: await time({}) },
      { title: 'a static token', times: await time(bearer(token)) },
      { title: 'an access token', times: await time(bearer(data.access_token)) },
      { title: 'a session cookie', times: await time({ cookie: cookie.split(';')[0]! }) },
    ]
  } finally {
    await kernel.close()
  }
}
