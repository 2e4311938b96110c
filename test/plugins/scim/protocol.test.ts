/** The protocol itself: discovery, lists and pages, chosen attributes, versions, bulk requests, /Me, and the form of every error. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel } from '../../host.ts'
import { type Provider, startProvider, urns } from './provider.ts'

let provider: Provider
const ids: string[] = []
before(async () => {
  provider = await startProvider()
  for (const name of ['c', 'a', 'B', 'd'])
    ids.push(
      (
        await provider.user(`${name}@x.org`, {
          title: name,
          name: { familyName: name },
          emails: [
            { value: `${name}@x.org`, type: 'work' },
            { value: `${'abcd'['dcba'.indexOf(name.toLowerCase())]}@y.org`, type: 'home', primary: true },
          ],
        })
      ).id,
    )
})
after(() => provider?.close())
const scim: Provider['scim'] = (...words) => provider.scim(...words)

describe('discovery', () => {
  test('tells every schema, with what there is of each attribute', async () => {
    const { status, body } = await scim('GET', '/Schemas')
    assert.deepEqual([status, body.totalResults, body.schemas], [200, 6, [urns.list]])
    const names = body.Resources.map(({ name }: any) => name)
    assert.deepEqual(names, ['User', 'EnterpriseUser', 'Group', 'ServiceProviderConfig', 'ResourceType', 'Schema'])
    const types = ['string', 'boolean', 'reference', 'dateTime', 'integer', 'complex']
    const check = (attribute: any) => {
      assert.ok(types.includes(attribute.type), attribute.name)
      for (const key of ['multiValued', 'required']) assert.equal(typeof attribute[key], 'boolean', attribute.name)
      for (const key of ['description', 'mutability', 'returned']) assert.equal(typeof attribute[key], 'string', attribute.name)
      assert.equal(attribute.type === 'complex', attribute.subAttributes !== undefined, attribute.name)
      attribute.subAttributes?.forEach(check)
    }
    for (const one of body.Resources) one.attributes.forEach(check)
    assert.doesNotMatch(JSON.stringify(body), /null|password/)
  })

  const found: [path: string, id: string][] = [
    [`/Schemas/${urns.user}`, urns.user],
    [`/Schemas/${urns.enterprise}`, urns.enterprise],
    ['/ResourceTypes/User', 'User'],
    ['/ResourceTypes/Group', 'Group'],
  ]
  for (const [path, id] of found) {
    test(`${path} is there`, async () => {
      const { status, body } = await scim('GET', path)
      assert.deepEqual([status, body.id, body.meta.location], [200, id, `http://localhost/scim/v2${path}`])
    })
  }

  test('says what is offered', async () => {
    const { body } = await scim('GET', '/ServiceProviderConfig')
    for (const name of ['patch', 'bulk', 'filter', 'sort', 'etag']) assert.equal(body[name].supported, true, name)
    assert.equal(body.changePassword.supported, false)
    assert.equal(body.pagination.cursor, true)
  })
})

describe('errors have the form of SCIM', () => {
  const key = '0a6c4d2e-0000-4000-8000-00000000000a'
  const rows: [why: string, method: string, path: string, body: unknown, status: number, scimType?: string][] = [
    ['an unknown path', 'GET', '/Nope', undefined, 404],
    ['an unknown path below a known one', 'GET', `/Users/${key}/nope`, undefined, 404],
    ['an unknown key', 'GET', `/Users/${key}`, undefined, 404],
    ['a key that is none', 'GET', '/Groups/no%27key', undefined, 404],
    ['an unknown schema', 'GET', '/Schemas/nope', undefined, 404],
    ['an unknown type', 'GET', '/ResourceTypes/nope', undefined, 404],
    ...['Schemas', 'ResourceTypes', 'ServiceProviderConfig', 'Schemas/x', 'ResourceTypes/User'].flatMap((path) =>
      ['POST', 'PUT', 'PATCH', 'DELETE'].map(
        (method) => [`${method} of ${path}`, method, `/${path}`, {}, 405] as [string, string, string, unknown, number],
      ),
    ),
    ['PUT of a list', 'PUT', '/Users', {}, 405],
    ['POST of one', 'POST', `/Users/${key}`, {}, 405],
    ['GET of Bulk', 'GET', '/Bulk', undefined, 405],
    ['GET of a search', 'GET', '/Groups/.search', undefined, 405],
    ['a filter of discovery', 'GET', '/Schemas?filter=id%20pr', undefined, 403],
    ['a wrong filter', 'GET', '/Users?filter=x', undefined, 400, 'invalidFilter'],
    ['a wrong filter of a search', 'POST', '/Users/.search', { filter: 'nope eq "x"' }, 400, 'invalidFilter'],
    ['a wrong order', 'GET', '/Users?sortBy=nope', undefined, 400, 'invalidPath'],
    ['an order by address', 'GET', '/Users?sortBy=meta.location', undefined, 400, 'invalidPath'],
    ['a wrong direction', 'GET', '/Users?sortOrder=up', undefined, 400, 'invalidValue'],
    ['a wrong count', 'GET', '/Users?count=many', undefined, 400, 'invalidValue'],
    ['a wrong start', 'GET', '/Users?startIndex=1.5', undefined, 400, 'invalidValue'],
    ['a wrong cursor', 'GET', '/Users?cursor=%27', undefined, 400, 'invalidCursor'],
    ['a cursor of something else', 'GET', '/Users?cursor=YWJj', undefined, 400, 'invalidCursor'],
    ['attributes chosen and excluded', 'GET', '/Users?attributes=id&excludedAttributes=name', undefined, 400, 'invalidValue'],
    ['a user without a name', 'POST', '/Users', { schemas: [urns.user] }, 400, 'invalidValue'],
    ['a group without a name', 'POST', '/Groups', { displayName: '' }, 400, 'invalidValue'],
    ['a list for a body', 'POST', '/Users', [], 400, 'invalidSyntax'],
    ['a title that is too long', 'POST', '/Users', { userName: 'long', title: 'x'.repeat(51) }, 400, 'invalidValue'],
    ['an endless text', 'POST', '/Groups', { displayName: 'G', externalId: 'x'.repeat(100_001) }, 400, 'invalidValue'],
    [
      'texts that are endless together',
      'POST',
      '/Users',
      { userName: 'long', displayName: 'x'.repeat(6e4), nickName: 'x'.repeat(6e4) },
      400,
      'invalidValue',
    ],
    ['a main address that is none', 'POST', '/Users', { userName: 'odd', emails: [{ value: 'no address' }] }, 400, 'invalidValue'],
    ['a member who is none', 'POST', '/Groups', { displayName: 'G', members: [{ value: key }] }, 400, 'invalidValue'],
    ['a group as a member', 'POST', '/Groups', { displayName: 'G', members: [{ value: key, type: 'Group' }] }, 400, 'invalidValue'],
    ['a name that is too long', 'POST', '/Groups', { displayName: 'x'.repeat(101) }, 400, 'invalidValue'],
    ['PUT of nobody', 'PUT', `/Users/${key}`, { userName: 'x' }, 404],
    ['PATCH of nobody', 'PATCH', `/Users/${key}`, { Operations: [{ op: 'remove', path: 'title' }] }, 404],
    ['/Me by a token of SCIM', 'GET', '/Me', undefined, 501],
    ['a bulk request of nothing', 'POST', '/Bulk', { Operations: [] }, 400, 'invalidSyntax'],
    ['a bulk request of too much', 'POST', '/Bulk', { Operations: Array(1001).fill({ method: 'DELETE', path: '/Users/x' }) }, 413],
  ]
  for (const [why, method, path, body, status, scimType] of rows) {
    test(`${why} is ${status}`, async () => {
      const answer = await scim(method, path, body)
      assert.equal(answer.status, status, JSON.stringify(answer.body))
      assert.match(answer.headers.get('content-type')!, /^application\/scim\+json/)
      const { detail, ...rest } = answer.body
      assert.equal(typeof detail, 'string')
      assert.deepEqual(rest, { schemas: [urns.error], status: String(status), ...(scimType ? { scimType } : {}) })
    })
  }
  test('what is allowed is told', async () => {
    for (const [path, allowed] of [
      ['/Users', 'GET, POST'],
      [`/Groups/${key}`, 'GET, PUT, PATCH, DELETE'],
      ['/Bulk', 'POST'],
      ['/Schemas', 'GET'],
    ] as const) {
      const { status, headers } = await scim('OPTIONS', path)
      assert.deepEqual([status, headers.get('allow')], [405, allowed], path)
    }
  })
  const bodies: [why: string, text: string, type: string, status: number][] = [
    ['broken JSON', '{', 'application/scim+json', 400],
    ['no JSON', 'userName=x', 'application/x-www-form-urlencoded', 415],
    ['too much', JSON.stringify({ userName: 'x'.repeat(5_300_000) }), 'application/json', 413],
    ['endless brackets', '['.repeat(600), 'application/json', 400],
  ]
  for (const [why, text, type, status] of bodies) {
    test(`${why} is ${status}`, async () => {
      const answer = await scim('POST', '/Users', undefined, { text, headers: { 'content-type': type } })
      assert.deepEqual([answer.status, answer.body.schemas], [status, [urns.error]])
    })
  }
})

describe('lists', () => {
  const titles = async (query: string) =>
    (await scim('GET', `/Users?filter=title%20pr&${query}`)).body.Resources.map(({ title }: any) => title)
  const orders: [query: string, expected: readonly string[]][] = [
    ['sortBy=title', ['a', 'B', 'c', 'd']],
    ['sortBy=title&sortOrder=descending', ['d', 'c', 'B', 'a']],
    ['sortBy=name.familyName&count=2', ['a', 'B']],
    ['sortBy=emails&startIndex=3', ['B', 'a']],
    ['sortBy=emails.value&startIndex=0&count=1', ['d']],
    ['sortBy=userName&startIndex=-5&count=1', ['a']],
    ['sortBy=meta.created', ['c', 'a', 'B', 'd']],
  ]
  for (const [query, expected] of orders) test(query, async () => assert.deepEqual(await titles(query), expected))

  const pages: [query: string, total: number, items: number, start: number][] = [
    ['count=0', 4, 0, 1],
    ['count=-3', 4, 0, 1],
    ['startIndex=99', 4, 0, 99],
    ['startIndex=4&count=10', 4, 1, 4],
    ['count=100000', 4, 4, 1],
  ]
  for (const [query, total, items, start] of pages) {
    test(`${query} tells what it holds`, async () => {
      const { body } = await scim('GET', `/Users?filter=title%20pr&${query}`)
      assert.deepEqual([body.totalResults, body.itemsPerPage, body.startIndex, body.Resources.length], [total, items, start, items])
    })
  }

  test('cursors lead through all, once, whoever comes meanwhile', async () => {
    const seen: string[] = []
    let cursor: string | undefined = ''
    for (let page = 0; cursor !== undefined && page < 9; page++) {
      const { status, body }: any = await scim('GET', `/Users?filter=title%20pr&count=3&cursor=${encodeURIComponent(cursor)}`)
      assert.deepEqual([status, body.totalResults], [200, 4])
      seen.push(...body.Resources.map(({ id }: any) => id))
      cursor = body.nextCursor
    }
    assert.deepEqual(seen, [...ids].sort())
  })

  test('cursors follow an order, back to the root, and say when their place is gone', async () => {
    const walk = async (path: string, shown: (one: any) => string) => {
      const seen: string[] = []
      for (let cursor: string | undefined = ''; cursor !== undefined && seen.length < 99; ) {
        const { status, body }: any = await scim('GET', `${path}&cursor=${encodeURIComponent(cursor)}`)
        assert.equal(status, 200, JSON.stringify(body))
        seen.push(...body.Resources.map(shown))
        cursor = body.nextCursor
      }
      return seen
    }
    const { Resources: all } = (await scim('GET', '/')).body
    for (const count of [1, 3, 99]) {
      assert.deepEqual(await walk(`/Users?filter=title%20pr&sortBy=title&sortOrder=descending&count=${count}`, ({ title }) => title), [
        'd',
        'c',
        'B',
        'a',
      ])
      assert.deepEqual((await walk(`/?count=${count}`, ({ id }) => id)).sort(), all.map(({ id }: any) => id).sort())
    }
    const { nextCursor } = (
      await scim('GET', '/Users?filter=title%20eq%20%22a%22%20or%20title%20eq%20%22B%22&sortBy=title&count=1&cursor=')
    ).body
    const { status, body } = await scim('GET', `/Users?filter=title%20eq%20%22c%22&sortBy=title&cursor=${encodeURIComponent(nextCursor)}`)
    assert.deepEqual([status, body.scimType], [400, 'invalidCursor'])
    assert.equal((await scim('GET', `/Groups?cursor=${encodeURIComponent(nextCursor)}`)).body.scimType, 'invalidCursor')
  })

  test('searches by POST ask the same', async () => {
    const sent = { schemas: [urns.search], filter: 'title pr', attributes: ['title'], sortBy: 'title', startIndex: 2, count: 2 }
    const { body } = await scim('POST', '/Users/.search', sent)
    assert.deepEqual(
      body.Resources.map(({ id: _, ...rest }: any) => rest),
      ['B', 'c'].map((title) => ({ schemas: [urns.user], title })),
    )
    assert.deepEqual([body.totalResults, body.startIndex, body.itemsPerPage], [4, 2, 2])
  })

  test('everything is searched at the root', async () => {
    const types = async (sent: object) => (await scim('POST', '/.search', sent)).body.Resources.map(({ meta }: any) => meta.resourceType)
    assert.deepEqual(await types({ filter: 'meta.resourceType eq "Group"' }), ['Group'])
    assert.deepEqual(await types({ filter: 'userName sw "a" or displayName eq "Administrator"' }), ['User', 'User', 'Group'])
    assert.deepEqual(await types({ startIndex: 5, count: 2 }), ['User', 'Group'])
    assert.deepEqual(await types({ startIndex: 6, count: 2 }), ['Group'])
  })
})

describe('attributes', () => {
  const rows: [query: string, keys: readonly string[]][] = [
    ['attributes=userName', ['id', 'schemas', 'userName']],
    ['attributes=NAME.FAMILYNAME,emails.value', ['emails', 'id', 'name', 'schemas']],
    [`attributes=${urns.user}:title`, ['id', 'schemas', 'title']],
    ['attributes=nope', ['id', 'schemas']],
    ['excludedAttributes=name,emails,id,meta.created', ['active', 'id', 'meta', 'schemas', 'title', 'userName']],
  ]
  for (const [query, keys] of rows) {
    test(query, async () => {
      const [one, list] = [await scim('GET', `/Users/${ids[0]}?${query}`), await scim('GET', `/Users?filter=title%20eq%20%22c%22&${query}`)]
      assert.deepEqual(Object.keys(one.body).sort(), keys)
      assert.deepEqual(list.body.Resources, [one.body])
    })
  }
  test('hold for what writing answers', async () => {
    const made = await scim('POST', '/Users?attributes=userName', { userName: 'chosen', title: 'T' })
    assert.deepEqual(Object.keys(made.body).sort(), ['id', 'schemas', 'userName'])
    const patched = await scim('PATCH', `/Users/${made.body.id}?attributes=title`, {
      Operations: [{ op: 'replace', path: 'title', value: 'U' }],
    })
    assert.deepEqual([patched.status, patched.body.title, patched.body.userName], [200, 'U', undefined])
    const put = await scim('PUT', `/Users/${made.body.id}?excludedAttributes=meta`, { userName: 'chosen' })
    assert.deepEqual([put.status, put.body.meta, put.body.userName], [200, undefined, 'chosen'])
    await scim('DELETE', `/Users/${made.body.id}`)
  })
})

describe('versions', () => {
  test('If-None-Match spares what is known, If-Match keeps what has changed', async () => {
    const path = `/Users/${ids[0]}`
    const first = await scim('GET', path)
    const old = first.headers.get('etag')!
    assert.match(old, /^W\/".+"$/)
    assert.equal(first.body.meta.version, old)
    assert.equal((await scim('GET', path, undefined, { headers: { 'if-none-match': `"x", ${old}` } })).status, 304)
    const change = (match: string) =>
      scim('PATCH', path, { Operations: [{ op: 'replace', path: 'nickName', value: match }] }, { headers: { 'if-match': match } })
    assert.equal((await change(old)).status, 200)
    const missed = await change(old)
    assert.deepEqual([missed.status, missed.body.schemas], [412, [urns.error]])
    assert.equal((await change('*')).status, 200)
    assert.equal((await scim('PUT', path, { userName: 'x' }, { headers: { 'if-match': old } })).status, 412)
    assert.equal((await scim('DELETE', path, undefined, { headers: { 'if-match': old } })).status, 412)
    assert.equal((await scim('GET', path, undefined, { headers: { 'if-none-match': old } })).status, 200)
    assert.equal((await scim('GET', path, undefined, { headers: { 'if-match': old } })).status, 412)
    for (const none of ['*', (await scim('GET', path)).headers.get('etag')!])
      assert.equal((await scim('DELETE', path, undefined, { headers: { 'if-none-match': none } })).status, 412)
    assert.equal((await scim('PUT', path, (await scim('GET', path)).body, { headers: { 'if-none-match': old } })).status, 200)
  })

  test('what changes nothing leaves the version', async () => {
    const before = await scim('GET', `/Users/${ids[1]}`)
    const same = await provider.patch(
      `/Users/${ids[1]}`,
      { op: 'replace', path: 'title', value: 'a' },
      { op: 'replace', path: 'active', value: true },
    )
    assert.deepEqual(same.body, before.body)
    const sent = {
      name: { middleName: 'M', formatted: 'F' },
      nickName: 'n',
      displayName: 'd',
      emails: [{ value: 'o@x.org', type: 'work' }],
    }
    const made = await provider.user('ordered', sent)
    assert.deepEqual((await scim('PUT', `/Users/${made.id}`, { userName: 'ordered', ...sent })).body, made)
    await scim('DELETE', `/Users/${made.id}`)
  })

  test('whoever leaves a group elsewhere changes the version of those who see its members', async () => {
    const [leaver, stayer] = [await provider.user('leaver'), await provider.user('stayer')]
    const { id } = await provider.group('left elsewhere', [leaver.id, stayer.id])
    const path = `/Groups/${id}`
    const [wide, narrow] = [await scim('GET', path), await scim('GET', `${path}?excludedAttributes=members`)]
    await scim('DELETE', `/Users/${leaver.id}`)
    const etag = (one: typeof wide) => one.headers.get('etag')!
    assert.equal((await scim('GET', path, undefined, { headers: { 'if-none-match': etag(wide) } })).status, 200)
    const put = (match: string) =>
      scim('PUT', path, { displayName: 'left elsewhere', members: [{ value: stayer.id }] }, { headers: { 'if-match': match } })
    assert.equal((await put(etag(wide))).status, 412)
    assert.equal((await put(etag(await scim('GET', path)))).status, 200)
    assert.equal((await put(etag(narrow))).status, 200)
    await provider.host.api('PATCH', `/users/${stayer.id}`, { body: { role: null } })
    assert.equal((await put(etag(wide))).status, 412)
    for (const gone of [path, `/Users/${stayer.id}`]) await scim('DELETE', gone)
  })

  test('a change elsewhere is another version', async () => {
    const before = await scim('GET', `/Users/${ids[1]}`)
    await provider.host.api('PATCH', `/users/${ids[1]}`, { body: { last_name: 'Elsewhere' } })
    const after = await scim('GET', `/Users/${ids[1]}`)
    assert.notEqual(after.body.meta.version, before.body.meta.version)
    assert.equal(after.body.name.familyName, 'Elsewhere')
    const member = await provider.user('of a group')
    const group = await provider.group('before', [member.id])
    const etag = (await scim('GET', `/Users/${member.id}`)).headers.get('etag')!
    await provider.patch(`/Groups/${group.id}`, { op: 'replace', path: 'displayName', value: 'after' })
    const renamed = await scim('GET', `/Users/${member.id}`, undefined, { headers: { 'if-none-match': etag } })
    assert.deepEqual([renamed.status, renamed.body.groups[0].display], [200, 'after'])
    for (const gone of [`/Groups/${group.id}`, `/Users/${member.id}`]) await scim('DELETE', gone)
  })
})

describe('bulk', () => {
  const run = (Operations: object[], more = {}) => scim('POST', '/Bulk', { schemas: [urns.bulk], ...more, Operations })
  const post = (bulkId: string, path: string, data: object) => ({ method: 'POST', path, bulkId, data })

  test('resolves bulkIds before and after what they name', async () => {
    for (const forwards of [true, false]) {
      const operations = [
        post('u', '/Users', { userName: `bulk-${forwards}`, [urns.enterprise]: { manager: { value: 'bulkId:m' } } }),
        post('g', '/Groups', { displayName: `Bulk ${forwards}`, members: [{ value: 'bulkId:u' }] }),
        post('m', '/Users', { userName: `boss-${forwards}` }),
        { method: 'PATCH', path: '/Users/bulkId:u', data: { Operations: [{ op: 'add', path: 'title', value: 'T' }] } },
      ]
      const { status, body } = await run(forwards ? operations : operations.toReversed())
      assert.equal(status, 200)
      assert.deepEqual(body.Operations.map(({ status }: any) => status).sort(), ['200', '201', '201', '201'], JSON.stringify(body))
      const by = new Map<string, any>(body.Operations.map((one: any) => [one.bulkId ?? 'patch', one]))
      const [user, group, boss] = ['u', 'g', 'm'].map((name) => by.get(name).location.split('/').at(-1))
      const read = (await scim('GET', `/Users/${user}`)).body
      assert.deepEqual([read.title, read[urns.enterprise].manager.value, read.groups[0].value], ['T', boss, group])
      assert.equal(by.get('u').version === undefined, false)
    }
  })

  test('tells of each operation, and goes on', async () => {
    const { body } = await run(
      [
        post('1', '/Users', { userName: 'twice' }),
        post('2', '/Users', { userName: 'TWICE' }),
        { method: 'DELETE', path: '/Users/nobody' },
        { method: 'GET', path: '/Users/x' },
      ].slice(0, 3),
    )
    assert.deepEqual(
      body.Operations.map(({ status }: any) => status),
      ['201', '409', '404'],
    )
    assert.equal(body.Operations[1].response.scimType, 'uniqueness')
    assert.match(body.Operations[2].location, /^https?:.*\/scim\/v2\/Users\/nobody$/)
  })

  test('failOnErrors leaves out what follows', async () => {
    const { body } = await run(
      [{ method: 'DELETE', path: '/Users/1' }, { method: 'DELETE', path: '/Groups/2' }, post('x', '/Users', { userName: 'never' })],
      { failOnErrors: 2 },
    )
    assert.deepEqual(
      body.Operations.map(({ status }: any) => status),
      ['404', '404'],
    )
    assert.equal((await provider.found('/Users?filter=userName%20eq%20%22never%22')).length, 0)
  })

  const refused: [why: string, operations: object[], more?: object][] = [
    ['an unknown method', [{ method: 'GET', path: '/Users' }]],
    ['POST without a bulkId', [{ method: 'POST', path: '/Users', data: {} }]],
    ['one bulkId twice', [post('a', '/Users', {}), post('a', '/Users', {})]],
    ['failOnErrors of nothing', [post('a', '/Users', {})], { failOnErrors: 0 }],
  ]
  for (const [why, operations, more] of refused)
    test(`refuses ${why}`, async () => assert.equal((await run(operations, more)).body.scimType, 'invalidSyntax'))

  test('takes names in any letter case, and null for no data', async () => {
    const { body } = await scim('POST', '/Bulk', { operations: [{ Method: 'delete', PATH: `/Users/${ids[0]}x`, data: null }] })
    assert.equal(body.Operations[0].status, '404')
  })

  const failing: [why: string, operation: object, status: string][] = [
    ['what was not made', post('a', '/Groups', { displayName: 'X', members: [{ value: 'bulkId:nope' }] }), '400'],
    ['another path', post('a', '/Schemas', {}), '400'],
    ['a path outside', post('a', '/../users', {}), '400'],
  ]
  for (const [why, operation, status] of failing)
    test(`an operation about ${why} fails`, async () => assert.equal((await run([operation])).body.Operations[0].status, status))

  test('closes circles of any size', async () => {
    const managed = (name: string, manager: string) =>
      post(name, '/Users', { userName: `circle-${name}`, [urns.enterprise]: { department: 'D', manager: { value: `bulkId:${manager}` } } })
    const { body } = await run([managed('a', 'b'), managed('b', 'c'), managed('c', 'a'), managed('d', 'd')])
    assert.deepEqual(
      body.Operations.map(({ status }: any) => status),
      ['201', '201', '201', '201'],
      JSON.stringify(body),
    )
    const keys = body.Operations.map(({ location }: any) => location.split('/').at(-1))
    for (const [i, manager] of [1, 2, 0, 3].entries()) {
      const { headers, body: read } = await scim('GET', `/Users/${keys[i]}`)
      assert.deepEqual([read[urns.enterprise].department, read[urns.enterprise].manager.value], ['D', keys[manager]])
      assert.equal(headers.get('etag'), body.Operations[i].version)
    }
  })

  test('of a circle that cannot be closed nobody stays', async () => {
    const circle = [
      post('e', '/Users', { userName: 'open-e', [urns.enterprise]: { manager: { value: 'bulkId:f' } } }),
      post('f', '/Users', { userName: 'circle-a', [urns.enterprise]: { manager: { value: 'bulkId:e' } } }),
      post('g', '/Users', { userName: 'open-g' }),
    ]
    const { body } = await run(circle)
    assert.deepEqual(
      body.Operations.map(({ status }: any) => status),
      ['400', '409', '201'],
    )
    assert.equal((await provider.found('/Users?filter=userName%20eq%20%22open-e%22')).length, 0)
  })
})

test('/Me is the administrator whose token it is', async () => {
  const me = await provider.host.api('GET', '/scim/v2/Me')
  assert.deepEqual([me.status, me.body.userName], [200, 'admin@example.com'])
  assert.match(me.body.meta.location, /\/scim\/v2\/Users\//)
  const patched = await provider.host.api('PATCH', '/scim/v2/Me', {
    body: { Operations: [{ op: 'replace', path: 'nickName', value: 'N' }] },
  })
  assert.deepEqual([patched.status, patched.body.nickName], [200, 'N'])
})

test('without SCIM_ENABLED there is nothing at /scim, and no table', async () => {
  const off = await startKernel()
  try {
    assert.equal(await off.kernel.db.text(`select count(*) from pg_class where relname like 'scim%'`), '0')
    for (const path of ['/scim/v2/Users', '/scim/tokens']) assert.equal((await off.api('GET', path)).status, 404)
  } finally {
    await off.close()
  }
})

test('whoever asks too often hears in the same form when to come again', async () => {
  const limited = await startKernel({
    env: { SCIM_ENABLED: 'true', RATE_LIMITER_ENABLED: 'true', RATE_LIMITER_POINTS: '1', RATE_LIMITER_DURATION: '60' },
  })
  try {
    await limited.api('GET', '/scim/v2/Users')
    const { status, body, headers } = await limited.api('GET', '/scim/v2/Users')
    assert.deepEqual([status, body.status, body.schemas], [429, '429', [urns.error]])
    assert.ok(Number(headers.get('retry-after')) >= 1)
  } finally {
    await limited.close()
  }
})
