/** Many users and large groups: what a request may cost the database, and that size is no obstacle. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createRecorder } from '../../recorded.ts'
import { type Provider, startProvider, urns } from './provider.ts'

describe('large groups', () => {
  const recorder = createRecorder()
  let provider: Provider
  let big: string
  let empty: string
  let ids: string[]
  before(async () => {
    provider = await startProvider({ wrap: recorder.wrap })
    await provider.host.kernel.db.execute(
      `insert into directus_users (id, email) select gen_random_uuid(), 'user' || i || '@x.org' from generate_series(1, 1500) i`,
    )
    ids = (await provider.host.kernel.db.query<{ id: string }>(`select id from directus_users where email like 'user%' order by id`)).map(
      ({ id }) => id,
    )
    empty = (await provider.group('Empty')).id
    const made = await provider.scim('POST', '/Groups?excludedAttributes=members', {
      schemas: [urns.group],
      displayName: 'Big',
      members: ids.slice(0, 1400).map((value) => ({ value, display: 'x'.repeat(600) })),
    })
    assert.equal(made.status, 201)
    big = made.body.id
  })
  after(() => provider?.close())

  const sentBy = async (work: () => Promise<{ status: number }>) => {
    recorder.take()
    assert.ok((await work()).status < 300)
    return recorder.take().map(({ text }) => text)
  }

  test('a list of users with their groups is one statement, and so is one of groups with their members', async () => {
    for (const path of [
      '/Users?count=100',
      '/Groups',
      '/Users?filter=groups.display%20eq%20%22big%22',
      `/Groups?filter=members%20eq%20%22${crypto.randomUUID()}%22`,
      '/Users?cursor=',
      '/Users?sortBy=userName',
    ])
      assert.equal((await sentBy(() => provider.scim('GET', path))).length, 1, path)
  })

  test('members are not looked at where they are excluded', async () => {
    for (const query of ['excludedAttributes=members', 'attributes=displayName']) {
      const [text] = await sentBy(() => provider.scim('GET', `/Groups/${big}?${query}`))
      assert.doesNotMatch(text!, /directus_users/)
    }
  })

  test('whoever is added to a large group costs what they cost in an empty one', async () => {
    const add = (group: string, value: string) =>
      sentBy(() => provider.patch(`/Groups/${group}`, { op: 'add', path: 'members', value: [{ value }] }))
    const [few, many] = [await add(empty, ids[1400]!), await add(big, ids[1401]!)]
    assert.equal(many.length, few.length)
    assert.ok(many.length <= 16, `${many.length} statements`)
    for (const text of many) assert.doesNotMatch(text, /jsonb_agg|role = \$1/)
  })

  test('a thousand operations, of one member each, are one change', async () => {
    const operations = ids.slice(0, 1000).map((id) => ({ op: 'remove', path: `members[value eq "${id}"]` }))
    assert.ok((await sentBy(() => provider.patch(`/Groups/${big}`, ...operations))).length < 20)
    assert.equal((await provider.scim('GET', `/Groups/${big}`)).body.members.length, 401)
  })

  test('members whom a filter chooses leave', async () => {
    await provider.patch(`/Groups/${big}`, { op: 'remove', path: 'members[display sw "USER1" and not (value eq "x")]' })
    const { members } = (await provider.scim('GET', `/Groups/${big}`)).body
    assert.ok(members.length > 0 && members.length < 401)
    assert.ok(members.every(({ display }: any) => !display.startsWith('user1')))
  })
})
