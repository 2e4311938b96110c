/**
 * Rule 6: every route to an object calls the same item check. Eve reads all notes and changes those that are open; of papers and files she reads the open
 * ones. Whatever way she comes by, the closed ones stay as they are and tell nothing; the same way leads to the open ones.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { formBytes, formType, textFile } from '../form.ts'
import { type Answer, startKernel, type TestHost } from '../host.ts'
import { send, upload } from '../plugins/files/library.ts'

const sql = `
create table book (id serial primary key, title text);
create table note (id integer primary key, word text, open boolean, pos integer, book integer references book);
create table line (id serial primary key, note integer references note on delete set null);
create table paper (id integer primary key, word text, open boolean, book integer references book);
`
const meta = `
insert into directus_collections (collection, versioning, sort_field) values
  ('book', false, null), ('note', true, 'pos'), ('line', false, null), ('paper', true, null);
insert into directus_relations (many_collection, many_field, one_collection, one_field) values
  ('note', 'book', 'book', 'notes'), ('line', 'note', 'note', null), ('paper', 'book', 'book', 'papers');
insert into directus_fields (collection, field, special) values ('book', 'notes', 'o2m'), ('book', 'papers', 'o2m');
`
const rows = `
delete from directus_comments; delete from directus_shares; delete from line; delete from note; delete from paper; delete from book;
insert into book (id, title) values (1, 'b');
insert into note values (1, 'open', true, 1, 1), (2, 'closed', false, 2, 1), (3, 'open', true, 3, 1);
insert into line (id, note) values (1, 1), (2, 2);
insert into paper values (1, 'shown', true, 1), (2, 'sealed', false, 1);
`
const eve = 'token-of-eve'
const isOpen = { open: { _eq: true } }
const all = ['create', 'read', 'update', 'delete'] as const
const rules = [
  ...['book', 'line', 'directus_versions', 'directus_comments', 'directus_shares', 'directus_files'].flatMap((collection) =>
    all.filter((action) => collection !== 'directus_files' || action === 'create').map((action) => ({ collection, action })),
  ),
  { collection: 'note', action: 'read' },
  { collection: 'note', action: 'create' },
  ...['update', 'delete', 'share'].map((action) => ({ collection: 'note', action, permissions: isOpen })),
  ...['read', 'share'].map((action) => ({ collection: 'paper', action, permissions: isOpen })),
  ...['directus_revisions', 'directus_activity'].map((collection) => ({ collection, action: 'read' })),
  ...['read', 'update', 'delete'].map((action) => ({ collection: 'directus_files', action, permissions: { title: { _eq: 'open' } } })),
]

describe('rule 6: every route to an object calls the same item check', () => {
  let host: TestHost
  const versions: Record<number, { id: string; hash: string }> = {}
  const revisions: Record<number, number> = {}
  const files: Record<number, string> = {}

  before(async () => {
    host = await startKernel({ sql, env: { STORAGE_LOCATIONS: 'local', STORAGE_LOCAL_DRIVER: 'memory', TUS_ENABLED: 'true' } })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    const make = async (path: string, body: unknown) => {
      const { status, data, body: answer } = await host.api('POST', path, { body })
      assert.equal(status, 200, JSON.stringify(answer))
      return data
    }
    const { id: policy } = await make('/policies', { name: 'eve' })
    const { id: user } = await make('/users', { email: 'eve@example.com', token: eve })
    await make('/access', { user, policy })
    await make(
      '/permissions',
      rules.map((rule) => ({ policy, fields: ['*'], ...rule })),
    )
  })
  after(() => host.close())

  beforeEach(() => host.kernel.db.execute(rows))
  async function uploadBoth(): Promise<void> {
    for (const [id, title] of [
      [1, 'open'],
      [2, 'closed'],
    ] as const)
      files[id] = (
        await upload(host, [
          ['title', title],
          ['file', textFile(`content of ${title}`)],
        ])
      ).data.id
  }

  const ask = (method: string, path: string, body?: unknown) => host.api(method, path, { token: eve, body })
  const graphql = (query: string) => ask('POST', '/graphql', { query })
  const form = (method: string, path: string, parts: Parameters<typeof formBytes>[0]) =>
    send(host, method, path, formBytes(parts), { token: eve, headers: { 'content-type': formType } })
  /** A version and a revision of a note, by an administrator. */
  async function prepare(id: number): Promise<void> {
    await host.kernel.db.execute('delete from directus_versions')
    const { data } = await host.api('POST', '/versions', { body: { collection: 'note', item: String(id), key: 'k' } })
    await host.api('POST', `/versions/${data.id}/save`, { body: { word: 'changed' } })
    const { mainHash } = (await host.api('GET', `/versions/${data.id}/compare`)).data
    versions[id] = { id: data.id, hash: mainHash }
    const { word } = (await host.api('GET', `/items/note/${id}`)).data
    await host.api('PATCH', `/items/note/${id}`, { body: { word } })
    revisions[id] = (await host.api('GET', `/revisions?filter[collection]=note&filter[item]=${id}&sort=-id&limit=1`)).data[0].id
  }

  const word = { word: 'changed' }
  const writes: [why: string, go: (id: number) => Promise<Answer>][] = [
    ['PATCH by key', (id) => ask('PATCH', `/items/note/${id}`, word)],
    ['PATCH by keys', (id) => ask('PATCH', '/items/note', { keys: [id], data: word })],
    ['PATCH of a list', (id) => ask('PATCH', '/items/note', [{ id, ...word }])],
    ['PATCH by query', (id) => ask('PATCH', '/items/note', { query: { filter: { id: { _eq: id } } }, data: word })],
    ['PATCH in a list with others', (id) => ask('PATCH', '/items/note', { keys: [3, id], data: word })],
    ['DELETE by key', (id) => ask('DELETE', `/items/note/${id}`)],
    ['DELETE by keys', (id) => ask('DELETE', '/items/note', [id])],
    ['DELETE by query', (id) => ask('DELETE', '/items/note', { query: { filter: { id: { _eq: id } } } })],
    ['GraphQL, one item', (id) => graphql(`mutation { update_note_item(id: ${id}, data: { word: "changed" }) { id } }`)],
    ['GraphQL, items', (id) => graphql(`mutation { update_note_items(ids: [${id}], data: { word: "changed" }) { id } }`)],
    ['GraphQL, a batch', (id) => graphql(`mutation { update_note_batch(data: [{ id: ${id}, word: "changed" }]) { id } }`)],
    ['GraphQL, deletion', (id) => graphql(`mutation { delete_note_item(id: ${id}) { id } }`)],
    ['an item in a list', (id) => ask('PATCH', '/items/book/1', { notes: { create: [], update: [{ id, ...word }], delete: [] } })],
    ['an item in the list of a new one', (id) => ask('POST', '/items/book', { notes: [{ id, ...word }] })],
    ['taken by the list of another', (id) => ask('POST', '/items/book', { notes: [id] })],
    ['let go by a list', (id) => ask('PATCH', '/items/book/1', { notes: { create: [], update: [], delete: [id] } })],
    ['an item in place of a key', (id) => ask('PATCH', `/items/line/${id}`, { note: { id, ...word } })],
    [
      'an import',
      (id) => form('POST', '/utils/import/note', [['file', textFile(JSON.stringify([{ id, ...word }]), 'a.json', 'application/json')]]),
    ],
    ['a place in the order', (id) => ask('POST', '/utils/sort/note', { item: id, to: id === 1 ? 3 : 1 })],
    ['a return to a revision', (id) => ask('POST', `/utils/revert/${revisions[id]}`)],
    ['a version promoted', (id) => ask('POST', `/versions/${versions[id]!.id}/promote`, { mainHash: versions[id]!.hash })],
    ['a share', (id) => ask('POST', '/shares', { collection: 'note', item: String(id) })],
  ]
  const noteOf = (id: number) => host.kernel.db.text('select to_json(n)::text from note n where id = $1', [id])
  const sharesOf = (id: number) => host.kernel.db.text('select count(*)::text from directus_shares where item = $1', [String(id)])

  for (const [why, go] of writes) {
    test(`${why}: closed to a closed note, open to an open one`, async () => {
      await prepare(2)
      const before = [await noteOf(2), await sharesOf(2)]
      const attack = await go(2)
      assert.deepEqual([await noteOf(2), await sharesOf(2)], before, JSON.stringify(attack.body))
      assert.deepEqual((await host.kernel.db.query('select id from note where word = $1', ['changed'])).length, 0)
      await prepare(1)
      const twin = await go(1)
      assert.ok(twin.status < 300 && !twin.body?.errors, JSON.stringify(twin.body))
    })
  }

  const reads: [why: string, go: (id: number) => Promise<Answer>][] = [
    ['by key', (id) => ask('GET', `/items/paper/${id}`)],
    ['by keys', (id) => ask('SEARCH', '/items/paper', { keys: [id] })],
    ['by query', (id) => ask('GET', `/items/paper?filter[id]=${id}`)],
    ['by GraphQL', (id) => graphql(`{ paper_by_id(id: ${id}) { word } }`)],
    ['over a relation', (id) => ask('GET', `/items/book/1?fields=papers.word&deep[papers][_filter][id]=${id}`)],
    ['exported', (id) => ask('GET', `/items/paper?filter[id]=${id}&export=csv`)],
    ['grouped', (id) => ask('GET', `/items/paper?filter[id]=${id}&groupBy=word&aggregate[count]=*`)],
    ['in a version', (id) => ask('GET', `/items/paper/${id}?version=k`)],
    ['in a list of versions', () => ask('GET', '/items/paper?version=k')],
    [
      'what is written comes back',
      (id) => ask('PATCH', `/items/book/1?fields=papers.word&deep[papers][_filter][id]=${id}`, { title: 'c' }),
    ],
    ['may one do something', (id) => ask('GET', `/permissions/me/paper/${id}`)],
    ['a file', (id) => ask('GET', `/files/${files[id]}`)],
    ['its content', (id) => ask('GET', `/assets/${files[id]}`)],
    ['its content, made smaller', (id) => ask('GET', `/assets/${files[id]}?width=10`)],
  ]
  for (const [why, go] of reads) {
    test(`${why}: a sealed paper tells nothing, one that is shown does`, async () => {
      await host.kernel.db.execute(`delete from directus_versions;
        insert into directus_versions (id, key, collection, item, delta) values (gen_random_uuid(), 'k', 'paper', '1', '{}'), (gen_random_uuid(), 'k', 'paper', '2', '{}')`)
      if (why.includes('file') || why.includes('content')) await uploadBoth()
      const attack = await go(2)
      assert.doesNotMatch(JSON.stringify(attack.body), /sealed|closed/)
      const twin = await go(1)
      if (why.startsWith('may one')) assert.deepEqual([attack.data.share.access, twin.data.share.access], [false, true])
      else assert.match(JSON.stringify(twin.body), /shown|open/)
    })
  }

  const onFiles: [why: string, go: (id: number) => Promise<Answer>][] = [
    ['PATCH', (id) => ask('PATCH', `/files/${files[id]}`, { description: 'changed' })],
    ['PATCH by keys', (id) => ask('PATCH', '/files', { keys: [files[id]], data: { description: 'changed' } })],
    ['another content by a form', (id) => form('PATCH', `/files/${files[id]}`, [['file', textFile('changed')]])],
    ['DELETE', (id) => ask('DELETE', `/files/${files[id]}`)],
    [
      'GraphQL',
      (id) =>
        host.api('POST', '/graphql/system', {
          token: eve,
          body: { query: `mutation { update_files_item(id: "${files[id]}", data: { description: "changed" }) { id } }` },
        }),
    ],
    [
      'another content by a resumable upload',
      async (id) => {
        const meta = Object.entries({ id: files[id]!, filename_download: 'a.txt', type: 'text/plain' }).map(
          ([name, text]) => `${name} ${btoa(text)}`,
        )
        const headers = {
          'tus-resumable': '1.0.0',
          'upload-length': '7',
          'upload-metadata': meta.join(','),
          'content-type': 'application/offset+octet-stream',
        }
        return send(host, 'POST', '/files/tus', 'changed', { token: eve, headers })
      },
    ],
  ]
  for (const [why, go] of onFiles) {
    test(`${why}: closed to a closed file, open to an open one`, async () => {
      await uploadBoth()
      const fileOf = (id: number) => host.kernel.db.text('select to_json(f)::text from directus_files f where id = $1', [files[id]!])
      const before = [await fileOf(1), await fileOf(2)]
      const attack = await go(2)
      assert.deepEqual(await fileOf(2), before[1], JSON.stringify(attack.body))
      assert.equal((await host.api('GET', `/assets/${files[2]}`)).body, 'content of closed')
      const twin = await go(1)
      assert.ok(twin.status < 300 && !twin.body?.errors, JSON.stringify(twin.body))
    })
  }
})
