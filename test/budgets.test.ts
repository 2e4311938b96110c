/** Budgets: what a request may cost the database, what `plinth` exports, and who may import whom. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as plinth from 'plinth'
import { startKernel, type TestHost } from './host.ts'
import { startLibrary } from './plugins/items/library.ts'
import { addReader } from './readers.ts'
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

  test('GET /server/ping waits for nothing, whatever it comes with', () => {
    const kinds: Record<string, string>[] = [{}, { authorization: `Bearer ${accessToken}` }]
    for (const headers of kinds) {
      const answer = host.kernel.fetch(new Request('http://localhost/server/ping', { headers }))
      assert.ok(answer instanceof Response)
    }
  })

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

describe('a read is one statement, authentication included, whatever it asks', () => {
  let host: TestHost
  let accessToken: string
  const recorder = createRecorder()
  before(async () => {
    host = await startLibrary({
      wrap: recorder.wrap,
      sql: `insert into author (name, mentor) values ('Ann', null), ('Bob', 1);
      insert into article (title, rating, author, day, data, stamp) select 't' || n, n, n % 2 + 1, '2024-05-06', '{"a":[1]}', now() from generate_series(1, 20) n;
      create table setting (id serial primary key, name text);
      insert into note values ('n', 'body'); insert into page (lang, slug, version) values ('en', 'home', 1);
      insert into shelf (name) values ('s'); insert into shelf_author (shelf, author) values (1, 1), (1, 2);
      insert into shelf_part (shelf, item, collection) values (1, '1', 'article'), (1, 'n', 'note');`,
    })
    const body = { email: 'admin@example.com', password: 'Password123!' }
    accessToken = (await host.api('POST', '/auth/login', { token: null, body })).data.access_token
    await host.kernel.db.execute(`insert into directus_collections (collection, singleton) values ('setting', true)`)
    await host.kernel.registry.reload()
    await addReader(host, 'reader', 'article', { rating: { _lt: 15 }, author: { name: { _nnull: true } } })
    await host.settled()
    for (const token of [undefined, accessToken, 'reader']) await sent('article', token)
  })
  after(() => host.close())

  const queries: [what: string, path: string][] = [
    ['a list', 'article'],
    [
      'a filter with and, or, not, dates',
      'article?filter={"_or":[{"rating":{"_gt":3}},{"_and":[{"title":{"_nin":["a"]}},{"year(day)":{"_eq":2024}}]}]}',
    ],
    ['variables', 'article?filter[stamp][_gt]=$NOW(-1 day)&filter[title][_neq]=$CURRENT_USER'],
    ['a page in an order', 'article?sort=-rating,title&limit=5&page=2'],
    ['a key', 'article/1'],
    ['a composite key', 'page/en,home,1'],
    ['a singleton', 'setting'],
    ['a version that is the main one', 'article/1?version=main'],
    ['a first page with its cursor', 'article?cursor=&limit=2&sort=-rating'],
    ['a page behind a cursor, with counts', 'article?cursor=@next&limit=2&sort=-rating&meta=*'],
    ['groups of related rows', 'author?fields=name,articles&deep[articles][_aggregate][count]=*&deep[articles][_group]=rating'],
    ['without the way back', 'author?fields=*.*.*&backlink=false'],
    ['what JSON holds', 'article?filter={"data":{"_json":{"a[0]":{"_eq":1}}}}'],
    ['against the arrow', 'author?filter[$FOLLOW(article,author)][_some][rating][_gt]=3'],
    ['an order over m2a', 'shelf?sort=parts.item:article.title'],
    ['rows without a key', 'log'],
    ['rows without a key, as a file', 'log?export=ndjson'],
    ['aggregates', 'article?aggregate[count]=*&aggregate[sum]=rating&aggregate[countDistinct]=title'],
    ['groups', 'article?aggregate[avg]=rating&groupBy=year(day),title&sort=-avg.rating'],
    ['groups over a relation', 'article?aggregate[max]=rating&groupBy=author.name'],
    ['a search', 'article?search=t1'],
    ['a search for a number', 'article?search=7'],
    ['m2o', 'article?fields=*,author.*'],
    ['m2o of a key', 'article/1?fields=*,author.mentor.name'],
    ['o2m', 'author?fields=*,articles.*'],
    ['levels', 'author?fields=*.*.*'],
    ['m2m', 'shelf?fields=*,authors.author.name'],
    ['m2a', 'shelf?fields=parts.item:article.title,parts.item:note.body,parts.collection'],
    ['a relation to itself', 'author?fields=name,mentor.name'],
    [
      'deep',
      'author?fields=*,articles.title&deep[articles][_filter][rating][_gt]=2&deep[articles][_sort]=-rating&deep[articles][_limit]=2',
    ],
    ['a filter over m2o', 'article?filter[author][mentor][name][_eq]=Ann'],
    ['a filter over o2m', 'author?filter[articles][rating][_gt]=3'],
    ['some and none', 'author?filter[articles][_some][rating][_gt]=3&filter[articles][_none][rating][_gt]=99'],
    ['a filter over m2m', 'shelf?filter[authors][author][name][_eq]=Ann'],
    ['a filter over m2a', 'shelf?filter[parts][item:article][title][_eq]=t1'],
    ['an order over o2m', 'author?sort=-articles.rating,articles.title'],
    ['functions', 'article?fields=month(stamp),count(data),json(data, a[0])'],
    ['a count of rows', 'author?fields=name,count(articles)&filter[count(articles)][_gt]=0&sort=count(articles)'],
    ['an alias', 'author?fields=name,best&alias[best]=articles&deep[best][_limit]=1'],
    ['counts', 'article?limit=1&meta=*&filter[rating][_gt]=3'],
    ['an estimate', 'article?limit=1&meta=estimated_count'],
    ['a view', 'titles?filter[title][_eq]=t1'],
    ['a list as a file', 'article?export=csv&limit=-1'],
    ['a key as a file', 'article/1?export=xml'],
    ['groups as a file', 'article?aggregate[count]=*&export=json'],
    ['an explanation', 'article?explain&sort=title'],
  ]
  const sent = async (path: string, token: string | undefined, headers = {}) => {
    recorder.take()
    const { status, headers: answered } = await host.api('GET', `/items/${path}`, { token, headers })
    return { status, etag: answered.get('etag'), statements: recorder.take().length }
  }
  for (const [what, asked] of queries) {
    test(what, async () => {
      const page = asked.includes('@next') && (await host.api('GET', `/items/${asked.replace('@next', '').replace('meta=*', '')}`)).body
      const path = page ? asked.replace('@next', page.meta.next_cursor) : asked
      for (const token of [undefined, accessToken]) {
        const { status, etag, statements } = await sent(path, token)
        assert.deepEqual([status, statements], [200, 1])
        const again = etag ? await sent(path, token, { 'if-none-match': etag }) : null
        if (again) assert.deepEqual([again.status, again.statements], [path.includes('NOW') ? again.status : 304, 1])
      }
    })
  }

  test('rights do not change that', async () => {
    for (const path of [
      'article',
      'article/1',
      'article?search=t1&meta=*',
      'article?aggregate[count]=*',
      'article?filter[rating][_gt]=3&sort=-rating&limit=2',
    ]) {
      const { status, statements } = await sent(path, 'reader')
      assert.deepEqual([status, statements], [200, 1], path)
    }
  })

  test('nor does what is asked for in a body', async () => {
    for (const body of [
      { query: { fields: ['*', 'author.*'], meta: ['*'] } },
      { keys: [1, 2, 3] },
      { query: { aggregate: { count: ['*'] } } },
    ]) {
      recorder.take()
      assert.equal((await host.api('SEARCH', '/items/article', { body })).status, 200)
      assert.equal(recorder.take().length, 1)
    }
  })
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
    'isUuid',
    'nobody',
    'parseJson',
    'points',
    'problems',
    'problemsOf',
    'quoteName',
    'quoteTable',
    'randomText',
    'readJson',
    'readText',
    'remember',
    'service',
    'system',
  ])
})

describe('imports', () => {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const sources = ['kernel', 'plugins'].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') || name.endsWith('.js'))
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
      (path, name) => path.startsWith('kernel/') && path !== 'kernel/serve/main.js' && /plugins\/|^plinth/.test(name),
    ],
    [
      'node: stands in serve/, database/ and *.node.ts alone',
      (path, name) => name.startsWith('node:') && !/^kernel\/(serve|database)\/|\.node\.ts$/.test(path),
    ],
    [
      'only the drivers and their own folder import a driver',
      (path, name) =>
        (/^postgres$|\/postgres\.ts$/.test(name) && !path.startsWith('kernel/database/')) ||
        (/^@electric-sql\/|pglite/.test(name) && !path.startsWith('plugins/embedded/')),
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

test('the kernel has fewer than 2,500 lines of code: what few requests need is a plugin', () => {
  const root = new URL('../kernel/', import.meta.url)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.[jt]s$/.test(name))
  const lines = files.flatMap((name) => readFileSync(new URL(name, root), 'utf8').split('\n'))
  const code = lines.filter((line) => !/^\s*(\/\/|\*|\/\*|$)/.test(line))
  assert.ok(code.length > 1000 && code.length < 2500, `${code.length} lines`)
})
