/** PATCH in every form that identity providers send, as a table: what there is, the operations, what there is afterwards. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toResource } from '../../../plugins/scim/coerce.ts'
import { joined, toMemberChange } from '../../../plugins/scim/members.ts'
import { applyOperations, parseOperations } from '../../../plugins/scim/patch.ts'
import { groupShape, userShape } from '../../../plugins/scim/schemas.ts'
import { urns } from './provider.ts'

const ext = urns.enterprise
const work = { value: 'w@x.org', type: 'work', primary: true }
const home = { value: 'h@x.org', type: 'home' }
const base = { userName: 'u', active: true }

type Row = [why: string, before: object, operations: object | object[], after: object]
const works: Row[] = [
  ['text for a boolean, as Entra sends it', base, { op: 'Replace', path: 'active', value: 'False' }, { ...base, active: false }],
  ['a boolean in lower case', base, { op: 'replace', path: 'active', value: 'false' }, { ...base, active: false }],
  ['a boolean', base, { op: 'replace', path: 'active', value: false }, { ...base, active: false }],
  ['no path, as Okta sends it', base, { op: 'replace', value: { active: false } }, { ...base, active: false }],
  ['no path and text for a boolean', base, { op: 'ADD', value: { active: 'False' } }, { ...base, active: false }],
  [
    'dotted and URN keys without a path',
    base,
    { op: 'add', value: { 'name.givenName': 'G', 'name.familyName': 'F', [`${ext}:employeeNumber`]: '7', [`${urns.user}:title`]: 'T' } },
    { ...base, name: { givenName: 'G', familyName: 'F' }, [ext]: { employeeNumber: '7' }, title: 'T' },
  ],
  [
    'an extension as a key',
    { ...base, [ext]: { department: 'D' } },
    { op: 'replace', value: { [ext]: { costCenter: 'C' }, [urns.user]: { title: 'T' } } },
    { ...base, [ext]: { department: 'D', costCenter: 'C' }, title: 'T' },
  ],
  [
    'filtered keys without a path',
    base,
    { op: 'add', value: { 'emails[type eq "work"].value': 'a@x.org' } },
    { ...base, emails: [{ type: 'work', value: 'a@x.org' }] },
  ],
  [
    'what is not known or not the client’s is left out',
    base,
    { op: 'replace', value: { id: 'x', meta: {}, schemas: [], groups: [{ value: 'g' }], password: 'p', role: 'r', nickName: 'N' } },
    { ...base, nickName: 'N' },
  ],
  ['a name in another letter case', base, { op: 'replace', path: 'NICKNAME', value: 'N' }, { ...base, nickName: 'N' }],
  [
    'an element that is made',
    { ...base, emails: [home] },
    { op: 'add', path: 'emails[type eq "work"].value', value: 'a@x.org' },
    { ...base, emails: [home, { type: 'work', value: 'a@x.org' }] },
  ],
  [
    'an element that is replaced',
    { ...base, emails: [work, home] },
    { op: 'replace', path: 'emails[type eq "work"].value', value: 'a@x.org' },
    { ...base, emails: [{ ...work, value: 'a@x.org' }, home] },
  ],
  [
    'types ignore letter case',
    { ...base, emails: [work] },
    { op: 'replace', path: 'emails[type eq "WORK"].value', value: 'a@x.org' },
    { ...base, emails: [{ ...work, value: 'a@x.org' }] },
  ],
  [
    'two conditions say what is made',
    base,
    { op: 'add', path: 'emails[type eq "work" and primary eq true].value', value: 'a' },
    { ...base, emails: [{ type: 'work', primary: true, value: 'a' }] },
  ],
  [
    'a whole element by filter',
    { ...base, addresses: [{ type: 'work', locality: 'A', country: 'C' }] },
    { op: 'replace', path: 'addresses[type eq "work"]', value: { locality: 'B' } },
    { ...base, addresses: [{ type: 'work', locality: 'B' }] },
  ],
  [
    'a part of every element',
    { ...base, emails: [work, home] },
    { op: 'replace', path: 'emails.display', value: 'D' },
    {
      ...base,
      emails: [
        { ...work, display: 'D' },
        { ...home, display: 'D' },
      ],
    },
  ],
  [
    'another primary',
    { ...base, emails: [work, home] },
    { op: 'add', path: 'emails[type eq "home"].primary', value: 'True' },
    {
      ...base,
      emails: [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    },
  ],
  [
    'a list that is added to',
    { ...base, emails: [work] },
    { op: 'add', path: 'emails', value: [work, home] },
    { ...base, emails: [work, home] },
  ],
  ['one value that is added', { ...base, emails: [work] }, { op: 'add', path: 'emails', value: home }, { ...base, emails: [work, home] }],
  ['a list that is replaced', { ...base, emails: [work] }, { op: 'replace', value: { emails: [home] } }, { ...base, emails: [home] }],
  [
    'a complex value that is merged',
    { ...base, name: { givenName: 'G' } },
    { op: 'replace', value: { name: { familyName: 'F' } } },
    { ...base, name: { givenName: 'G', familyName: 'F' } },
  ],
  [
    'null clears',
    { ...base, title: 'T', name: { givenName: 'G' } },
    [
      { op: 'replace', path: 'title', value: null },
      { op: 'replace', path: 'name.givenName', value: null },
    ],
    base,
  ],
  ['an empty text clears', { ...base, title: 'T' }, { op: 'replace', path: 'title', value: '' }, base],
  ['an empty list clears', { ...base, emails: [work] }, { op: 'replace', path: 'emails', value: [] }, base],
  ['an extension attribute', base, { op: 'add', path: `${ext}:department`, value: 'D' }, { ...base, [ext]: { department: 'D' } }],
  [
    'the last extension attribute takes the extension along',
    { ...base, [ext]: { department: 'D' } },
    { op: 'remove', path: `${ext}:department` },
    base,
  ],
  ['an extension as a path', base, { op: 'add', path: ext, value: { DEPARTMENT: 'D' } }, { ...base, [ext]: { department: 'D' } }],
  ['the schema as a path', base, { op: 'replace', path: urns.user.toUpperCase(), value: { title: 'T' } }, { ...base, title: 'T' }],
  ['names of a message in any letter case', base, { OP: 'Add', Path: 'title', Value: 'T' }, { ...base, title: 'T' }],
  ['a whole extension is removed', { ...base, [ext]: { department: 'D' } }, { op: 'remove', path: ext }, base],
  ['the manager as a key', base, { op: 'replace', path: `${ext}:manager`, value: 'm1' }, { ...base, [ext]: { manager: { value: 'm1' } } }],
  [
    'the manager as an object',
    base,
    { op: 'add', path: `${ext}:manager`, value: { value: 'm1', displayName: 'M' } },
    { ...base, [ext]: { manager: { value: 'm1' } } },
  ],
  [
    'the manager as a list of one',
    base,
    { op: 'add', path: `${ext}:manager`, value: [{ $ref: null, value: 'm1' }] },
    { ...base, [ext]: { manager: { value: 'm1' } } },
  ],
  [
    'a manager who is nobody, in a list',
    { ...base, [ext]: { manager: { value: 'm1' } } },
    { op: 'replace', path: `${ext}:manager`, value: [null] },
    base,
  ],
  [
    'the manager by value',
    base,
    { op: 'add', path: `${ext}:manager.value`, value: 'm1' },
    { ...base, [ext]: { manager: { value: 'm1' } } },
  ],
  [
    'another manager has another address',
    { ...base, [ext]: { manager: { value: 'm1', $ref: 'r1' } } },
    { op: 'replace', path: `${ext}:manager`, value: 'm2' },
    { ...base, [ext]: { manager: { value: 'm2' } } },
  ],
  [
    'the manager is cleared by an empty text',
    { ...base, [ext]: { manager: { value: 'm1' }, department: 'D' } },
    { op: 'Replace', path: `${ext}:manager`, value: '' },
    { ...base, [ext]: { department: 'D' } },
  ],
  [
    'the manager’s value is cleared',
    { ...base, [ext]: { manager: { value: 'm1' } } },
    { op: 'replace', path: `${ext}:manager.value`, value: '' },
    base,
  ],
  ['the manager is removed', { ...base, [ext]: { manager: { value: 'm1' } } }, { op: 'remove', path: `${ext}:manager` }, base],
  [
    'an element that is removed',
    { ...base, emails: [work, home] },
    { op: 'remove', path: 'emails[type eq "work"]' },
    { ...base, emails: [home] },
  ],
  [
    'a part that is removed',
    { ...base, emails: [work] },
    { op: 'remove', path: 'emails[type eq "work"].primary' },
    { ...base, emails: [{ value: 'w@x.org', type: 'work' }] },
  ],
  ['a list that is removed', { ...base, emails: [work, home] }, { op: 'remove', path: 'emails' }, base],
  [
    'elements that are named by value',
    { ...base, emails: [work, home] },
    { op: 'remove', path: 'emails', value: [{ value: 'h@x.org' }] },
    { ...base, emails: [work] },
  ],
  [
    'an element that is there, with its parts in another order',
    { ...base, emails: [work, home] },
    { op: 'add', path: 'emails', value: [{ type: 'work', value: 'w@x.org' }, { value: 'H@X.ORG' }] },
    { ...base, emails: [work, { ...home, value: 'H@X.ORG' }] },
  ],
  [
    'an element that is there becomes the primary one',
    { ...base, emails: [work, home] },
    { op: 'add', path: 'emails', value: [{ type: 'home', value: 'h@x.org', primary: true }] },
    {
      ...base,
      emails: [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    },
  ],
  [
    'an address that is there',
    { ...base, addresses: [{ type: 'work', locality: 'A' }] },
    { op: 'add', path: 'addresses', value: [{ locality: 'A', type: 'work' }, { locality: 'A' }] },
    { ...base, addresses: [{ type: 'work', locality: 'A' }, { locality: 'A' }] },
  ],
  [
    'elements that are named by value, in another letter case',
    { ...base, emails: [work, home] },
    { op: 'remove', path: 'emails', value: [{ value: 'H@X.ORG', type: 'other' }] },
    { ...base, emails: [work] },
  ],
  [
    'what is left of an element is gone with its value',
    { ...base, emails: [work, home], addresses: [{ type: 'work', country: 'DE' }] },
    [
      { op: 'remove', path: 'emails[type eq "work"].value' },
      { op: 'replace', path: 'addresses[type eq "work"].country', value: '' },
    ],
    { ...base, emails: [home] },
  ],
  ['a list of nothing is removed', { ...base, emails: [work] }, { op: 'remove', path: 'emails', value: [] }, { ...base, emails: [work] }],
  ['what is not there is removed', base, { op: 'remove', path: 'emails[type eq "work"]' }, base],
  [
    'several operations in order',
    base,
    [
      { op: 'add', path: 'title', value: 'A' },
      { op: 'replace', path: 'title', value: 'B' },
      { op: 'add', path: 'nickName', value: 'N' },
    ],
    { ...base, title: 'B', nickName: 'N' },
  ],
]

const apply = (before: object, operations: object | object[]) =>
  applyOperations(before as never, parseOperations(userShape, { schemas: [urns.patch], Operations: [operations].flat() }))

describe('applyOperations()', () => {
  for (const [why, before, operations, after] of works) test(why, () => assert.deepEqual(apply(before, operations), after))

  const refused: [why: string, operations: object | object[], code: string, before?: object][] = [
    ['a boolean that is none', { op: 'replace', path: 'active', value: 'maybe' }, 'SCIM_INVALID_VALUE'],
    ['a number for text', { op: 'replace', path: 'title', value: 7 }, 'SCIM_INVALID_VALUE'],
    ['an object for text', { op: 'replace', path: 'title', value: { a: 1 } }, 'SCIM_INVALID_VALUE'],
    ['a null sign', { op: 'replace', path: 'title', value: 'a\0' }, 'SCIM_INVALID_VALUE'],
    ['two primaries', { op: 'replace', path: 'emails', value: [work, { ...home, primary: true }] }, 'SCIM_INVALID_VALUE'],
    ['no value', { op: 'add', path: 'title' }, 'SCIM_INVALID_VALUE'],
    ['no path and no object', { op: 'add', value: 'x' }, 'SCIM_INVALID_VALUE'],
    ['remove without a path', { op: 'remove' }, 'SCIM_NO_TARGET'],
    ['a filter that does not say what to make', { op: 'add', path: 'emails[value co "x"].type', value: 'work' }, 'SCIM_NO_TARGET'],
    ['an unknown attribute', { op: 'replace', path: 'nope', value: 'x' }, 'SCIM_INVALID_PATH'],
    ['a password', { op: 'replace', path: 'password', value: 'x' }, 'SCIM_INVALID_PATH'],
    ['a role', { op: 'replace', path: 'role', value: 'x' }, 'SCIM_INVALID_PATH'],
    ['a token', { op: 'add', path: 'token', value: 'x' }, 'SCIM_INVALID_PATH'],
    ['a path of spaces', { op: 'replace', path: 'a b', value: 'x' }, 'SCIM_INVALID_PATH'],
    ['a path that is no text', { op: 'replace', path: 7, value: 'x' }, 'SCIM_INVALID_PATH'],
    ['a filter on one value', { op: 'replace', path: 'name[givenName eq "x"].familyName', value: 'x' }, 'SCIM_INVALID_PATH'],
    ['a broken filter', { op: 'replace', path: 'emails[type eq].value', value: 'x' }, 'SCIM_INVALID_FILTER'],
    ['the key', { op: 'replace', path: 'id', value: 'x' }, 'SCIM_MUTABILITY'],
    ['groups of a user', { op: 'add', path: 'groups', value: [{ value: 'x' }] }, 'SCIM_MUTABILITY'],
    ['meta', { op: 'replace', path: 'meta.created', value: 'x' }, 'SCIM_MUTABILITY'],
    ['what is required', { op: 'remove', path: 'userName' }, 'SCIM_MUTABILITY'],
    ['text for an extension', { op: 'add', path: ext, value: 'x' }, 'SCIM_INVALID_VALUE'],
    ['an unknown operation', { op: 'move', path: 'title' }, 'SCIM_INVALID_SYNTAX'],
    ['no operation', [], 'SCIM_INVALID_SYNTAX'],
    ['an operation that is no object', [['x']], 'SCIM_INVALID_SYNTAX'],
    ['endless values', { op: 'add', path: 'emails', value: Array.from({ length: 1001 }, (_, i) => `${i}@x.org`) }, 'SCIM_INVALID_VALUE'],
    [
      'endless conditions',
      Array(7).fill({ op: 'remove', path: `emails[${Array(190).fill('type pr').join(' or ')}]` }),
      'SCIM_INVALID_SYNTAX',
    ],
    ['endless operations', Array(1001).fill({ op: 'remove', path: 'title' }), 'SCIM_INVALID_SYNTAX'],
  ]
  for (const [why, operations, code] of refused) test(`refuses ${why}`, () => assert.throws(() => apply(base, operations), { code }))

  test('leaves alone what it was given', () => {
    const before = Object.freeze({ ...base, emails: Object.freeze([Object.freeze({ ...work })]) })
    apply(before, { op: 'replace', path: 'emails[type eq "work"].value', value: 'x' })
    assert.deepEqual(before.emails, [work])
  })
})

const [a, b] = ['0a6c4d2e-0000-4000-8000-00000000000a', '0a6c4d2e-0000-4000-8000-00000000000b']
const memberRows: [why: string, operation: object, expected: object[]][] = [
  ['members that come', { op: 'Add', path: 'members', value: [{ $ref: null, value: a }] }, [{ kind: 'add', ids: [a] }]],
  ['one member', { op: 'add', path: 'members', value: { value: a } }, [{ kind: 'add', ids: [a] }]],
  ['keys ignore letter case', { op: 'add', path: 'members', value: [{ value: a.toUpperCase() }] }, [{ kind: 'add', ids: [a] }]],
  ['a member that goes', { op: 'remove', path: `members[value eq "${a}"]` }, [{ kind: 'remove', ids: [a] }]],
  ['members that go by name', { op: 'Remove', path: 'members', value: [{ value: a }, { value: b }] }, [{ kind: 'remove', ids: [a, b] }]],
  ['all that go', { op: 'remove', path: 'members' }, [{ kind: 'set', ids: [] }]],
  ['nobody who goes', { op: 'remove', path: 'members', value: [] }, [{ kind: 'remove', ids: [] }]],
  ['others in their place', { op: 'replace', path: 'members', value: [{ value: b }] }, [{ kind: 'set', ids: [b] }]],
  ['none in their place', { op: 'replace', path: 'members', value: [] }, [{ kind: 'set', ids: [] }]],
  ['no path, as Okta sends it', { op: 'replace', value: { id: 'g', displayName: 'D', members: [] } }, [{ kind: 'set', ids: [] }]],
]
for (const [why, operation, expected] of memberRows) {
  test(`toMemberChange() reads ${why}`, () => {
    const operations = parseOperations(groupShape, { Operations: [operation] })
    assert.deepEqual(operations.filter(({ path }) => path.place.at[0] === 'members').map(toMemberChange), expected)
  })
}

test('joined() makes one of many that follow each other', () => {
  const add = (id: string) => ({ kind: 'add' as const, ids: [id] })
  assert.deepEqual(joined([add(a), add(b), { kind: 'set', ids: [] }, add(a)]), [
    { kind: 'add', ids: [a, b] },
    { kind: 'set', ids: [] },
    add(a),
  ])
})

describe('toResource()', () => {
  const rows: [why: string, sent: object, expected: object][] = [
    ['names in any letter case', { USERNAME: 'u', Name: { GIVENNAME: 'G' } }, { userName: 'u', name: { givenName: 'G' } }],
    [
      'nothing that the server says',
      { id: 'x', meta: {}, schemas: [urns.user], groups: [{ value: 'g' }], userName: 'u' },
      { userName: 'u' },
    ],
    [
      'nothing unknown',
      { userName: 'u', password: 'p', role: 'r', token: 't', status: 's', __proto__: { a: 1 }, provider: 'x' },
      { userName: 'u' },
    ],
    ['nothing empty', { userName: 'u', title: '', name: { givenName: null }, emails: [], [ext]: {} }, { userName: 'u' }],
    [
      'values as they are',
      { userName: 'u', phoneNumbers: [{ value: 'tel:+1-201-555-0123;ext=7', type: 'Work' }] },
      { userName: 'u', phoneNumbers: [{ value: 'tel:+1-201-555-0123;ext=7', type: 'Work' }] },
    ],
  ]
  for (const [why, sent, expected] of rows) test(`takes ${why}`, () => assert.deepEqual(toResource(userShape, sent as never), expected))
})
