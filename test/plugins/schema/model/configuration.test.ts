/** Roles, rights and settings travel with the model when that is asked for; nobody loses the way in. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { load } from 'js-yaml'
import { modelling } from 'plinth/schema'
import { createModelDesk } from '../../../../plugins/schema/model/desk.ts'
import { testDrivers } from '../../../database.ts'
import { startKernel, type TestHost } from '../../../host.ts'
import { makePlace, runProgram } from '../../../program.ts'

type Json = any

const role = 'aaaaaaaa-0000-4000-8000-000000000001'
const child = 'aaaaaaaa-0000-4000-8000-000000000002'
const policy = 'bbbbbbbb-0000-4000-8000-000000000001'
const guarded = 'bbbbbbbb-0000-4000-8000-000000000002'

let source: TestHost
let target: TestHost

const must = async (host: TestHost, method: string, path: string, body?: unknown) => {
  const answer = await host.api(method, path, { body })
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.data as Json
}
const everything = (host: TestHost): Promise<Json> => must(host, 'GET', '/schema/snapshot?include=access,settings')
const apply = (host: TestHost, body: Json, query = '') => host.api('POST', `/schema/apply${query}`, { body })

before(async () => {
  source = await startKernel()
  target = await startKernel()
  await must(source, 'POST', '/collections', {
    collection: 'story',
    schema: {},
    meta: {},
    fields: [{ field: 'title', type: 'string', meta: {} }],
  })
  await must(source, 'POST', '/roles', [
    { id: role, name: 'Editors' },
    { id: child, name: 'Juniors', parent: role },
  ])
  await must(source, 'POST', '/policies', { id: policy, name: "Editors' rights", app_access: true })
  await must(source, 'POST', '/policies', { id: guarded, name: 'Guarded', ip_access: ['10.0.0.0/8', '192.0.2.1'] })
  await must(source, 'POST', '/access', { role, policy })
  await must(source, 'POST', '/permissions', [
    { policy, collection: 'story', action: 'read', fields: ['id', 'title'], permissions: { title: { _nnull: true } } },
    { policy, collection: 'story', action: 'create', fields: ['*'], presets: { title: 'untitled' } },
  ])
  await must(source, 'PATCH', '/settings', { project_name: 'Stories', custom_css: 'a { color: red }', module_bar: [{ id: 'x' }] })
})
after(async () => {
  await source.close()
  await target.close()
})

describe('include=access,settings', () => {
  test('without it a snapshot is the model alone', async () => {
    const { data } = await source.api('GET', '/schema/snapshot')
    assert.deepEqual(Object.keys(data).sort(), ['collections', 'directus', 'fields', 'relations', 'systemFields', 'vendor', 'version'])
    assert.equal((await source.api('GET', '/schema/snapshot?include=nonsense')).code, 'INVALID_QUERY')
    assert.equal((await source.api('GET', '/schema/snapshot?include=access', { token: null })).code, 'FORBIDDEN')
  })

  test('with it the rows are there, without secrets and without what is of users', async () => {
    await source.kernel.db.query(
      `update directus_settings set ai_openai_api_key = 'hush-secret', license_key = 'hush-licence', project_owner = 'hush@example.com'`,
    )
    const document = await everything(source)
    assert.deepEqual(document.include, ['access', 'settings'])
    assert.deepEqual(
      document.permissions.map(({ action, fields, policy: of }: Json) => [action, fields, of]),
      [
        ['create', ['*'], policy],
        ['read', ['id', 'title'], policy],
      ],
    )
    assert.equal(document.roles.find(({ id }: Json) => id === child).parent, role)
    assert.deepEqual(document.policies.find(({ id }: Json) => id === guarded).ip_access, ['10.0.0.0/8', '192.0.2.1'])
    assert.equal(document.settings[0].project_name, 'Stories')
    const text = JSON.stringify(document)
    assert.doesNotMatch(text, /hush|admin@example|admin-token/)
    assert.doesNotMatch(JSON.stringify(document.permissions), /"id":\d/)
  })

  test('it arrives; a second time there is nothing to do; whoever was in stays in', async () => {
    const document = await everything(source)
    const plan = await must(target, 'POST', '/schema/apply?dry_run', document)
    assert.ok(plan.statements.some((text: string) => text.includes('insert into "public"."directus_permissions"')))
    assert.ok(
      plan.statements.every((text: string) => !text.includes('delete')),
      plan.statements.join('\n'),
    )
    assert.equal((await target.api('GET', '/collections/story')).code, 'FORBIDDEN')

    const done = await apply(target, document)
    assert.equal(done.status, 204, JSON.stringify(done.body))
    const arrived = await everything(target)
    for (const name of ['permissions', 'settings']) assert.deepEqual(arrived[name], document[name])
    for (const name of ['roles', 'policies', 'access'])
      for (const row of document[name])
        assert.ok(
          arrived[name].some((one: Json) => JSON.stringify(one) === JSON.stringify(row)),
          name,
        )
    assert.equal((await target.api('POST', '/schema/diff', { body: document })).status, 204)
    assert.equal((await apply(target, document)).status, 204)
    assert.equal((await target.api('GET', '/users/me')).status, 200)
    assert.deepEqual((await must(target, 'POST', '/schema/apply?dry_run', document)).statements, [])
  })

  test('the rights count at once', async () => {
    await must(target, 'POST', '/users', { email: 'editor@example.com', token: 'editor-token', role })
    await must(target, 'POST', '/items/story', { title: 'told' })
    assert.deepEqual((await target.api('GET', '/items/story', { token: 'editor-token' })).data, [{ id: 1, title: 'told' }])
    const made = await target.api('POST', '/items/story', { token: 'editor-token', body: {} })
    assert.deepEqual([made.status, made.data], [200, { id: 2, title: 'untitled' }])
    assert.equal((await target.api('DELETE', '/items/story/1', { token: 'editor-token' })).code, 'FORBIDDEN')
  })

  test('what the document no longer has goes, but not from under users', async () => {
    const document = await everything(source)
    document.permissions = document.permissions.filter(({ action }: Json) => action === 'read')
    document.roles = document.roles.filter(({ id }: Json) => id !== child)
    const done = await apply(target, document)
    assert.equal(done.status, 204, JSON.stringify(done.body))
    const left = await everything(target)
    assert.deepEqual(
      left.permissions.filter((one: Json) => one.policy === policy).map(({ action }: Json) => action),
      ['read'],
    )
    assert.ok(!left.roles.some(({ id }: Json) => id === child))

    const nothing = { ...document, roles: [], policies: [], access: [], permissions: [] }
    assert.equal((await apply(target, nothing)).status, 204)
    const kept = await everything(target)
    assert.ok(
      kept.roles.some(({ id }: Json) => id === role),
      'a role that a user has',
    )
    assert.ok(
      kept.permissions.some((one: Json) => one.policy === policy),
      'the rights behind it',
    )
    assert.equal((await target.api('GET', '/users/me')).status, 200)
    assert.equal((await target.api('POST', '/schema/diff', { body: nothing })).status, 204)
  })

  test('mode=merge removes nothing; a diff does what a document does', async () => {
    const document = await everything(source)
    assert.equal((await target.api('POST', '/schema/diff?mode=merge', { body: { ...document, permissions: [] } })).status, 200)
    const found = await must(target, 'POST', '/schema/diff', document)
    assert.equal((await apply(target, { ...found, hash: 'stale' })).code, 'INVALID_PAYLOAD')
    assert.equal((await apply(target, found)).status, 204)
    assert.equal((await target.api('POST', '/schema/diff', { body: document })).status, 204)
    assert.equal((await apply(target, found)).code, 'INVALID_PAYLOAD')
  })

  const wrong: [why: string, edit: (document: Json) => unknown][] = [
    [
      'a role whose parent is missing',
      (d) => d.roles.push({ id: 'cccccccc-0000-4000-8000-000000000001', name: 'x', parent: 'cccccccc-0000-4000-8000-000000000002' }),
    ],
    [
      'a permission of no policy',
      (d) => d.permissions.push({ collection: 'story', action: 'read', policy: 'cccccccc-0000-4000-8000-000000000003' }),
    ],
    ['a row that is none', (d) => d.permissions.push(5)],
    ['a key that is none', (d) => d.policies.push({ id: 'x', name: 'x' })],
    ['a wrong setting', (d) => Object.assign(d.settings[0], { public_registration: 'perhaps' })],
  ]
  for (const [why, edit] of wrong) {
    test(`${why} is refused, and the model with it`, async () => {
      const document = await everything(source)
      document.collections.push({ collection: 'along', meta: {}, schema: { name: 'along' } })
      edit(document)
      const before = await everything(target)
      const answer = await apply(target, document)
      assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${JSON.stringify(answer.body)}`)
      assert.deepEqual(await everything(target), before)
    })
  }

  test('a document cannot write what does not travel', async () => {
    const document = await everything(source)
    Object.assign(document.settings[0], { license_key: 'forged', project_owner: 'x@example.com', id: 77 })
    document.access.push({
      id: 'dddddddd-0000-4000-8000-000000000001',
      policy,
      role: null,
      user: (await must(target, 'GET', '/users/me')).id,
    })
    await apply(target, document)
    const rows =
      await target.kernel.db.query(`select 1 from directus_settings where license_key = 'forged' or project_owner is not null or id = 77
      union all select 1 from directus_access where id::text like 'dddddddd%' or ("user" is not null and policy = '${policy}')`)
    assert.deepEqual(rows, [])
  })
})

/** There and back; with one driver, to another database of its kind. */
const ways = testDrivers.map((from) => [from, testDrivers.find((other) => other !== from) ?? from] as const)
const all = 'access,settings,untold'

