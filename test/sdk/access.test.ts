/** Every command of the official SDK about signing in, users, roles, policies, permissions and access, unchanged, on a kernel without a port. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as sdk from '@directus/sdk'
import { codeOf, decodeSecret, stepAt } from '../../plugins/auth/totp.ts'
import { admin, startKernel, type TestHost } from '../host.ts'
import { addPerson, cheapHash, password } from '../plugins/auth/people.ts'

type Row = { readonly id: string | number; readonly [field: string]: unknown }
/** Commands of the four kinds of rows are alike but for their types. */
type Command = (...given: any[]) => sdk.RestCommand<any, object>

describe('@directus/sdk: who may do what', () => {
  let host: TestHost
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plinth-sdk-'))
    host = await startKernel({
      env: { DATA_DIR: folder, LOGIN_STALL_TIME: '1ms', REGISTER_STALL_TIME: '1ms' },
      sql: 'create table note (id serial primary key, text text); insert into note (text) values (1)',
    })
    await host.kernel.db.query('update directus_users set password = $1', [cheapHash])
  })
  after(async () => {
    await host.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** A browser would follow the way to the app, which is none of ours. */
  const globals = {
    fetch: async (input: string | Request, init?: RequestInit) => {
      const response = await host.kernel.fetch(new Request(input, init))
      return response.status === 302 ? new Response(null, { status: 204 }) : response
    },
  }
  const connect = () => sdk.createDirectus('http://plinth.test', { globals }).with(sdk.rest())
  const as = (token: string) => connect().with(sdk.staticToken(token))
  const ask = <T>(command: sdk.RestCommand<T, object>, token = admin.token): Promise<T> => as(token).request(command)
  const codeOfFailure = async (call: Promise<unknown>): Promise<string> => {
    const error = await call.then(
      () => assert.fail('it worked'),
      (thrown) => thrown,
    )
    return error.errors[0].extensions.code
  }
  /** A letter is written a moment later. */
  async function tokenIn(to: string): Promise<string> {
    for (let i = 0; i < 100; i++) {
      const names = await readdir(join(folder, 'mail')).catch(() => [])
      for (const name of names.sort().reverse()) {
        const text = await readFile(join(folder, 'mail', name), 'utf8')
        if (text.includes(`To: ${to}`)) return new URL(/https?:\S+/.exec(text)![0]).searchParams.get('token')!
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return assert.fail(`no letter to ${to}`)
  }

  describe('signing in', () => {
    for (const mode of ['json', 'cookie', 'session'] as const) {
      test(`login and its answer, mode ${mode}`, async () => {
        const answer = await connect().request(sdk.login(admin.email, password, { mode }))
        assert.equal(typeof answer.expires, 'number')
        assert.deepEqual([Boolean(answer.access_token), Boolean(answer.refresh_token)], [mode !== 'session', mode === 'json'])
        const wrong = connect().request(sdk.login(admin.email, 'wrong', { mode }))
        assert.equal(await codeOfFailure(wrong), 'INVALID_CREDENTIALS')
      })
    }

    test('the commands refresh and logout, by a token in the body', async () => {
      const first = await connect().request(sdk.login(admin.email, password, { mode: 'json' }))
      const second = await connect().request(sdk.refresh('json', first.refresh_token!))
      assert.notEqual(second.refresh_token, first.refresh_token)
      assert.equal((await ask(sdk.readMe({ fields: ['email'] }), second.access_token!)).email, admin.email)
      await connect().request(sdk.logout(second.refresh_token!, 'json'))
      assert.equal(await codeOfFailure(connect().request(sdk.refresh('json', second.refresh_token!))), 'INVALID_CREDENTIALS')
      assert.equal(await codeOfFailure(ask(sdk.readMe(), second.access_token!)), 'INVALID_CREDENTIALS')
    })

    test('the client of json keeps its tokens', async () => {
      const client = connect().with(sdk.authentication('json', { autoRefresh: false }))
      await client.login(admin.email, password)
      const { refresh_token: spent } = await client.refresh()
      assert.notEqual((await client.refresh()).refresh_token, spent)
      assert.equal((await client.request(sdk.readMe({ fields: ['email'] }))).email, admin.email)
      await client.logout()
      assert.equal(await client.getToken(), null)
    })

    for (const mode of ['cookie', 'session'] as const) {
      test(`a client of ${mode}, as a browser carries its cookies`, async () => {
        let cookie = ''
        const browser = {
          fetch: async (input: string | Request, init?: RequestInit) => {
            const request = new Request(input, init)
            if (cookie) request.headers.set('cookie', cookie)
            const response = await host.kernel.fetch(request)
            const [set] = response.headers.getSetCookie()
            if (set) cookie = set.split(';')[0]!
            return response
          },
        }
        const client = sdk
          .createDirectus('http://plinth.test', { globals: browser })
          .with(sdk.authentication(mode, { credentials: 'include', autoRefresh: false }))
          .with(sdk.rest({ credentials: 'include' }))
        await client.login(admin.email, password)
        assert.equal((await client.request(sdk.readMe({ fields: ['email'] }))).email, admin.email)
        await client.refresh()
        assert.equal((await client.request(sdk.readMe({ fields: ['email'] }))).email, admin.email)
        await client.logout()
        assert.equal(await codeOfFailure(client.request(sdk.readMe())), 'INVALID_CREDENTIALS')
      })
    }

    test('readProviders: there are none but our own', async () => assert.deepEqual(await connect().request(sdk.readProviders()), []))

    test('passwordRequest and passwordReset', async () => {
      const { email } = await addPerson(host.kernel.db, 'forgetful')
      await connect().request(sdk.passwordRequest(email))
      await connect().request(sdk.passwordReset(await tokenIn(email), 'Remembered-1'))
      assert.ok((await connect().request(sdk.login(email, 'Remembered-1'))).access_token)
      assert.equal(await codeOfFailure(connect().request(sdk.passwordReset('rubbish', 'x'))), 'INVALID_TOKEN')
      await connect().request(sdk.passwordRequest('nobody@example.com'))
    })
  })

  describe('users, for themselves', () => {
    test('readMe and updateMe', async () => {
      const me = await ask(sdk.readMe({ fields: ['id', 'email'] }))
      assert.equal(me.email, admin.email)
      assert.equal((await ask(sdk.updateMe({ title: 'Boss' }, { fields: ['title'] }))).title, 'Boss')
      assert.equal(await codeOfFailure(connect().request(sdk.updateMe({ title: 'x' }))), 'INVALID_CREDENTIALS')
    })

    test('inviteUser and acceptUserInvite', async () => {
      const { id: role } = await ask(sdk.createRole({ name: 'Guests' }))
      await ask(sdk.inviteUser('guest@example.com', role))
      await connect().request(sdk.acceptUserInvite(await tokenIn('guest@example.com'), 'Welcome-1'))
      const [guest] = await ask(sdk.readUsers({ filter: { email: { _eq: 'guest@example.com' } }, fields: ['status', 'role'] }))
      assert.deepEqual(guest, { status: 'active', role })
      const again = connect().request(sdk.acceptUserInvite(await tokenIn('guest@example.com'), 'x'))
      assert.equal(await codeOfFailure(again), 'INVALID_INVITE')
    })

    test('registerUser and registerUserVerify', async () => {
      const register = () => connect().request(sdk.registerUser('new@example.com', 'Password-1', { first_name: 'New' }))
      assert.equal(await codeOfFailure(register()), 'FORBIDDEN')
      await ask(sdk.updateSettings({ public_registration: true } as object))
      await register()
      const login = () => connect().request(sdk.login('new@example.com', 'Password-1'))
      assert.equal(await codeOfFailure(login()), 'INVALID_CREDENTIALS')
      await connect().request(sdk.registerUserVerify(await tokenIn('new@example.com')))
      assert.ok((await login()).access_token)
    })

    test('generateTwoFactorSecret, enableTwoFactor and disableTwoFactor', async () => {
      const { secret, otpauth_url } = await ask(sdk.generateTwoFactorSecret(password))
      assert.match(otpauth_url, /^otpauth:\/\/totp\//)
      const now = () => codeOf(decodeSecret(secret)!, stepAt(Date.now()))
      assert.equal(await codeOfFailure(ask(sdk.enableTwoFactor(secret, '000000'))), 'INVALID_PAYLOAD')
      await ask(sdk.enableTwoFactor(secret, await now()))
      assert.equal(await codeOfFailure(connect().request(sdk.login(admin.email, password))), 'INVALID_OTP')
      // A code works once: as if its half minute were over.
      const nextPeriod = () => host.kernel.db.query('update plinth.credentials set spent_step = spent_step - 2')
      await nextPeriod()
      assert.ok((await connect().request(sdk.login(admin.email, password, { otp: await now() }))).access_token)
      await nextPeriod()
      await ask(sdk.disableTwoFactor(await now()))
      assert.ok((await connect().request(sdk.login(admin.email, password))).access_token)
    })
  })

  const kinds: [kind: string, field: string, table: string, rest: object, commands: Record<string, Command>][] = [
    [
      'users',
      'title',
      'directus_users',
      {},
      {
        createOne: sdk.createUser,
        createMany: sdk.createUsers,
        readOne: sdk.readUser,
        readMany: sdk.readUsers,
        updateOne: sdk.updateUser,
        updateMany: sdk.updateUsers,
        updateBatch: sdk.updateUsersBatch,
        deleteOne: sdk.deleteUser,
        deleteMany: sdk.deleteUsers,
      },
    ],
    [
      'roles',
      'name',
      'directus_roles',
      {},
      {
        createOne: sdk.createRole,
        createMany: sdk.createRoles,
        readOne: sdk.readRole,
        readMany: sdk.readRoles,
        updateOne: sdk.updateRole,
        updateMany: sdk.updateRoles,
        updateBatch: sdk.updateRolesBatch,
        deleteOne: sdk.deleteRole,
        deleteMany: sdk.deleteRoles,
      },
    ],
    [
      'policies',
      'name',
      'directus_policies',
      {},
      {
        createOne: sdk.createPolicy,
        createMany: sdk.createPolicies,
        readOne: sdk.readPolicy,
        readMany: sdk.readPolicies,
        updateOne: sdk.updatePolicy,
        updateMany: sdk.updatePolicies,
        updateBatch: sdk.updatePoliciesBatch,
        deleteOne: sdk.deletePolicy,
        deleteMany: sdk.deletePolicies,
      },
    ],
    [
      'permissions',
      'collection',
      'directus_permissions',
      { action: 'read', fields: ['*'] },
      {
        createOne: sdk.createPermission,
        createMany: sdk.createPermissions,
        readOne: sdk.readPermission,
        readMany: sdk.readPermissions,
        updateOne: sdk.updatePermission,
        updateMany: sdk.updatePermissions,
        updateBatch: sdk.updatePermissionsBatch,
        deleteOne: sdk.deletePermission,
        deleteMany: sdk.deletePermissions,
      },
    ],
  ]
  for (const [kind, field, table, more, commands] of kinds) {
    test(`${kind}: create, read, update and delete, one and many`, async () => {
      const { createOne, createMany, readOne, readMany, updateOne, updateMany, updateBatch, deleteOne, deleteMany } = commands as Record<
        string,
        Command
      >
      const policy = kind === 'permissions' ? { policy: (await ask(sdk.createPolicy({ name: 'for rules' }))).id } : {}
      const row = (value: string) => ({ ...more, ...policy, [field]: value })
      const fields = ['id', field]
      const one: Row = await ask(createOne!(row('one'), { fields }))
      assert.equal(one[field], 'one')
      const many: Row[] = await ask(createMany!([row('two'), row('three')], { fields }))
      assert.deepEqual(many.map((each) => each[field]).sort(), ['three', 'two'])
      const ids = [one.id, ...many.map(({ id }) => id)]
      assert.deepEqual(await ask(readOne!(one.id, { fields })), { id: one.id, [field]: 'one' })
      assert.equal((await ask(readMany!({ filter: { id: { _in: ids } } }))).length, 3)
      assert.equal((await ask(updateOne!(one.id, { [field]: 'uno' }, { fields })))[field], 'uno')
      const changed: Row[] = await ask(updateMany!(ids, { [field]: 'all' }, { fields }))
      assert.deepEqual(
        changed.map((each) => each[field]),
        ['all', 'all', 'all'],
      )
      const batch: Row[] = await ask(
        updateBatch!(
          ids.map((id, i) => ({ id, [field]: `n${i}` })),
          { fields },
        ),
      )
      assert.deepEqual(batch.map((each) => each[field]).sort(), ['n0', 'n1', 'n2'])
      await ask(deleteOne!(one.id))
      assert.equal(await codeOfFailure(ask(readOne!(one.id))), 'FORBIDDEN')
      await ask(deleteMany!(ids.slice(1)))
      assert.equal(await host.kernel.db.text(`select count(*)::text from ${table} where id::text = any ($1)`, [ids.map(String)]), '0')
      assert.equal(await codeOfFailure(connect().request(createOne!(row('stranger')))), 'FORBIDDEN')
    })
  }

  test('readRolesMe, readPolicyGlobals, readUserPermissions, readItemPermissions', async () => {
    const role = await ask(sdk.createRole({ name: 'Readers' }))
    const policy = await ask(sdk.createPolicy({ name: 'Readers', app_access: true, roles: { create: [{ role: role.id }] } } as object))
    await ask(sdk.createPermission({ policy: policy.id, collection: 'note', action: 'read', fields: ['text'] } as object))
    await ask(sdk.createPermission({ policy: policy.id, collection: 'note', action: 'update', permissions: { id: { _lt: 1 } } } as object))
    await ask(sdk.createUser({ email: 'reader@example.com', token: 'reader', role: role.id }))
    assert.deepEqual(
      (await ask(sdk.readRolesMe({ fields: ['name'] }), 'reader')).map((each) => each.name),
      ['Readers'],
    )
    assert.deepEqual(await ask(sdk.readPolicyGlobals(), 'reader'), { app_access: true, admin_access: false, enforce_tfa: false })
    assert.deepEqual((await ask(sdk.readUserPermissions(), 'reader')).note!.read, { access: 'full', fields: ['text'] })
    const item = await ask(sdk.readItemPermissions('note' as never, 1), 'reader')
    assert.deepEqual(item, { update: { access: false }, delete: { access: false }, share: { access: false } })
    assert.equal((await ask(sdk.readItemPermissions('note' as never, 1))).update.access, true)
    assert.equal(await codeOfFailure(connect().request(sdk.readRolesMe())), 'FORBIDDEN')
  })

  test('every command of these kinds is called here', async () => {
    const about =
      /^(create|read|update|delete)(Users?|Me|Roles?|Polic(y|ies)|Permissions?|RolesMe|PolicyGlobals|UserPermissions|ItemPermissions)(Batch)?$|^(login|logout|refresh|readProviders|password\w+|inviteUser|acceptUserInvite|registerUser\w*|\w+TwoFactor\w*)$/
    const text = await readFile(new URL(import.meta.url), 'utf8')
    const missing = Object.keys(sdk).filter((name) => about.test(name) && !text.includes(`sdk.${name}`))
    assert.deepEqual(missing, [])
  })
})
