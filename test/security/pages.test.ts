/**
 * Cookies and what browsers send along: cookies are out of reach of scripts, and whoever comes by one changes something only from our own pages, from
 * listed ones, or from no browser at all.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { admin, startKernel, type TestHost, type TestOptions } from '../host.ts'
import { cheapHash, cookieOf, password } from '../plugins/auth/people.ts'

type Headers = Readonly<Record<string, string>>
type Case = readonly [why: string, headers: Headers, allowed: boolean]

const own = 'https://api.example.com'
const settings: [name: string, env: Record<string, string>, cases: Case[]][] = [
  [
    'with PUBLIC_URL and CORS_ORIGIN',
    { PUBLIC_URL: `${own}/base`, CORS_ENABLED: 'true', CORS_ORIGIN: 'https://app.example.org,https://two.example.org' },
    [
      ['no browser', {}, true],
      ['our own page', { origin: own, 'sec-fetch-site': 'same-origin' }, true],
      ['a listed page', { origin: 'https://two.example.org', 'sec-fetch-site': 'cross-site' }, true],
      ['the address bar', { 'sec-fetch-site': 'none' }, true],
      ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false],
      ['another site that claims to be ours', { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }, false],
      ['another site without Origin', { 'sec-fetch-site': 'cross-site' }, false],
      ['another site that sends our Referer', { origin: 'https://evil.example', referer: `${own}/` }, false],
      ['a page without origin', { origin: 'null' }, false],
      ['a page without origin, of the same site', { origin: 'null', 'sec-fetch-site': 'same-site' }, false],
      ['a neighbour', { origin: 'https://other.example.com', 'sec-fetch-site': 'same-site' }, false],
      ['another scheme', { origin: 'http://api.example.com' }, false],
      ['another port', { origin: 'https://api.example.com:444' }, false],
      ['a name that begins like ours', { origin: 'https://api.example.com.evil.example' }, false],
      ['a name that ends like a listed one', { origin: 'https://evil-app.example.org' }, false],
      ['an origin that is none', { origin: 'api.example.com' }, false],
      ['several origins', { origin: `${own} https://evil.example` }, false],
      ['the host of the request, that PUBLIC_URL overrules', { origin: 'http://localhost' }, false],
      ['a host that was made up', { origin: 'https://evil.example', host: 'evil.example', 'x-forwarded-host': 'evil.example' }, false],
    ],
  ],
  [
    'without',
    {},
    [
      ['no browser', {}, true],
      ['our own page', { origin: 'http://localhost' }, true],
      ['our own page behind a proxy that ends TLS', { origin: 'https://localhost' }, true],
      ['another site', { origin: 'https://evil.example' }, false],
      ['another port', { origin: 'http://localhost:81' }, false],
      ['a page without origin', { origin: 'null' }, false],
      ['a host that was made up', { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }, false],
    ],
  ],
  [
    'where any page may ask',
    { CORS_ENABLED: 'true', CORS_ORIGIN: '*,null' },
    [
      ['our own page', { origin: 'http://localhost' }, true],
      ['another site', { origin: 'https://evil.example' }, false],
      ['a star', { origin: '*' }, false],
      ['a page without origin', { origin: 'null' }, false],
    ],
  ],
]

/** What changes something, and by which cookie one comes. */
const changes: [method: string, path: string, by: 'session' | 'cookie', body?: unknown][] = [
  ['POST', '/items/note', 'session', { text: 'x' }],
  ['PATCH', '/items/note', 'session', { query: { limit: 1 }, data: { text: 'x' } }],
  ['DELETE', '/items/note', 'session', { query: { limit: 1 } }],
  ['PATCH', '/users/me', 'session', { title: 'x' }],
  ['PATCH', '/users/me/track/page', 'session', { last_page: '/x' }],
  ['DELETE', '/users/me/sessions', 'session'],
  ['POST', '/utils/cache/clear', 'session'],
  ['POST', '/auth/refresh', 'session', { mode: 'session' }],
  ['POST', '/auth/refresh', 'cookie', { mode: 'cookie' }],
  ['POST', '/auth/logout', 'session', { mode: 'session' }],
  ['POST', '/auth/logout', 'cookie', { mode: 'cookie' }],
]
const reads: [method: string, path: string][] = [
  ['GET', '/items/note'],
  ['SEARCH', '/items/note'],
  ['GET', '/users/me'],
  ['OPTIONS', '/items/note'],
]

/** An administrator whose password costs little to check. */
async function start(options: TestOptions): Promise<TestHost> {
  const host = await startKernel(options)
  await host.kernel.db.query('update directus_users set password = $1', [cheapHash])
  return host
}

for (const [name, env, cases] of settings) {
  describe(`cookies ${name}`, () => {
    let host: TestHost
    before(async () => {
      host = await start({ sql: 'create table note (id serial primary key, text text)', env })
    })
    after(() => host.close())

    const login = async (mode: 'session' | 'cookie') =>
      cookieOf(await host.api('POST', '/auth/login', { token: null, body: { email: admin.email, password, mode } }))
    const ask = (method: string, path: string, headers: Headers, body?: unknown) => host.api(method, path, { token: null, headers, body })

    for (const [why, headers, allowed] of cases) {
      test(`${why}: ${allowed ? 'may change' : 'may read, not change'}`, async () => {
        const cookie = await login('session')
        const { status, code } = await ask('POST', '/items/note', { ...headers, cookie }, { text: 'x' })
        if (allowed) assert.equal(status, 200)
        else assert.deepEqual([status, code], [403, 'FORBIDDEN'])
        assert.equal((await ask('GET', '/items/note', { ...headers, cookie })).status, 200)
        const token = { ...headers, authorization: `Bearer ${admin.token}` }
        assert.equal((await ask('POST', '/items/note', token, { text: 'x' })).status, 200, 'a token is sent on purpose')
      })
    }
  })
}

