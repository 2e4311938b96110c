/** Filters: what they are read as, what is refused, and that SQL says of every user what a plain evaluation says. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { fulfils } from '../../../plugins/scim/evaluate.ts'
import { parseFilter } from '../../../plugins/scim/filter.ts'
import { bindFilter } from '../../../plugins/scim/places.ts'
import { userShape } from '../../../plugins/scim/schemas.ts'
import { type Provider, startProvider, urns } from './provider.ts'

const eq = (name: string, value: unknown) => ({ op: 'eq', name, value })
const read: [why: string, text: string, expected: unknown][] = [
  ['a comparison', 'userName eq "bjensen"', eq('userName', 'bjensen')],
  ['operators in any case', 'userName EQ "a" And title Pr', { op: 'and', of: [eq('userName', 'a'), { op: 'pr', name: 'title' }] }],
  ['and before or', 'a eq 1 or b eq 2 and c eq true', { op: 'or', of: [eq('a', 1), { op: 'and', of: [eq('b', 2), eq('c', true)] }] }],
  ['groups', '(a eq 1 or b eq 2) and c eq null', { op: 'and', of: [{ op: 'or', of: [eq('a', 1), eq('b', 2)] }, eq('c', null)] }],
  ['not', 'NOT(a eq "x")', { op: 'not', of: eq('a', 'x') }],
  [
    'values of an attribute',
    'emails[type eq "work" and value co "@"]',
    { op: 'has', name: 'emails', of: { op: 'and', of: [eq('type', 'work'), { op: 'co', name: 'value', value: '@' }] } },
  ],
  [
    'a part after them',
    'emails[type eq "work"].value eq "x"',
    { op: 'has', name: 'emails', of: { op: 'and', of: [eq('type', 'work'), eq('value', 'x')] } },
  ],
  ['URNs', `${urns.enterprise}:department eq "x"`, eq(`${urns.enterprise}:department`, 'x')],
  ['signs in text', String.raw`a eq "say \"no\" (or) [not] \\ \u00e4"`, eq('a', 'say "no" (or) [not] \\ ä')],
]
for (const [why, text, expected] of read) test(`parseFilter() reads ${why}`, () => assert.deepEqual(parseFilter(text), expected))

const wrong: [why: string, text: string][] = [
  ['nothing', ''],
  ['an attribute alone', 'userName'],
  ['no value', 'userName eq'],
  ['a bare word', 'userName eq bjensen'],
  ['single quotes', "userName eq 'x'"],
  ['text that does not end', 'userName eq "x'],
  ['an unknown operator', 'userName is "x"'],
  ['a list', 'userName eq [1]'],
  ['an object', 'userName eq {"a":1}'],
  ['an open bracket', '(userName eq "x"'],
  ['a closed bracket', 'userName eq "x")'],
  ['an open list of values', 'emails[type eq "work"'],
  ['two conditions without a word between', 'userName eq "x" userName eq "y"'],
  ['and at the end', 'userName eq "x" and'],
  ['a null sign', 'userName eq "a\\u0000"'],
  ['half a character', 'userName eq "\\ud800"'],
  ['an unknown attribute', 'nope eq "x"'],
  ['a password', 'password eq "x"'],
  ['a token', 'token sw "a"'],
  ['a column', 'role eq "x"'],
  ['SQL', `userName eq "x"; drop table directus_users`],
  ['SQL in a name', `userName' or '1'='1 eq "x"`],
  ['order of a boolean', 'active gt true'],
  ['text of a boolean', 'active co "t"'],
  ['a number for text', 'userName eq 1'],
  ['no time', 'meta.created gt "yesterday"'],
  ['parts without saying which', 'name eq "x"'],
  ['an address that depends on where we are', 'meta.location sw "http"'],
  ['the address of a group', 'groups.$ref pr'],
  ['the address of a group, in brackets', 'groups[$ref co "Groups"]'],
  ['a bracket below a bracket', 'emails[addresses[type eq "x"]]'],
  ['endless brackets', `${'('.repeat(40)}userName pr${')'.repeat(40)}`],
  ['endless conditions', Array(201).fill('userName pr').join(' or ')],
  ['endless text', `userName eq "${'x'.repeat(10_001)}"`],
]
for (const [why, text] of wrong) {
  test(`${why} is no filter`, () => assert.throws(() => bindFilter(userShape, text), { code: 'SCIM_INVALID_FILTER', status: 400 }))
}
test('a filter may have 200 conditions and 30 levels', () => {
  bindFilter(userShape, Array(200).fill('userName pr').join(' or '))
  bindFilter(userShape, `${'('.repeat(30)}userName pr${')'.repeat(30)}`)
})

const words = ['a', 'A', 'ä', 'Ä', 'é%', '_b', 'B\\', '"q"', "o'x", '', 'aB']
const people = [
  {},
  { title: 'Boss', displayName: 'aB', active: false },
  { title: 'boss', nickName: 'Ä%', externalId: 'Key' },
  { externalId: 'key', name: { givenName: 'Äa', familyName: "o'x", middleName: 'b' } },
  {
    name: { formatted: 'é%' },
    emails: [
      { value: 'A@x.org', type: 'work', primary: true },
      { value: 'b_@y.org', type: 'home' },
    ],
  },
  {
    emails: [{ value: 'ab@x.org', type: 'Work' }],
    phoneNumbers: [
      { value: 'a', type: 'work' },
      { value: 'B\\', type: 'fax' },
    ],
  },
  { [urns.enterprise]: { department: 'ä', manager: { value: 'aB' } }, roles: [{ value: '"q"' }] },
  { [urns.enterprise]: { manager: { value: 'ab' } }, addresses: [{ locality: 'Ä', type: 'home' }, { country: 'a' }], displayName: 'aä' },
]

const textPaths = [
  'userName',
  'title',
  'displayName',
  'nickName',
  'externalId',
  'name.givenName',
  'name.familyName',
  'name.formatted',
  'emails.value',
  'emails.type',
  'emails',
  'phoneNumbers.value',
  'addresses.locality',
  'department',
  'manager',
  `${urns.enterprise}:manager.value`,
  'roles',
  'groups.display',
  'NAME.GIVENNAME',
  'meta.resourceType',
  'id',
  'schemas',
]
const literal = fc.oneof(fc.constantFrom(...words), fc.constantFrom('Boss', 'key', 'work', 'x.org', 'User', urns.enterprise))
const comparison = (paths: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...paths), fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'), literal)
    .map(([path, op, value]) => `${path} ${op} ${JSON.stringify(value)}`)
const presence = (paths: readonly string[]) => fc.constantFrom(...paths).map((path) => `${path} pr`)
const elements = fc
  .tuple(
    fc.constantFrom('emails', 'phoneNumbers'),
    fc.oneof(comparison(['value', 'type']), presence(['primary', 'type']), fc.constantFrom('primary eq true', 'not (primary eq true)')),
    fc.option(comparison(['value'])),
  )
  .map(([name, one, more]) => `${name}[${one}${more ? ` or ${more}` : ''}]`)
const filters = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    comparison(textPaths),
    presence([...textPaths, 'name', 'active', urns.enterprise, 'addresses', 'groups', 'meta']),
    fc.constantFrom(
      'active eq true',
      'active ne "False"',
      'active eq null',
      'title eq null',
      'emails ne null',
      'meta.created gt "2020-01-01"',
      'meta.lastModified lt "2020-01-01T00:00:00Z"',
    ),
    elements,
    tie('filter').map((one) => `not (${one})`),
    fc.tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter')).map(([a, op, b]) => `(${a} ${op} ${b})`),
  ),
})).filter

describe('filters as SQL', () => {
  let provider: Provider
  let all: any[]
  before(async () => {
    provider = await startProvider()
    const ids: string[] = []
    for (const [i, more] of people.entries()) ids.push((await provider.user(['Änne', "o'x", 'x@y.org', 'B%'][i] ?? `user${i}`, more)).id)
    await provider.group('aB', ids.slice(0, 2))
    all = (await provider.scim('GET', '/Users')).body.Resources
  })
  after(() => provider?.close())

  test('say of every user what a plain evaluation says', async () => {
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const bound = bindFilter(userShape, filter)
        const expected = all.filter((one) => fulfils(one, bound)).map(({ id }) => id)
        assert.deepEqual(await provider.found(`/Users?filter=${encodeURIComponent(filter)}`), expected, filter)
      }),
      { numRuns: 400 },
    )
  })

  const asked: [why: string, filter: string, names: readonly string[]][] = [
    ['letter case is ignored, beyond ASCII too', 'userName eq "ÄNNE"', ['Änne']],
    ['externalId respects it', 'externalId eq "Key"', ['x@y.org']],
    ['a percent sign stands for itself', 'userName co "%"', ['B%']],
    ['an underscore stands for itself', 'emails.value sw "b_"', ['user4']],
    ['a backslash stands for itself', String.raw`phoneNumbers.value eq "b\\"`, ['user5']],
    ['an apostrophe stands for itself', `name.familyName eq "o'x" and userName ne "a"`, ['B%']],
    ['the manager is compared by key', 'manager eq "aB"', ['user6']],
    [
      'not includes those without a value',
      'not (title eq "boss") and active eq true',
      ['admin@example.com', 'B%', 'user4', 'user5', 'user6', 'user7', 'Änne'],
    ],
    ['users of a group', 'groups.display eq "AB"', ["o'x", 'Änne']],
  ]
  for (const [why, filter, names] of asked) {
    test(why, async () => {
      const { body } = await provider.scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)
      const found = body.Resources.map(({ userName }: { userName: string }) => userName)
      assert.deepEqual(found.sort(), [...names].sort())
    })
  }

  test('groups by name, by member and by type', async () => {
    const [{ id }] = all.filter(({ userName }) => userName === 'Änne')
    for (const filter of [
      'displayName eq "ab"',
      `members eq "${id}"`,
      `members[value eq "${id}"]`,
      `members.value eq "${id}" and meta.resourceType eq "Group"`,
    ]) {
      const { body } = await provider.scim('GET', `/Groups?filter=${encodeURIComponent(filter)}`)
      assert.deepEqual(
        body.Resources.map(({ displayName }: { displayName: string }) => displayName),
        ['aB'],
        filter,
      )
    }
  })
})
