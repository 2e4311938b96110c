/** What identity providers do, as sequences of requests: Okta's spec test, Entra's validator, the RFCs' own examples. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Provider, startProvider, urns } from './provider.ts'

let provider: Provider
before(async () => {
  provider = await startProvider()
})
after(() => provider?.close())
const scim: Provider['scim'] = (...words) => provider.scim(...words)
const filtered = async (path: string, filter: string) => (await scim('GET', `${path}filter=${encodeURIComponent(filter)}`)).body

describe('Okta', () => {
  const userName = 'runscope300a@example.com'
  const headers = { 'content-type': 'application/json', accept: 'application/scim+json; charset=utf-8' }
  const body = {
    schemas: [urns.user],
    userName,
    name: { givenName: 'Runscope', familyName: 'User' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: 'Runscope User',
    active: true,
    password: 'Not1!taken',
    groups: [],
  }
  let id: string

  test('finds a user with all that is required of one', async () => {
    const { status, headers, body } = await scim('GET', '/Users?count=1&startIndex=1')
    assert.equal(status, 200)
    assert.match(headers.get('content-type')!, /^application\/scim\+json/)
    assert.deepEqual(body.schemas, [urns.list])
    assert.deepEqual([body.totalResults, body.itemsPerPage, body.startIndex], [1, 1, 1])
    const [user] = body.Resources
    for (const value of [user.id, user.userName, user.name.familyName, user.name.givenName, user.emails[0].value]) assert.ok(value)
    assert.equal(user.active, true)
    assert.deepEqual((await scim('GET', `/Users/${user.id}`)).body, user)
  })

  test('does not find whom there is not', async () => {
    const none = await filtered('/Users?', 'userName eq "nobody@example.com"')
    assert.deepEqual([none.totalResults, none.Resources], [0, []])
    const missing = await scim('GET', '/Users/00919288221112222')
    assert.deepEqual([missing.status, missing.body.schemas, missing.body.status], [404, [urns.error], '404'])
    assert.ok(missing.body.detail)
  })

  test('makes a user, once', async () => {
    const made = await scim('POST', '/Users', body, { headers })
    assert.equal(made.status, 201)
    id = made.body.id
    assert.equal(made.headers.get('location'), `http://localhost/scim/v2/Users/${id}`)
    assert.deepEqual([made.body.active, made.body.userName, made.body.name, made.body.emails], [true, userName, body.name, body.emails])
    assert.deepEqual((await scim('GET', `/Users/${id}`)).body, made.body)
    const again = await scim('POST', '/Users', { ...body, userName: userName.toUpperCase() }, { headers })
    assert.deepEqual([again.status, again.body.scimType, again.body.status], [409, 'uniqueness', '409'])
    assert.equal((await filtered('/Users?', `userName eq "${userName.toUpperCase()}"`)).totalResults, 1)
  })

  test('changes by PUT, leaves active alone where nothing is said of it', async () => {
    await provider.patch(`/Users/${id}`, { op: 'replace', value: { active: false } })
    const { active: _, ...rest } = body
    const changed = await scim('PUT', `/Users/${id}`, { ...rest, name: { givenName: 'Another', familyName: 'User' } })
    assert.deepEqual([changed.status, changed.body.active, changed.body.name.givenName], [200, false, 'Another'])
  })

  test('lets go and takes back by active alone', async () => {
    for (const active of [true, false]) {
      const { status, body } = await provider.patch(`/Users/${id}`, { op: 'replace', value: { active } })
      assert.deepEqual([status, body.active], [200, active])
    }
    assert.equal((await filtered('/Users?', `userName eq "${userName}"`)).Resources[0].active, false)
  })

  test('pushes groups', async () => {
    const group = await provider.group('Okta group', [id])
    const renamed = await provider.patch(`/Groups/${group.id}`, {
      op: 'replace',
      value: { id: group.id, displayName: 'Okta group 2', members: [] },
    })
    assert.equal(renamed.status, 204)
    const { body } = await scim('GET', `/Groups/${group.id}`)
    assert.deepEqual([body.displayName, body.members], ['Okta group 2', undefined])
    assert.equal((await scim('GET', '/Groups')).status, 200)
  })

  test('hears in the same form that its token is wrong', async () => {
    const { status, body, headers } = await scim('GET', '/Users', undefined, { token: 'wrong' })
    assert.deepEqual([status, body.status, body.schemas], [401, '401', [urns.error]])
    assert.match(headers.get('content-type')!, /^application\/scim\+json/)
  })
})

describe('Entra', () => {
  const user = (name: string, more = {}) => ({
    schemas: [urns.user, urns.enterprise],
    externalId: `ext-${name}`,
    userName: `${name}@contoso.com`,
    active: true,
    displayName: name,
    emails: [{ primary: true, type: 'work', value: `${name}@contoso.com` }],
    meta: { resourceType: 'User' },
    name: { formatted: `g f`, familyName: 'f', givenName: 'g' },
    roles: [],
    ...more,
  })
  let ada: string
  let bob: string
  let group: string

  test('tests the connection', async () => {
    const none = await filtered('/Users?', `userName eq "${crypto.randomUUID()}"`)
    assert.equal(none.totalResults, 0)
    for (const path of ['/Schemas', '/ServiceProviderConfig', '/ResourceTypes']) assert.equal((await scim('GET', path)).status, 200)
  })

  test('makes users', async () => {
    ada = (await scim('POST', '/Users', user('ada'))).body.id
    bob = (await scim('POST', '/Users', user('bob', { [urns.enterprise]: { department: 'D', manager: ada } }))).body.id
    const { body } = await scim('GET', `/Users/${bob}`)
    assert.deepEqual(body[urns.enterprise], { department: 'D', manager: { value: ada } })
    for (const filter of [
      'externalId eq "ext-bob"',
      'emails[type eq "work"].value eq "BOB@contoso.com"',
      `userName eq "bob@contoso.com" and active eq true`,
      `${urns.enterprise}:manager eq "${ada}"`,
    ])
      assert.deepEqual(
        (await filtered('/Users?', filter)).Resources.map(({ id }: { id: string }) => id),
        [bob],
        filter,
      )
  })

  test('changes them', async () => {
    const { status, body } = await provider.patch(
      `/Users/${bob}`,
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'robert@contoso.com' },
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+1 (555) 0100' },
      { op: 'Replace', path: 'name.familyName', value: 'Builder' },
      { op: 'Add', path: `${urns.enterprise}:employeeNumber`, value: '0042' },
      { op: 'Replace', path: 'displayName', value: null },
    )
    assert.equal(status, 200)
    assert.deepEqual(body.emails, [{ primary: true, type: 'work', value: 'robert@contoso.com' }])
    assert.deepEqual(body.phoneNumbers, [{ type: 'mobile', value: '+1 (555) 0100' }])
    assert.deepEqual([body.name.familyName, body[urns.enterprise].employeeNumber, body.displayName], ['Builder', '0042', undefined])
    const [row] = await provider.host.kernel.db.query('select email, last_name from directus_users where id = $1', [bob])
    assert.deepEqual(row, { email: 'robert@contoso.com', last_name: 'Builder' })
  })

  test('changes the manager and takes it away', async () => {
    for (const [value, manager] of [
      [bob, { value: bob }],
      ['', undefined],
    ] as const) {
      const { body } = await provider.patch(`/Users/${bob}`, { op: 'Replace', path: `${urns.enterprise}:manager`, value })
      assert.deepEqual(body[urns.enterprise].manager, manager)
    }
  })

  test('lets go and takes back with text for booleans', async () => {
    for (const [value, active] of [
      ['False', false],
      ['True', true],
    ] as const)
      assert.equal((await provider.patch(`/Users/${ada}`, { op: 'Replace', path: 'active', value })).body.active, active)
  })

  test('makes a group and finds it without its members', async () => {
    const made = await scim('POST', '/Groups', {
      schemas: [urns.group],
      externalId: 'g-1',
      displayName: 'Contoso',
      members: [],
      meta: { resourceType: 'Group' },
    })
    assert.equal(made.status, 201)
    group = made.body.id
    const found = await filtered('/Groups?excludedAttributes=members&', 'displayName eq "contoso"')
    assert.deepEqual(
      found.Resources.map(({ id, externalId }: any) => [id, externalId]),
      [[group, 'g-1']],
    )
    assert.equal((await scim('POST', '/Groups', { schemas: [urns.group], displayName: 'CONTOSO' })).status, 409)
  })

  test('renames it, adds members and removes them', async () => {
    const path = `/Groups/${group}`
    const members = async () => ((await scim('GET', path)).body.members ?? []).map(({ value }: any) => value).sort()
    assert.equal((await provider.patch(path, { op: 'Replace', path: 'displayName', value: 'Contoso 2' })).status, 204)
    assert.equal(
      (
        await provider.patch(path, {
          op: 'Add',
          path: 'members',
          value: [
            { $ref: null, value: ada },
            { $ref: null, value: bob },
          ],
        })
      ).status,
      204,
    )
    assert.deepEqual(await members(), [ada, bob].sort())
    assert.equal((await provider.patch(path, { op: 'Remove', path: 'members', value: [{ $ref: null, value: ada }] })).status, 204)
    assert.deepEqual(await members(), [bob])
    assert.equal((await provider.patch(path, { op: 'Remove', path: `members[value eq "${bob}"]` })).status, 204)
    assert.deepEqual(await members(), [])
  })

  test('adds to the second group before it removes from the first', async () => {
    const second = await provider.group('Second')
    const add = (id: string) => provider.patch(`/Groups/${id}`, { op: 'Add', path: 'members', value: [{ value: ada }] })
    await add(group)
    await add(second.id)
    await provider.patch(`/Groups/${group}`, { op: 'Remove', path: 'members', value: [{ value: ada }] })
    const { body } = await scim('GET', `/Users/${ada}`)
    assert.deepEqual(body.groups, [
      { value: second.id, display: 'Second', type: 'direct', $ref: `http://localhost/scim/v2/Groups/${second.id}` },
    ])
    assert.deepEqual(
      (await scim('GET', `/Groups/${second.id}`)).body.members.map(({ value }: any) => value),
      [ada],
    )
    assert.equal((await scim('GET', `/Groups/${group}`)).body.members, undefined)
  })

  test('walks pages of users', async () => {
    for (let i = 0; i < 8; i++) await provider.user(`paged${i}@contoso.com`)
    const seen = new Set<string>()
    let total = 1
    for (let startIndex = 1; startIndex <= total; startIndex += 5) {
      const { body } = await scim('GET', `/Users?startIndex=${startIndex}&count=5`)
      assert.equal(body.startIndex, startIndex)
      assert.equal(body.itemsPerPage, body.Resources.length)
      total = body.totalResults
      for (const { id } of body.Resources) seen.add(id)
    }
    assert.equal(seen.size, total)
    assert.ok(total > 10)
  })

  test('removes for good', async () => {
    for (const path of [`/Users/${bob}`, `/Groups/${group}`]) {
      assert.equal((await scim('DELETE', path)).status, 204)
      assert.equal((await scim('GET', path)).status, 404)
      assert.equal((await scim('DELETE', path)).status, 404)
      assert.equal((await scim('PUT', path, { userName: 'x', displayName: 'x' })).status, 404)
    }
  })
})

describe('the RFCs', () => {
  /** RFC 7643 §8.3, without what only a server says. */
  const full = {
    schemas: [urns.user, urns.enterprise],
    externalId: '701984',
    userName: 'bjensen@example.com',
    name: {
      formatted: 'Ms. Barbara J Jensen, III',
      familyName: 'Jensen',
      givenName: 'Barbara',
      middleName: 'Jane',
      honorificPrefix: 'Ms.',
      honorificSuffix: 'III',
    },
    displayName: 'Babs Jensen',
    nickName: 'Babs',
    profileUrl: 'https://login.example.com/bjensen',
    emails: [
      { value: 'bjensen@example.com', type: 'work', primary: true },
      { value: 'babs@jensen.org', type: 'home' },
    ],
    addresses: [
      {
        streetAddress: '100 Universal City Plaza',
        locality: 'Hollywood',
        region: 'CA',
        postalCode: '91608',
        country: 'USA',
        formatted: '100 Universal City Plaza\nHollywood, CA 91608 USA',
        type: 'work',
        primary: true,
      },
      { streetAddress: '456 Hollywood Blvd', locality: 'Hollywood', region: 'CA', postalCode: '91608', country: 'USA', type: 'home' },
    ],
    phoneNumbers: [
      { value: '555-555-5555', type: 'work' },
      { value: '555-555-4444', type: 'mobile' },
    ],
    ims: [{ value: 'someaimhandle', type: 'aim' }],
    photos: [{ value: 'https://photos.example.com/profilephoto/72930000000Ccne/F', type: 'photo' }],
    userType: 'Employee',
    title: 'Tour Guide',
    preferredLanguage: 'en-US',
    locale: 'en-US',
    timezone: 'America/Los_Angeles',
    active: true,
    x509Certificates: [{ value: 'MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVMx' }],
    [urns.enterprise]: {
      employeeNumber: '701984',
      costCenter: '4130',
      organization: 'Universal Studios',
      division: 'Theme Park',
      department: 'Tour Operations',
      manager: { value: '26118915-6090-4610-87e4-49d8ca9f808d', $ref: '../Users/26118915-6090-4610-87e4-49d8ca9f808d' },
    },
  }
  let id: string

  test('a whole user comes back as it was sent', async () => {
    const made = await scim('POST', '/Users', { ...full, password: 't1meMa$heen' })
    assert.equal(made.status, 201)
    const { id: key, meta, ...rest } = made.body
    id = key
    assert.deepEqual(rest, full)
    assert.deepEqual([meta.resourceType, meta.location], ['User', `http://localhost/scim/v2/Users/${id}`])
    assert.equal(made.headers.get('etag'), meta.version)
    assert.equal((await provider.host.kernel.db.query('select password from directus_users where id = $1', [id]))[0]!.password, null)
  })

  test('and by PUT', async () => {
    const { title: _, nickName: __, ...rest } = full
    const { status, body } = await scim('PUT', `/Users/${id}`, { ...rest, id: 'other', externalId: '7' })
    assert.deepEqual([status, body.id, body.title, body.nickName, body.externalId], [200, id, undefined, undefined, '7'])
  })

  test('filters of RFC 7644 §3.4.2.2', async () => {
    await provider.patch(`/Users/${id}`, { op: 'add', path: 'title', value: 'Tour Guide' })
    const matching = [
      'userName Eq "bjensen@example.com"',
      'name.familyName co "jensen"',
      'userName sw "B"',
      `${urns.user}:userName sw "b"`,
      'title pr and userType eq "Employee"',
      'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
      'userType ne "Intern" and not (emails co "nowhere.com")  and title pr',
      'userType eq "Employee" and (emails.type eq "work")',
      'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
      'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
      'meta.lastModified gt "2011-05-13T04:42:34Z" and title pr',
      `schemas eq "${urns.enterprise}" and title pr`,
    ]
    for (const filter of matching)
      assert.ok(
        (await filtered('/Users?', filter)).Resources.some((one: any) => one.id === id),
        filter,
      )
  })

  test('whose address is taken hears that it is the address', async () => {
    const emails = [{ value: 'taken@x.org', type: 'work' }]
    const first = await provider.user('taken', { emails })
    const { status, body } = await provider.scim('POST', '/Users', { userName: 'taker', emails })
    assert.deepEqual([status, body.scimType], [409, 'uniqueness'])
    assert.match(body.detail, /\(email\)$/)
    await provider.scim('DELETE', `/Users/${first.id}`)
  })

  test('another user’s userName is taken for PUT and PATCH too', async () => {
    const other = await provider.user('other-one')
    const { body: before } = await scim('GET', `/Users/${other.id}`)
    assert.equal((await scim('PUT', `/Users/${other.id}`, { ...other, userName: 'BJensen@example.com' })).status, 409)
    const patched = await provider.patch(
      `/Users/${other.id}`,
      { op: 'add', path: 'title', value: 'T' },
      { op: 'replace', path: 'userName', value: 'bjensen@example.com' },
    )
    assert.deepEqual([patched.status, patched.body.scimType], [409, 'uniqueness'])
    assert.deepEqual((await scim('GET', `/Users/${other.id}`)).body, before)
  })
})

