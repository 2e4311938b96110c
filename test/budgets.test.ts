/** Budgets: what a request may cost the database, what `plinth` exports, and who may import whom. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as plinth from 'plinth'
import { startKernel, type TestHost } from './host.ts'
import { createRecorder } from './recorded.ts'

describe('statements a request', () => {
  let host: TestHost
  let accessToken: string
  const recorder = createRecorder()
  before(async () => {
    host = await startKernel({
      wrap: recorder.wrap,
      sql: `create table author (id serial primary key, name text, boss integer references author);
      create table book (id serial primary key, title text not null, author integer references author);
      create table shelf (room text, place integer, label text, primary key (room, place));
      insert into author (name) values ('Ann'); insert into book (title, author) select 't' || n, 1 from generate_series(1, 20) n;`,
    })
    const body = { email: 'admin@example.com', password: 'Password123!' }
    accessToken = (await host.api('POST', '/auth/login', { token: null, body })).data.access_token
    for (const token of [accessToken, undefined]) assert.equal((await host.api('GET', '/items/book', { token })).status, 200)
    await host.api('GET', '/server/info')
  })
  after(() => host.close())

  const read = ['select']
  const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ title: `n${i}` }))
  const cases: [method: string, path: string, body: unknown, sent: string[]][] = [
    ['GET', '/server/ping', undefined, []],
    ['GET', '/server/info', undefined, []],
    ['GET', '/nope', undefined, []],
    ['GET', '/collections', undefined, []],
    ['GET', '/fields/book', undefined, []],
    ['GET', '/users/me', undefined, read],
    ['GET', '/items/book', undefined, read],
    ['GET', '/items/book?meta=*&filter[title][_contains]=1&sort=-author.name&limit=5&page=2', undefined, read],
    ['GET', '/items/book?fields=*,author.*,author.boss.name', undefined, read],
    ['GET', '/items/book/1', undefined, read],
    ['GET', '/items/book/1?fields=author.name', undefined, read],
    ['GET', '/items/book/999', undefined, read],
    ['GET', '/items/book/x', undefined, []],
    ['GET', '/items/nope', undefined, []],
    ['GET', '/items/book?fields=nope', undefined, []],
    ['GET', '/items/book?filter[id][_eq]=x', undefined, []],
    ['SEARCH', '/items/book', { query: { filter: { id: { _lt: 5 } } } }, read],
    ['SEARCH', '/items/book', { keys: [1, 2, 3] }, read],
    ['POST', '/items/book', { title: 'a' }, ['begin', 'insert', 'with', 'select', 'commit']],
    ['POST', '/items/book', rows(50), ['begin', 'insert', 'with', 'select', 'commit']],
    ['POST', '/items/book', [{ title: 'a' }, { title: 'b', author: 1 }], ['begin', 'insert', 'with', 'select', 'commit']],
    ['POST', '/items/book', { id: 1000, title: 'a' }, ['begin', 'insert', 'select', 'with', 'select', 'commit']],
    ['POST', '/items/shelf', { room: 'a', place: 1 }, ['begin', 'insert', 'with', 'select', 'commit']],
    ['POST', '/items/book', {}, ['begin', 'rollback']],
    ['PATCH', '/items/book/1', { title: 'b' }, ['begin', 'update', 'with', 'select', 'commit']],
    ['PATCH', '/items/book', { keys: [1, 2, 3], data: { title: 'c' } }, ['begin', 'update', 'with', 'select', 'commit']],
    ['PATCH', '/items/book', { query: { limit: 2 }, data: { title: 'd' } }, ['begin', 'select', 'update', 'with', 'select', 'commit']],
    ['DELETE', '/items/book/1', undefined, ['begin', 'delete', 'insert', 'commit']],
    ['DELETE', '/items/book', [2, 3], ['begin', 'delete', 'with', 'commit']],
  ]
  for (const [method, path, body, sent] of cases) {
    const shown = body === undefined ? '' : ` ${JSON.stringify(body).slice(0, 60)}`
    test(`${method} ${path}${shown}: ${sent.join(', ') || 'none'}`, async () => {
      for (const token of [undefined, accessToken]) {
        recorder.take()
        await host.api(method, token && method === 'DELETE' ? path.replace(/\/1$/, '/11') : path, { body: fresh(body, token), token })
        const verbs = recorder.take().map(({ text }) => /^\s*(\w+)/.exec(text)![1]!.toLowerCase())
        assert.deepEqual(verbs, sent, token ? 'with an access token' : 'with a static token')
      }
    })
  }
})

/** The same body with other keys for the second token, so that they are neither taken nor gone. */
function fresh(body: unknown, token: string | undefined): unknown {
  if (token && Array.isArray(body) && typeof body[0] === 'number') return body.map((key) => key + 10)
  if (!token || typeof body !== 'object' || body === null) return body
  if ('id' in body) return { ...body, id: 2000 }
  return 'place' in body ? { ...body, place: 2 } : body
}

test('plinth exports these names, and no others', () => {
  assert.deepEqual(Object.keys(plinth).sort(), [
    'DatabaseError',
    'Problem',
    'StartError',
    'addressList',
    'arrayLiteral',
    'canonicalAddress',
    'createKernel',
    'defineConfig',
    'definePlugin',
    'defineProblems',
    'env',
    'hookPoint',
    'isAddressEntry',
    'isObject',
    'nobody',
    'points',
    'problems',
    'quoteName',
    'randomText',
    'readJson',
    'remember',
    'service',
    'system',
  ])
})

describe('imports', () => {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const sources = ['kernel', 'plugins'].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  )
  const importsOf = (path: string): string[] => {
    const text = readFileSync(root + path, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name!)
  }
  /** `path: import` of every source in which `rule` finds a fault. */
  const faults = (rule: (path: string, name: string) => boolean) =>
    sources.flatMap((path) =>
      importsOf(path)
        .filter((name) => rule(path, name))
        .map((name) => `${path}: ${name}`),
    )

  const rules: [what: string, broken: (path: string, name: string) => boolean][] = [
    [
      'the kernel knows no plugin, but for the command line that takes the default list',
      (path, name) => path.startsWith('kernel/') && path !== 'kernel/serve/main.ts' && /plugins\/|^plinth/.test(name),
    ],
    [
      'node: stands in serve/, database/ and *.node.ts alone',
      (path, name) => name.startsWith('node:') && !/^kernel\/(serve|database)\/|\.node\.ts$/.test(path),
    ],
    [
      'only the drivers and their own folder import a driver',
      (path, name) =>
        (/^postgres$|^@electric-sql\//.test(name) && !path.startsWith('kernel/database/')) ||
        (/database\/(postgres|pglite)\.ts$/.test(name) && !path.startsWith('kernel/database/')),
    ],
    ['plugins reach the kernel as plinth', (path, name) => path.startsWith('plugins/') && /kernel\//.test(name)],
    [
      'plugins reach each other as plinth/<plugin>',
      (path, name) => {
        const [own] = /^plugins\/[\w-]+\//.exec(path) ?? []
        const leads = new URL(name, `file:///${path}`).pathname.slice(1)
        return own !== undefined && name.startsWith('.') && !name.endsWith('package.json') && !leads.startsWith(own)
      },
    ],
  ]
  for (const [what, broken] of rules) test(what, () => assert.deepEqual(faults(broken), []))

  test('and these rules see something', () => {
    assert.ok(sources.length > 60)
    assert.ok(importsOf('kernel/database/postgres.ts').includes('postgres'))
    assert.ok(importsOf('plugins/mod.ts').includes('./items/mod.ts'))
  })
})