for (const [there, back] of ways) {
  describe(`the tour of the README from ${there} to ${back}`, () => {
    let document: Json
    before(async () => {
      const readme = await readFile(new URL('../../../../README.md', import.meta.url), 'utf8')
      const bodies = (path: string) =>
        [...readme.matchAll(new RegExp(`^call \\$API/${path} -d '(.+)'$`, 'gm'))].map(([, body]) => JSON.parse(body!))
      assert.ok(bodies('collections').length >= 2 && bodies('relations').length >= 1)
      const from = await startKernel({ driver: there })
      for (const body of bodies('collections')) await must(from, 'POST', '/collections', body)
      for (const body of bodies('relations')) await must(from, 'POST', '/relations', body)
      await must(from, 'POST', '/policies', { id: policy, name: 'Readers' })
      await must(from, 'POST', '/permissions', { policy, collection: 'books', action: 'read', fields: ['*'] })
      await must(from, 'PATCH', '/settings', { project_name: 'Library' })
      document = await must(from, 'GET', `/schema/snapshot?include=${all}`)
      await from.close()
    })

    /** What an empty database has of its own beside it: its administrators. */
    const carried = ({ collections, fields, relations, permissions, settings, policies }: Json) => {
      const ours = policies.filter(({ id }: Json) => id === policy)
      return { collections, fields, relations, permissions, settings, ours }
    }

    test('applied to an empty database, twice, and back', async () => {
      assert.deepEqual(
        document.collections.map(({ collection }: Json) => collection),
        ['authors', 'books'],
      )
      let arrived = document
      for (const driver of [back, there]) {
        const to = await startKernel({ driver })
        try {
          assert.equal((await apply(to, arrived)).status, 204)
          assert.equal((await to.api('POST', '/schema/diff', { body: arrived })).status, 204)
          assert.deepEqual((await must(to, 'POST', '/schema/apply?dry_run', arrived)).statements, [])
          arrived = await must(to, 'GET', `/schema/snapshot?include=${all}`)
          assert.deepEqual(carried(arrived), carried(document))
          const book = { id: 1, title: 't', published: null, author: 1 }
          assert.deepEqual(await must(to, 'POST', '/items/books', { title: 't', author: { name: 'n' } }), book)
        } finally {
          await to.close()
        }
      }
    })

    test('by plinth schema', async () => {
      const place = await makePlace(back)
      try {
        const [sent, read] = [join(place.folder, 'sent.json'), join(place.folder, 'read.yaml')]
        await writeFile(sent, JSON.stringify(document))
        const run = (...words: string[]) => runProgram(['schema', ...words], place.folder, place.variables)
        const applied = await run('apply', sent)
        assert.equal(applied.code, 0, applied.stderr)
        assert.match((await run('apply', sent)).stdout, /There was nothing to do\.$/m)
        assert.equal((await run('snapshot', read, `--include=${all}`)).code, 0)
        const found = load(await readFile(read, 'utf8')) as Json
        assert.deepEqual(carried(found), carried(document))
      } finally {
        await place.remove()
      }
    })
  })
}