test('of many who make one userName at once, one succeeds', async () => {
  for (const names of [
    ['race@x.org', 'RACE@x.org'],
    ['Räcer', 'RÄCER'],
    ['plain', 'plain', 'PLAIN', 'Plain'],
  ]) {
    const answers = await Promise.all(names.map((userName) => scim('POST', '/Users', { schemas: [urns.user], userName })))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(names.length - 1).fill(409)])
  }
  const groups = await Promise.all(
    ['Race', 'RACE', 'race'].map((displayName) => scim('POST', '/Groups', { schemas: [urns.group], displayName })),
  )
  assert.deepEqual(groups.map(({ status }) => status).sort(), [201, 409, 409])
})

test('patches at once lose nothing', async () => {
  const { id } = await provider.user('parallel')
  const attributes = ['title', 'nickName', 'userType', 'locale', 'timezone', 'displayName']
  const answers = await Promise.all(attributes.map((path) => provider.patch(`/Users/${id}`, { op: 'add', path, value: path })))
  assert.deepEqual(
    answers.map(({ status }) => status),
    attributes.map(() => 200),
  )
  const { body } = await scim('GET', `/Users/${id}`)
  assert.deepEqual(
    attributes.map((name) => body[name]),
    attributes,
  )
})

test('a failing last operation changes nothing', async () => {
  const user = await provider.user('atomic')
  const group = await provider.group('Atomic')
  for (const [path, ...operations] of [
    [`/Users/${user.id}`, { op: 'add', path: 'title', value: 'T' }, { op: 'replace', path: 'active', value: 'maybe' }],
    [`/Users/${user.id}`, { op: 'add', path: 'title', value: 'T' }, { op: 'add', path: 'name.givenName', value: 'x'.repeat(51) }],
    [
      `/Groups/${group.id}`,
      { op: 'add', path: 'members', value: [{ value: user.id }] },
      { op: 'add', path: 'members', value: [{ value: crypto.randomUUID() }] },
    ],
    [
      `/Groups/${group.id}`,
      { op: 'replace', path: 'displayName', value: 'New' },
      { op: 'add', path: 'members', value: [{ value: 'no key' }] },
    ],
  ] as [string, ...object[]][]) {
    const { status, body } = await provider.patch(path, ...operations)
    assert.deepEqual([status, body.scimType], [400, 'invalidValue'], JSON.stringify(body))
  }
  assert.deepEqual((await scim('GET', `/Users/${user.id}`)).body, user)
  assert.deepEqual((await scim('GET', `/Groups/${group.id}`)).body, group)
})
