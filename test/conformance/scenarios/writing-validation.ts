/** Rules of fields: every operator, several at once, and the faults that they tell. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

/** A type, a condition on the field itself, and values that it is given. */
const conditions: readonly [type: string, condition: object, values: readonly unknown[]][] = [
  ['string', { _eq: 'a' }, ['a', 'b', null, '', 5]],
  ['string', { _eq: null }, ['a', null]],
  ['string', { _neq: 'a' }, ['a', 'b', null]],
  ['string', { _neq: null }, ['a', null]],
  ['string', { _in: ['a', 'b'] }, ['a', 'c', null]],
  ['string', { _in: 'a,b' }, ['a', 'a,b', 'c']],
  ['string', { _in: [] }, ['a']],
  ['string', { _nin: ['a', 'b'] }, ['a', 'c', null]],
  ['string', { _nin: [null] }, ['a', null]],
  ['string', { _contains: 'ab' }, ['xabx', 'xAbx', 'c', '', null]],
  ['string', { _ncontains: 'ab' }, ['xabx', 'xAbx', 'c', null]],
  ['string', { _icontains: 'ab' }, ['xABx', 'c']],
  ['string', { _nicontains: 'ab' }, ['xABx', 'c']],
  ['string', { _starts_with: 'ab' }, ['abx', 'ABx', 'xab', null, 5, '']],
  ['string', { _nstarts_with: 'ab' }, ['abx', 'c', null]],
  ['string', { _istarts_with: 'ab' }, ['ABx', 'c', null]],
  ['string', { _nistarts_with: 'ab' }, ['ABx', 'c']],
  ['string', { _ends_with: 'ab' }, ['xab', 'c', null]],
  ['string', { _nends_with: 'ab' }, ['xab', 'c']],
  ['string', { _iends_with: 'ab' }, ['xAB', 'c']],
  ['string', { _niends_with: 'ab' }, ['xAB', 'c']],
  ['string', { _null: true }, ['x', null]],
  ['string', { _null: false }, ['x', null]],
  ['string', { _nnull: true }, ['x', null]],
  ['string', { _empty: true }, ['x', '', null]],
  ['string', { _nempty: true }, ['x', '', null]],
  ['string', { _regex: '^[a-z]+$' }, ['abc', 'ABC', '', null, 5, true, [1], { a: 1 }]],
  ['string', { _regex: '/^[a-z]+$/i' }, ['abc', '1']],
  ['string', { _regex: 'b$' }, ['ab\n', 'a\nb', 'AB']],
  ['string', { _regex: '^(?=.*\\d)(?=.*[^a-zA-Z0-9]).{4,}$' }, ['abc1', 'abc1!', '1!']],
  ['string', { _regex: '\\p{L}' }, ['ü', 'p{L}']],
  ['string', { _regex: '(a+)+$' }, ['aaaaaaaaaaaaaaaaaaaab']],
  ['integer', { _gt: 5 }, [6, 5, '6', '5', null, 'abc']],
  ['integer', { _gte: 5 }, [5, 4]],
  ['integer', { _lt: 5 }, [4, 5]],
  ['integer', { _lte: 5 }, [5, 6]],
  ['integer', { _between: [2, 4] }, [1, 2, 4, 5, null]],
  ['integer', { _between: '2,4' }, [1, 3]],
  ['integer', { _nbetween: [2, 4] }, [1, 2, 4, 5]],
  ['integer', { _eq: 5 }, [5, '5', 6]],
  ['integer', { _in: [1, 2] }, [1, '1', 3]],
  ['decimal', { _gt: '5.5' }, ['5.6', '5.5', 5, 6]],
  ['boolean', { _eq: true }, [true, 'true', 1, false]],
  ['date', { _gt: '2020-01-01' }, ['2021-01-01', '2019-01-01', '2020-01-01']],
  ['date', { _between: ['2020-01-01', '2021-01-01'] }, ['2019-01-01', '2020-05-05', '2022-01-01', 'x']],
  ['timestamp', { _lt: '$NOW' }, ['2019-01-01T00:00:00Z', '2999-01-01T00:00:00Z']],
  ['timestamp', { _gt: '$NOW(-1 day)' }, ['2019-01-01T00:00:00Z', '2999-01-01T00:00:00Z']],
  ['json', { _nnull: true }, [{ a: 1 }, null]],
  ['csv', { _contains: 'a' }, [['a', 'b'], 'a,b']],
  ['string', { _eq: '$CURRENT_USER.email' }, ['a', 'admin@example.com']],
  ['string', { _starts_with: 'a', _ends_with: 'b' }, ['ab', 'ax', 'xb', 'c']],
  ['string', { _bogus: 'x' }, ['a']],
]