describe('requests by cookie', () => {
  let host: TestHost
  before(async () => {
    const sql = `create table note (id serial primary key, text text); insert into note values (100), (101), (102), (103)`
    host = await start({ sql, env: { PUBLIC_URL: own } })
  })
  after(() => host.close())
  const login = async (mode: string) => host.api('POST', '/auth/login', { token: null, body: { email: admin.email, password, mode } })
  const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }

  for (const [method, path, by, body] of changes) {
    test(`${method} ${path} by ${by} is refused to other sites and open to ours`, async () => {
      const cookie = cookieOf(await login(by))
      const ask = (headers: Headers) => host.api(method, path, { token: null, body, headers: { ...headers, cookie } })
      const refused = await ask(evil)
      assert.deepEqual([refused.status, refused.code], [403, 'FORBIDDEN'])
      assert.deepEqual(refused.headers.getSetCookie(), [])
      const { status } = await ask({ origin: own })
      assert.ok(status < 300, String(status))
    })
  }

  for (const [method, path] of reads) {
    test(`${method} ${path} changes nothing, so that any page may have it sent`, async () => {
      const cookie = cookieOf(await login('session'))
      const before = await fingerprint()
      assert.equal((await host.api(method, path, { token: null, headers: { ...evil, cookie } })).status, 200)
      assert.equal(await fingerprint(), before)
    })
  }

  test('no GET changes anything, wherever it leads', async () => {
    const cookie = cookieOf(await login('session'))
    const before = await fingerprint()
    const writing = [
      '/auth/logout',
      '/auth/refresh',
      '/auth/login',
      '/utils/cache/clear',
      '/users/invite',
      '/users/register',
      '/users/me/tfa/enable',
    ]
    for (const path of [
      ...writing,
      '/items/note?_method=DELETE',
      '/items/note/100?_method=delete',
      '/auth',
      '/server/info',
      '/users/me/sessions',
    ]) {
      const { status } = await host.api('GET', path, { token: null, headers: { ...evil, cookie, 'x-http-method-override': 'DELETE' } })
      assert.ok([200, 403, 404].includes(status), `${path} ${status}`)
    }
    assert.equal(await fingerprint(), before)
  })

  test('a form of another site is no login: its body is not JSON', async () => {
    const text = JSON.stringify({ email: admin.email, password, mode: 'session' })
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await host.api('POST', '/auth/login', { token: null, text, headers: { ...evil, 'content-type': type } })
      assert.equal(answer.status, 400)
      assert.deepEqual(answer.headers.getSetCookie(), [])
    }
  })

  test('cookies are out of reach of scripts, and travel by https alone where the address has it', async () => {
    for (const mode of ['session', 'cookie']) {
      const [cookie] = (await login(mode)).headers.getSetCookie()
      for (const word of [/; HttpOnly/, /; Secure/, /; SameSite=Lax/, /; Path=\//]) assert.match(cookie!, word)
      assert.doesNotMatch(cookie!, /Domain/)
    }
  })

  test('other sites are not told that they may read, nor which there are', async () => {
    const cookie = cookieOf(await login('session'))
    for (const origin of ['https://evil.example', 'null', own]) {
      for (const method of ['GET', 'OPTIONS']) {
        const { headers } = await host.api(method, '/users/me', { token: null, headers: { origin, cookie } })
        for (const name of headers.keys()) assert.doesNotMatch(name, /^access-control/)
      }
    }
  })

  /** All that is stored, but for when somebody was here last. */
  async function fingerprint(): Promise<string | null | undefined> {
    return host.kernel.db.text(`select (select json_agg(n order by id) from note n)::text || (select json_agg(s order by token) from directus_sessions s)::text
      || (select json_agg(to_jsonb(u) - 'last_access' order by id) from directus_users u)::text || (select count(*) from directus_activity)`)
  }
})

describe('an origin that is listed, and others', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({ env: { CORS_ENABLED: 'true', CORS_ORIGIN: 'https://app.example.org' } })
  })
  after(() => host.close())

  for (const [origin, listed] of [
    ['https://app.example.org', true],
    ['https://evil.example', false],
    ['https://app.example.org.evil.example', false],
    ['null', false],
  ] as const) {
    test(`${origin} ${listed ? 'is' : 'is not'} named, with credentials`, async () => {
      for (const method of ['GET', 'OPTIONS']) {
        const { headers } = await host.api(method, '/users/me', { headers: { origin } })
        assert.equal(headers.get('access-control-allow-origin'), listed ? origin : null)
        assert.equal(headers.get('access-control-allow-credentials'), listed ? 'true' : null)
        assert.match(headers.get('vary') ?? '', /Origin/)
      }
    })
  }
})