describe('plinth schema', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plinth-model-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const desk = (host: TestHost) => {
    const lines: string[] = []
    const exchange = host.kernel.use(modelling).exchange()
    const run = exchange.then((found) => createModelDesk(found, host.kernel.registry, (line) => lines.push(line)))
    return async (...args: string[]) => {
      lines.length = 0
      return { code: await (await run)(args), text: lines.join('\n') }
    }
  }

  for (const ending of ['yaml', 'json']) {
    test(`a file of ${ending}: written, compared, applied, nothing left to do`, async () => {
      const host = await startKernel()
      try {
        const [here, there] = [desk(source), desk(host)]
        const file = join(folder, `model.${ending}`)
        assert.deepEqual(await here('snapshot', file, '--include=access,settings'), { code: 0, text: '' })
        assert.deepEqual(await here('diff', file), { code: 0, text: '-- There is nothing to do.' })
        const plan = await there('diff', file)
        assert.equal(plan.code, 1)
        assert.match(plan.text, /create table "public"\."story"/)
        for (const dry of ['--dry-run', '--dry_run']) assert.equal((await there('apply', file, dry)).text, plan.text)
        assert.deepEqual(await there('apply', file), { code: 0, text: 'The model was applied.' })
        assert.deepEqual(await there('apply', file), { code: 0, text: 'There was nothing to do.' })
        assert.equal((await there('diff', file)).code, 0)

        await must(host, 'POST', '/items/story', { title: 'x' })
        const empty = join(folder, `empty.${ending}`)
        await writeFile(
          empty,
          JSON.stringify({ version: 1, directus: '12.4.0', vendor: 'postgres', collections: [], fields: [], relations: [] }),
        )
        const refused = await there('apply', empty)
        assert.equal(refused.code, 1)
        assert.match(refused.text, /rows of "story" would be removed.*--allow-data-loss/)
        assert.match((await there('diff', empty)).text, /^-- The rows of "story" would be removed\.$/m)
        assert.equal((await there('apply', empty, '--mode=merge')).text, 'There was nothing to do.')
        assert.equal((await there('apply', empty, '--allow-data-loss')).code, 0)
      } finally {
        await host.close()
      }
    })
  }

  test('is a command of the program', async () => {
    const place = await makePlace()
    try {
      const printed = await runProgram(['schema', 'snapshot'], place.folder, place.variables)
      assert.equal(printed.code, 0, printed.stderr)
      assert.match(printed.stdout, /^version: 1$/m)
      assert.equal((await runProgram(['schema', 'nonsense'], place.folder, place.variables)).code, 1)
    } finally {
      await place.remove()
    }
  })

  test('without a file it is printed', async () => {
    assert.match((await desk(source)('snapshot')).text, /^version: 1\ndirectus: 12\.4\.0\nvendor: postgres\n/)
  })

  const wrong: string[][] = [
    [],
    ['nonsense'],
    ['diff'],
    ['apply'],
    ['apply', 'a', 'b'],
    ['apply', 'a', '--nonsense'],
    ['diff', 'a', '--mode=x'],
    ['snapshot', '--include=x'],
    ['snapshot', '--force'],
  ]
  for (const args of wrong) {
    test(`plinth schema ${args.join(' ')}: tells how`, async () => {
      const { code, text } = await desk(source)(...args)
      assert.equal(code, 1)
      assert.match(text, /^plinth schema snapshot/)
    })
  }
  test('a file that is missing, or no model', async () => {
    const run = desk(source)
    assert.deepEqual(await run('diff', join(folder, 'missing.yaml')), {
      code: 1,
      text: `There is no file ${join(folder, 'missing.yaml')}.`,
    })
    await writeFile(join(folder, 'odd.yaml'), 'a: [1')
    assert.equal((await run('apply', join(folder, 'odd.yaml'))).code, 1)
  })
})