const scenario: Scenario = async (api) => {
  const fields = conditions.map(([type, condition], i) =>
    field(`v${i}`, type, { meta: { validation: { _and: [{ [`v${i}`]: condition }] } } }),
  )
  await api.table('c_rules', [autoKey(), ...fields])
  api.proves('writing: validation')
  for (const [i, [type, condition, values]] of conditions.entries()) {
    for (const value of values) {
      const label = `${type} ${JSON.stringify(condition)} given ${JSON.stringify(value)}`
      await api.post('/items/c_rules?fields=id', { [`v${i}`]: value }, { label, mask: ['data.id'] })
    }
  }

  await api.table('c_rules_broken', [autoKey(), field('v', 'string', { meta: { validation: { v: { _regex: '(' } } } })])
  await api.post('/items/c_rules_broken', { v: 'x' }, { label: 'a pattern that is none' })

  // The rule that asks for a value would hold for all other rows as well.
  await api.table('c_rules_given', [
    autoKey(),
    field('v', 'string', { meta: { validation: { v: { _submitted: true } } } }),
    field('w', 'string'),
  ])
  await api.post('/items/c_rules_given', { v: 'x' }, { label: 'submitted' })
  await api.post('/items/c_rules_given', { w: 'x' }, { label: 'not submitted' })
  await api.patch('/items/c_rules_given/1', { w: 'x' }, { label: 'not submitted on PATCH' })

  api.proves('writing: validation')
  const rule = (name: string, type: string, validation: object, schema = {}) => field(name, type, { schema, meta: { validation } })
  await api.table('c_rules_many', [
    autoKey(),
    field('a', 'string', { schema: { is_nullable: false } }),
    rule('b', 'string', { _and: [{ b: { _starts_with: 'x' } }, { b: { _regex: 'y$' } }] }),
    rule('c', 'string', { _or: [{ c: { _eq: 'a' } }, { c: { _starts_with: 'b' } }] }),
    rule('d', 'string', { _and: [{ d: { _neq: 'x' } }, { _or: [{ d: { _eq: 'a' } }, { a: { _eq: 'o' } }] }, { b: { _neq: 'q' } }] }),
    rule('e', 'string', { e: { _eq: 'plain' } }),
    rule('f', 'string', { f: 'short' }),
    rule('g', 'string', {}),
    field('n', 'string', { schema: { is_nullable: false, default_value: 'd' } }),
    field('made', 'timestamp', { meta: { special: ['date-created'], validation: { made: { _null: true } } } }),
    field('parent', 'integer'),
    field('kids', 'alias', { meta: { special: ['o2m'] } }),
  ])
  await api.relate('c_rules_many', 'parent', 'c_rules_many', { one_field: 'kids' })
  const many = (body: unknown) =>
    api.post('/items/c_rules_many?fields=id', body, { label: `POST ${JSON.stringify(body)}`, mask: ['data.id'] })
  await many({ b: null, c: 'z', d: 'x', e: 'e', f: 'f', n: null })
  await many({ a: 'o', d: 'z', g: 'anything' })
  await many({ a: 'p', d: 'z' })
  await many({ d: 'z', b: 'q' })
  await many({ a: 'p', c: 'bx', e: 'plain', f: 'short', b: 'xy' })
  await many({ a: 'p', made: '2001-01-01T00:00:00Z' })
  await many({ a: 'p', c: null })
  await many({ a: 'p' })

  api.proves('writing: validation-batch')
  await many([{ a: 'p', e: 'plain' }, { a: 'p', e: 'e', f: 'f' }, { b: 'q' }])
  await api.post(
    '/items/c_rules_many?fields=a,c',
    [
      { a: 'p', e: 'plain' },
      { a: 'p', c: 'bx' },
    ],
    { label: 'a list without a fault' },
  )

  api.proves('writing: validation')
  const change = (body: unknown, where = '/1') =>
    api.patch(`/items/c_rules_many${where}?fields=id`, body, { label: `PATCH ${where} ${JSON.stringify(body)}` })
  await change({ e: 'e' })
  await change({ a: null, e: 'e' })
  await change({ g: 'x' })
  await change({ keys: [1], data: { f: 'f' } }, '')
  await change([{ id: 1, f: 'f' }], '')
  await change({ e: 'e' }, '/999')
  await change({ parent: { a: 'p', e: 'e' } })
  await change({ kids: [{ a: 'p', e: 'e', f: 'f' }] })
  await many({ a: 'p', e: 'e', parent: { b: 'q' } })
}

export default scenario
