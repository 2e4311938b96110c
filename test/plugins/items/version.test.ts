/** Reads of a version: whoever keeps versions answers them; without an answer a list is empty and an item is not there. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { definePlugin } from 'plinth'
import { itemsVersion, type VersionEvent } from 'plinth/items'
import type { TestHost } from '../../host.ts'
import { startLibrary } from './library.ts'

describe('version', () => {
  let host: TestHost
  const seen: Pick<VersionEvent, 'key' | 'keys' | 'query' | 'version'>[] = []
  const keeper = definePlugin({
    name: 'keeper',
    setup(host) {
      host.hook(itemsVersion, async (event, next) => {
        const { key, keys, query, version } = event
        seen.push({ key, keys, query: { ...query }, version })
        if (version === 'draft') event.answer = JSON.stringify({ data: { version, table: event.table.name } })
        await next()
      })
    },
  })
  before(async () => {
    host = await startLibrary({ plugins: [keeper] })
    await host.kernel.db.execute(`insert into note values ('a', 'x'), ('b', 'y')`)
  })
  after(() => host.close())

  const draft = { data: { version: 'draft', table: 'note' } }
  const rows: [path: string, status: number, body: unknown][] = [
    ['note?version=draft', 200, draft],
    ['note/a?version=draft&fields=id', 200, draft],
    ['note/a?version=main&fields=id', 200, { data: { id: 'a' } }],
    ['note/a?version=&fields=id', 200, { data: { id: 'a' } }],
    ['note/a?version=other', 403, null],
    ['note?version=other', 200, { data: [] }],
    ['note?version=MAIN', 200, { data: [] }],
    ['note?version=other&limit=1&meta=*', 200, { data: [], meta: { total_count: 2, filter_count: 2 } }],
    ['note?version=other&aggregate[count]=*', 200, { data: [] }],
    ['note?version=other&export=json', 200, []],
    ['note?version[]=other', 400, null],
    ['note?version=draft&fields=nope', 403, null],
    ['note?version=draft&limit=x', 400, null],
    ['nope?version=draft', 403, null],
  ]
  for (const [path, status, body] of rows) {
    test(path, async () => {
      const answer = await host.api('GET', `/items/${path}`)
      assert.equal(answer.status, status)
      if (body) assert.deepEqual(answer.body, body)
    })
  }

  test('the event tells all that was asked, checked', async () => {
    seen.length = 0
    await host.api('GET', '/items/note/a?version=draft&fields=id')
    await host.api('SEARCH', '/items/note', { body: { keys: ['a'], query: { version: 'draft', sort: ['id'] } } })
    await host.api('SEARCH', '/items/note', { body: { query: { version: 5 } } })
    assert.deepEqual(seen, [
      { key: 'a', keys: undefined, query: { fields: 'id' }, version: 'draft' },
      { key: undefined, keys: ['a'], query: { sort: ['id'] }, version: 'draft' },
    ])
  })
})
