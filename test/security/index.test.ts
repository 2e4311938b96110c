/** Where each rule is attacked: what a reader looks for, and what must not go unnoticed. Names are those of tests, or of groups of them. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'

type Place = readonly [file: string, ...names: string[]]
const rules: readonly (readonly [rule: string, ...places: Place[]])[] = [
  [
    'one resolver for field paths',
    ['security/field-paths.test.ts', 'one resolver for field paths'],
    ['security/rules.test.ts', 'a field that is in no rule is refused'],
    ['security/rows.test.ts', 'reads over lists, junctions and links to any collection'],
    ['plugins/items/permit.test.ts', 'lists, fields, filters, orders, pages, totals, groups, keys, searches and exports'],
  ],
  ['concealed fields are write-only', ['security/concealed.test.ts', 'tell nothing', 'masks that come back change nothing']],
  [
    'no accountability means nothing allowed',
    ['security/strangers.test.ts', 'every route'],
    ['security/attacks.test.ts', 'nothing tells a stranger whether a collection exists'],
  ],
  [
    'the row is authorised after the change',
    ['security/escalation.test.ts', 'escalation'],
    ['security/rows.test.ts', 'items in items: lists in both forms, junctions, links to any collection'],
    ['security/versions.test.ts', 'versions of one read by another'],
    ['plugins/items/permit.test.ts', 'creates, changes, deletes, links and lists of keys', 'presets, rules for values'],
    ['security/validation.test.ts', 'rules for values'],
  ],
  [
    'names come from the registry, values are bound',
    ['security/attacks.test.ts', 'is refused, its twin works', 'values are kept as they were sent'],
    ['security/payloads.test.ts', 'names that every object has'],
    ['plugins/items/fuzz.test.ts', 'whatever is asked'],
  ],
  [
    'every route to an object calls the same item check',
    ['security/routes.test.ts', 'rule 6'],
    ['security/shares.test.ts', 'nothing is written, whatever the role may write'],
    ['plugins/scim/security.test.ts', 'reach no further than their scopes'],
    ['plugins/assets/access.test.ts', 'a file is for whoever may read its row'],
  ],
  [
    'sessions, status, roles and policies are current; what counts down does so once',
    ['plugins/auth/processes.test.ts', 'two processes', 'both count the same refresh token as spent'],
    ['plugins/shares/processes.test.ts', 'shares in two processes'],
    ['plugins/auth/sessions.test.ts', 'a spent refresh token is forgiven for a moment', 'end when their user'],
    ['plugins/auth/second-factor.test.ts', 'second factor'],
    ['plugins/auth/letters.test.ts', 'set a new one, once', 'make people who choose their password, once', 'are confirmed by letter, once'],
    ['security/shares.test.ts', 'as many come in as may, of fifty at once'],
    ['security/attacks.test.ts', 'a refresh token that many use at once works once'],
  ],
  ['nothing inside is reached by imports', ['security/files.test.ts', 'by default nothing of this machine or its networks is reached']],
  [
    'work is bounded before it is done',
    ['plugins/graphql/bounds.test.ts', 'the validator gets no document that costs it much'],
    ['plugins/items/parse.test.ts', 'bounds, at N and at N + 1'],
    ['plugins/items/query-string.test.ts', 'and takes what is just within its bounds'],
    ['plugins/items/write/pattern.test.ts', 'answers at once'],
    ['security/payloads.test.ts', 'a pattern that takes for ever elsewhere'],
    ['security/assets.test.ts', 'parameters that ask for too much'],
    ['security/limits.test.ts', 'limits'],
    ['kernel/body.test.ts', 'nesting as deep as the bound allows'],
  ],
  [
    'parsers are hostile surface',
    ['security/files.test.ts', 'forms'],
    ['security/payloads.test.ts', 'payloads'],
    ['security/assets.test.ts', 'images that are not what they seem'],
    ['kernel/body.test.ts', 'hostile bodies'],
  ],
  ['assets are untrusted', ['security/assets.test.ts', 'contents that would run in a browser', 'storage']],
  ['cookies, and what browsers send along', ['security/pages.test.ts', 'requests by cookie', 'an origin that is listed, and others']],
  [
    'X-Forwarded-For counts only from configured proxies',
    ['security/forwarded.test.ts', 'rule 13'],
    ['plugins/proxy/proxy.test.ts', 'IP_TRUST_PROXY decides what routes see'],
  ],
  [
    'the same answer after the same work',
    ['security/silence.test.ts', 'a refused login', 'answers that tell nothing'],
    ['security/field-paths.test.ts', 'nothing that is answered depends on what is hidden'],
    ['security/versions.test.ts', 'a version of a hidden item is answered as none is'],
  ],
  ['what the server keeps is written by it alone', ['security/escalation.test.ts', 'what the server keeps is not written by anybody']],
  [
    'secrets are kept hashed, and told to nobody',
    ['security/silence.test.ts', 'secrets'],
    ['plugins/scim/security.test.ts', 'are kept as a hash and told once'],
  ],
]

for (const [i, [rule, ...places]] of rules.entries()) {
  test(`rule ${i + 1}: ${rule}`, async () => {
    for (const [file, ...names] of places) {
      const source = await readFile(new URL(`../${file}`, import.meta.url), 'utf8')
      const told = source.match(/(?:test|describe)\(\s*(['"`])(.*?)\1/gs)?.join('\n') ?? ''
      for (const name of names) assert.ok(told.includes(name), `${file} has no test "${name}"`)
    }
  })
}
