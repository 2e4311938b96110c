/**
 * The same answer after the same work, whether somebody or something is there or not. What is tested is the work, as times differ on every machine: as
 * many hashes, as many statements. And secrets: kept hashed, and told in no log, answer or address.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { problems } from 'plinth'
import type { Accounts } from 'plinth/access'
import { createCredentials } from '../../plugins/auth/credentials.ts'
import type { Answer, TestHost } from '../host.ts'
import { startKernel } from '../host.ts'
import { addPerson, password } from '../plugins/auth/people.ts'
import { createRecorder } from '../recorded.ts'

describe('a refused login', () => {
  const user = { id: 'x', password: 'hash', status: 'active', provider: 'default', secret: null, failures: 0 }
  const cases: [why: string, found: object[], right: boolean][] = [
    ['an unknown address', [], false],
    ['a wrong password', [user], false],
    ['somebody suspended', [{ ...user, status: 'suspended' }], true],
    ['somebody suspended, and a wrong password', [{ ...user, status: 'suspended' }], false],
    ['somebody who signs in elsewhere', [{ ...user, provider: 'google' }], true],
    ['somebody without a password', [{ ...user, password: null }], false],
  ]
  for (const [why, found, right] of cases) {
    test(`${why}: one hash, one question, one count`, async () => {
      const work: string[] = []
      const noted = <T>(what: string, answer: T) => {
        return async () => {
          work.push(what)
          return answer
        }
      }
      const credentials = createCredentials({
        db: { query: noted('question', found) } as never,
        accounts: { verify: noted('hash', right) } as unknown as Accounts,
        failures: { count: async () => void work.push('count'), forget: async () => void work.push('forget') },
        stall: 1,
      })
      await assert.rejects(credentials.identify({ email: 'x@example.com', password: 'x' }), problems.INVALID_CREDENTIALS())
      assert.deepEqual(work, ['question', 'hash', 'count'])
    })
  }
})

describe('answers that tell nothing', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startKernel({
      sql: 'create table note (id serial primary key, text text); insert into note (text) values (1), (2)',
      wrap: recorder.wrap,
      env: { LOGIN_STALL_TIME: '1ms', REGISTER_STALL_TIME: '1ms', LOGIN_FAILURES_MAX: '0' },
    })
    await addPerson(host.kernel.db, 'ann', { token: 'ann' })
    await addPerson(host.kernel.db, 'asleep', { status: 'suspended' })
    const { data: policy } = await host.api('POST', '/policies', { body: { name: 'some' } })
    const rule = { policy: policy.id, collection: 'note', permissions: { id: { _eq: 1 } }, fields: ['*'] }
    await host.api('POST', '/permissions', { body: ['read', 'update', 'delete'].map((action) => ({ ...rule, action })) })
    const [{ id }] = (await host.api('GET', '/users?filter[email]=ann@example.com')).data
    await host.api('POST', '/access', { body: { user: id, policy: policy.id } })
    await host.api('PATCH', '/settings', { body: { public_registration: true } })
    await host.settled()
  })
  after(() => host.close())

  type Ask = [method: string, path: string, body?: unknown, token?: string]
  const login = (email: string, text = 'wrong'): Ask => ['POST', '/auth/login', { email, password: text }]
  const pairs: [why: string, there: Ask, not: Ask][] = [
    ['login: unknown user and wrong password', login('ann@example.com'), login('nobody@example.com')],
    ['login: suspended user and unknown one', login('asleep@example.com', password), login('nobody@example.com')],
    [
      'a new password for a suspended and an unknown address',
      ['POST', '/auth/password/request', { email: 'asleep@example.com' }],
      ['POST', '/auth/password/request', { email: 'nobody@example.com' }],
    ],
    [
      'a new password for a known and an unknown address',
      ['POST', '/auth/password/request', { email: 'ann@example.com' }],
      ['POST', '/auth/password/request', { email: 'nobody@example.com' }],
    ],
    [
      'an invitation by somebody who may not',
      ['POST', '/users/invite', { email: 'ann@example.com', role: crypto.randomUUID() }],
      ['POST', '/users/invite', { email: 'nobody@example.com', role: crypto.randomUUID() }],
    ],
    ['reading a forbidden item and a missing one', ['GET', '/items/note/2', undefined, 'ann'], ['GET', '/items/note/99', undefined, 'ann']],
    ['changing them', ['PATCH', '/items/note/2', { text: 'x' }, 'ann'], ['PATCH', '/items/note/99', { text: 'x' }, 'ann']],
    ['deleting them', ['DELETE', '/items/note/2', undefined, 'ann'], ['DELETE', '/items/note/99', undefined, 'ann']],
    ['a collection that is forbidden and one that is missing', ['GET', '/users', undefined, 'ann'], ['GET', '/roles', undefined, 'ann']],
  ]
  async function tell([method, path, body, token = undefined]: Ask): Promise<[Answer, number]> {
    recorder.take()
    const answer = await host.api(method, path, { body, token: token ?? null })
    return [answer, recorder.take().length]
  }
  for (const [why, there, not] of pairs) {
    test(why, async () => {
      for (const ask of [there, not]) await tell(ask) // what is remembered is remembered now
      const [[a, statementsA], [b, statementsB]] = [await tell(there), await tell(not)]
      const plain = ({ body }: Answer) => JSON.stringify(body)?.replaceAll(/directus_users|directus_roles/g, 'NAME')
      assert.deepEqual([a.status, plain(a), statementsA], [b.status, plain(b), statementsB])
    })
  }

  test('registering with an address that is taken', async () => {
    const register = (email: string) => host.api('POST', '/users/register', { token: null, body: { email, password: 'Password-1' } })
    const [taken, free] = [await register('ann@example.com'), await register('free@example.com')]
    assert.deepEqual([taken.status, taken.body], [free.status, free.body])
    assert.equal(taken.status, 204)
  })
})

describe('secrets', () => {
  let host: TestHost
  const words = ['Hush-hush-1', 'sotto-voce-token']
  before(async () => {
    host = await startKernel({ env: { LOG_LEVEL: 'debug', DEBUG: 'sql', LOGIN_STALL_TIME: '1ms' } })
  })
  beforeEach(() => host.logs.splice(0))
  after(() => host.close())
  const logged = () => JSON.stringify(host.logs)

  test('passwords are kept as argon2id of the strength of the reference, and told to nobody', async () => {
    const body = { email: 'ann@example.com', password: words[0], token: words[1] }
    const { data } = await host.api('POST', '/users', { body })
    const stored = await host.kernel.db.text('select password from directus_users where id = $1', [data.id])
    assert.match(stored!, /^\$argon2id\$v=19\$m=65536,t=3,p=4\$/)
    const refusals = [
      await host.api('POST', '/users', { body }),
      await host.api('POST', '/auth/login', { token: null, body: { ...body, email: 'nobody@example.com' } }),
      await host.api('POST', '/auth/login', { token: null, body: { ...body, mode: 'nope' } }),
      await host.api('GET', `/users?filter[password][_eq]=${words[0]}`),
      await host.api('PATCH', '/users/me', { body: { token: words[1] } }),
    ]
    for (const { status, body } of refusals) {
      assert.ok(status >= 400 && status < 500)
      assert.doesNotMatch(JSON.stringify(body), /Hush|argon2/)
    }
    await host.api('POST', '/auth/login', { token: null, body: { email: body.email, password: words[0] } })
    await host.api('GET', '/users/me', { token: words[1] })
    await host.api('GET', `/users/me?access_token=${words[1]}`, { token: null })
    for (const word of [...words, stored!]) assert.ok(!logged().includes(word), word)
  })

  test('tokens of sessions are in no log', async () => {
    const login = await host.api('POST', '/auth/login', { token: null, body: { email: 'ann@example.com', password: words[0] } })
    const { access_token, refresh_token } = login.data
    await host.api('GET', '/users/me', { token: access_token })
    const renewed = await host.api('POST', '/auth/refresh', { token: null, body: { refresh_token } })
    await host.api('POST', '/auth/logout', { token: null, body: { refresh_token: renewed.data.refresh_token } })
    assert.ok(host.logs.length)
    for (const word of [access_token, refresh_token, renewed.data.refresh_token]) assert.ok(!logged().includes(word.slice(0, 40)))
  })
})
