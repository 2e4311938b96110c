/** Variables in filters: the time, the user, the role. */
import { autoKey, field } from '../fields.ts'
import { filterer, library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const SECOND = 1000
const DAY = 86_400 * SECOND
/** How far the rows are from now. */
const distances = [
  -20 * SECOND,
  -10 * 60 * SECOND,
  -5 * 3600 * SECOND,
  -3 * DAY,
  -20 * DAY,
  -100 * DAY,
  -800 * DAY,
  3600 * SECOND,
  40 * DAY,
]

const scenario: Scenario = async (api) => {
  await library(api)
  const { data: me } = await api.get('/users/me?fields=id,role.id,role.name', { setup: true })
  const { data: policies } = await api.get('/policies?fields=id&filter[admin_access]=true&limit=1', { setup: true })
  const roles = [me.role.id, me.role.name, policies[0].id]
  await api.table('q_moments', [
    autoKey(),
    field('at', 'timestamp'),
    field('at_local', 'dateTime'),
    field('day', 'date'),
    field('who', 'uuid'),
    field('owner', 'uuid'),
    field('role', 'string'),
  ])
  await api.relate('q_moments', 'owner', 'directus_users')
  await api.seed(
    'q_moments',
    distances.map((distance, index) => {
      const at = new Date(Date.now() + distance).toISOString()
      return {
        at,
        at_local: at.slice(0, 19),
        day: at.slice(0, 10),
        ...(index === 0 && { who: me.id, owner: me.id }),
        role: roles[index] ?? null,
      }
    }),
  )
  const left = filterer(api, 'q_moments')

  api.proves('reading: now')
  await left({ at: { _lt: '$NOW' } })
  await left({ at: { _gt: '$NOW()' } })
  const steps = [
    '1 minute',
    '1 hour',
    '1 day',
    '1 week',
    '1 month',
    '1 year',
    '2 minutes',
    '6 hours',
    '4 days',
    '3 weeks',
    '4 months',
    '3 years',
  ]
  for (const step of steps) await left({ at: { _gt: `$NOW(-${step})` } })
  for (const step of [
    '-90 seconds',
    '-1 second',
    '-1000 milliseconds',
    '-90 s',
    '-2 m',
    '-6 h',
    '-4 d',
    '-3 w',
    '-4 M',
    '-3 y',
    '-2 min',
    '-6 hrs',
    '-90 secs',
    '-1 quarter',
  ])
    await left({ at: { _gt: `$NOW(${step})` } })
  for (const step of [
    '+2 hours',
    '2 hours',
    '+1 year',
    '-1day',
    ' -1 day ',
    '-1.5 days',
    '-1  day',
    '- 1 day',
    '-1 DAY',
    '-1 day -1 hour',
    '+0 days',
  ])
    await left({ at: { _gt: `$NOW(${step})` } })
  await left({ at_local: { _gt: '$NOW(-1 day)' } })
  await left({ day: { _gte: '$NOW(-1 week)' } })
  await left({ at: { _between: ['$NOW(-1 day)', '$NOW(+1 day)'] } })
  await left({ at: { _nbetween: ['$NOW(-1 day)', '$NOW(+1 day)'] } })
  await left({ 'year(at)': { _lte: '$NOW' } })
  await left({ role: { _eq: '$NOW' } })
  await api.get('/items/q_moments?fields=id&sort=id&filter[at][_gt]=$NOW(-1 day)')
  await api.get('/items/q_books?fields=id&sort=id&filter={"author":{"books":{"sold":{"_lt":"$NOW(-20 years)"}}}}')
  await api.get('/items/q_authors?fields=id,books.id&sort=id&deep={"books":{"_filter":{"sold":{"_lt":"$NOW"}}}}')
  await api.search(
    '/items/q_moments',
    { query: { fields: ['id'], sort: ['id'], filter: { at: { _gt: '$NOW(-1 day)' } } } },
    { label: 'SEARCH with $NOW' },
  )

  api.proves('reading: now')
  for (const step of ['-1 bananas', 'word', '-1', 'day', '-99999999999 years', '-1 day)(']) await left({ at: { _gt: `$NOW(${step})` } })
  await left({ at: { _gt: '$NOWHERE' } })
  await left({ at: { _gt: '$now' } })

  api.proves('reading: current-user')
  await left({ who: { _eq: '$CURRENT_USER' } })
  await left({ who: '$CURRENT_USER' })
  await left({ who: { _neq: '$CURRENT_USER' } })
  await left({ who: { _in: ['$CURRENT_USER'] } })
  await left({ owner: { _eq: '$CURRENT_USER' } })
  await left({ owner: { id: { _eq: '$CURRENT_USER' } } })
  await left({ owner: { email: { _eq: '$CURRENT_USER.email' } } })
  await left({ who: { _eq: '$CURRENT_USER.id' } })
  await left({ role: { _eq: '$CURRENT_ROLE' } })
  await left({ role: { _in: '$CURRENT_ROLES' } })
  await left({ role: { _in: ['$CURRENT_ROLE'] } })
  await left({ role: { _in: '$CURRENT_POLICIES' } })
  await left({ role: { _eq: '$CURRENT_USER.role' } })
  await left({ role: { _eq: '$CURRENT_USER.role.name' } })
  await left({ role: { _eq: '$CURRENT_ROLE.id' } })

  api.proves('permissions: user-variables', 'reading: current-user')
  await left({ who: { _eq: '$CURRENT_USER.missing' } })
  await left({ role: { _eq: '$CURRENT_USER.' } })
  await left({ role: { _eq: '$CURRENT_USER.missing.deeper' } })
  await left({ role: { _eq: '$CURRENT_NOTHING' } })
  await left({ role: { _contains: '$CURRENT_ROLE' } })
  await left({ id: { _eq: '$CURRENT_USER' } })
  await left({ id: { _eq: '$NOW' } })
}

export default scenario
