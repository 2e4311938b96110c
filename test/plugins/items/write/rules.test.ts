/** Rules: what the recorded answers in test/conformance do not show. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { faultsOf, hasPattern, variablesIn } from '../../../../plugins/items/write/rules.ts'

const context = {
  variables: new Map<string, unknown>([
    ['$CURRENT_USER', 'me'],
    ['$CURRENT_ROLES', ['a', 'b']],
  ]),
  matches: (pattern: string, text: string) => new RegExp(pattern).test(text),
  now: new Date('2024-02-29T12:00:00Z'),
}

describe('faultsOf()', () => {
  const cases: [why: string, rule: unknown, item: Record<string, unknown>, types: string[]][] = [
    ['whole numbers beyond 2^53 are compared by their digits', { v: { _gt: '9007199254740993' } }, { v: '9007199254740994' }, []],
    ['and refused by them', { v: { _gt: '9007199254740993' } }, { v: '9007199254740993' }, ['gt']],
    ['text is compared with text', { v: { _gt: 'b' } }, { v: 'a' }, ['gt']],
    ['names of the caller', { v: { _eq: '$CURRENT_USER' } }, { v: 'you' }, ['eq']],
    ['lists of the caller', { v: { _in: '$CURRENT_ROLES' } }, { v: 'b' }, []],
    ['a moment', { v: { _between: ['$NOW(-1 day)', '$NOW(+1 day)'] } }, { v: '2024-02-29' }, []],
    ['values of a nested item', { author: { name: { _eq: 'x' } } }, { author: { name: 'y' } }, ['eq']],
    ['a key in its place says nothing of it', { author: { name: { _eq: 'x' } } }, { author: 5 }, []],
    ['an empty list', { v: { _empty: true } }, { v: [] }, []],
    ['names of every object', { v: { _eq: 'x' }, constructor: { _eq: 'y' }, __proto__: { _eq: 'z' } }, { v: 'x' }, []],
    ['operators that are names of every object', { v: { __proto__: 'x', _constructor: 'y' } }, { v: 'x' }, []],
    ['no rule at all', null, { v: 1 }, []],
    ['a list', [{ v: { _eq: 1 } }], { v: 2 }, []],
    ['an empty _or holds', { _or: [] }, { v: 2 }, []],
    ['_and that is no list', { _and: 'x' }, { v: 2 }, []],
    ['a range with one end', { v: { _between: [5] } }, { v: 2 }, ['gte']],
  ]
  for (const [why, rule, item, types] of cases) {
    test(why, () =>
      assert.deepEqual(
        faultsOf(rule, item, context, []).map(({ details }) => details.type),
        types,
      ),
    )
  }

  test('tells where the item stands', () =>
    assert.deepEqual(faultsOf({ v: { _eq: 1 } }, { v: 2 }, context, ['a', 'b'])[0]?.details.path, ['a', 'b']))
})

test('variablesIn() and hasPattern() look at every level', () => {
  const rule = { _and: [{ a: { _in: ['$CURRENT_USER.role.name', '$CURRENT_USERS'] } }, { _or: [{ b: { _regex: '$NOW' } }] }] }
  assert.deepEqual(variablesIn(rule), ['$CURRENT_USER.role.name'])
  assert.deepEqual([hasPattern(rule), hasPattern({ a: { _eq: '_regex' } })], [true, false])
})
