/** Somebody's existing database, on each driver: composite keys and views over HTTP, beside ordinary tables. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { testDrivers } from '../../database.ts'
import { startKernel, type TestHost } from '../../host.ts'

const chinook = readFileSync(new URL('../../fixtures/chinook.sql', import.meta.url), 'utf8')
const views = `
create view long_track as select name, milliseconds from track where milliseconds > 5000000;
create materialized view genre_count as select genre_id, count(*) as tracks from track group by genre_id;
create table word (lang text, word text, meaning text, primary key (lang, word));
create table flag (code text primary key, meaning text);
`

for (const driver of testDrivers) {
  describe(`Chinook on ${driver}`, { timeout: 180_000 }, () => {
    let host: TestHost
    before(async () => {
      host = await startKernel({ driver, sql: chinook + views })
    })
    after(() => host.close())

    const get = (path: string) => host.api('GET', path)

    test('a list with a relation, a filter, an order and totals', async () => {
      const { body } = await get('/items/album?fields=*,artist_id.*&filter[title][_contains]=Rock&sort=-album_id&limit=2&meta=*')
      assert.deepEqual(body, {
        data: [
          { album_id: 216, title: 'Hot Rocks, 1964-1971 (Disc 1)', artist_id: { artist_id: 142, name: 'The Rolling Stones' } },
          {
            album_id: 213,
            title: 'Pure Cult: The Best Of The Cult (For Rockers, Ravers, Lovers & Sinners) [UK]',
            artist_id: { artist_id: 139, name: 'The Cult' },
          },
        ],
        meta: { total_count: 347, filter_count: 7 },
      })
    })

    describe('composite keys', () => {
      const reads: [path: string, status: number, data: unknown][] = [
        [
          '/items/playlist_track?limit=2',
          200,
          [
            { playlist_id: 1, track_id: 1 },
            { playlist_id: 1, track_id: 2 },
          ],
        ],
        ['/items/playlist_track/1,3402', 200, { playlist_id: 1, track_id: 3402 }],
        [
          '/items/playlist_track/1,3402?fields=track_id.name',
          200,
          { track_id: { name: 'Band Members Discuss Tracks from "Revelations"' } },
        ],
        ['/items/playlist_track?filter[playlist_id][_eq]=9', 200, [{ playlist_id: 9, track_id: 3402 }]],
        ['/items/playlist_track/1,999999', 403, undefined],
        ['/items/playlist_track/1', 403, undefined],
        ['/items/playlist_track/1,2,3', 403, undefined],
        ['/items/playlist_track/1,x', 403, undefined],
        ['/items/playlist_track/,', 403, undefined],
        ['/items/playlist_track/3402,1', 403, undefined],
      ]
      for (const [path, status, data] of reads) {
        test(`GET ${path}`, async () => {
          const answer = await get(path)
          assert.deepEqual([answer.status, answer.data], [status, data])
        })
      }

      test('SEARCH by keys, as objects and as paths spell them', async () => {
        const keys = [{ playlist_id: 1, track_id: 2 }, '9,3402', '9,1']
        const { data } = await host.api('SEARCH', '/items/playlist_track', { body: { keys } })
        assert.deepEqual(data, [
          { playlist_id: 1, track_id: 2 },
          { playlist_id: 9, track_id: 3402 },
        ])
      })

      test('create, change, delete, each with keys in all forms', async () => {
        const { api } = host
        const path = '/items/word'
        const made = await api('POST', path, {
          body: [
            { lang: 'de', word: 'ja', meaning: 'yes' },
            { lang: 'en', word: 'a/b,c', meaning: '?' },
          ],
        })
        assert.equal(made.status, 200, JSON.stringify(made.body))
        const taken = await api('POST', path, { body: { lang: 'de', word: 'ja' } })
        const { message: _, ...told } = taken.body.errors[0]
        assert.deepEqual(told, { extensions: { collection: 'word', field: 'lang, word', code: 'RECORD_NOT_UNIQUE' } })
        const missing = await api('POST', path, { body: { lang: 'de' } })
        assert.equal(missing.code, 'FAILED_VALIDATION')

        const changed = await api('PATCH', `${path}/en,a%2Fb%2Cc`, { body: { meaning: 'odd', word: 'other' } })
        assert.deepEqual(changed.data, { lang: 'en', word: 'a/b,c', meaning: 'odd' })
        const many = await api('PATCH', path, { body: { keys: ['de,ja', { lang: 'en', word: 'a/b,c' }], data: { meaning: 'm' } } })
        assert.deepEqual(
          many.data.map((row: any) => row.meaning),
          ['m', 'm'],
        )
        const batch = await api('PATCH', path, { body: [{ lang: 'de', word: 'ja', meaning: 'n' }] })
        assert.deepEqual(batch.data, [{ lang: 'de', word: 'ja', meaning: 'n' }])
        const found = await api('PATCH', path, { body: { query: { filter: { lang: 'en' } }, data: { meaning: 'found' } } })
        assert.deepEqual(found.data, [{ lang: 'en', word: 'a/b,c', meaning: 'found' }])
        assert.equal((await api('PATCH', path, { body: [{ lang: 'de', meaning: 'n' }] })).code, 'INVALID_PAYLOAD')

        assert.equal((await api('DELETE', `${path}/de,ja`)).status, 204)
        assert.equal((await api('DELETE', path, { body: { query: { filter: { lang: { _eq: 'en' } } } } })).status, 204)
        assert.deepEqual((await get(path)).data, [])
      })
    })

    test('a key of text comes through a path whatever it holds', { timeout: 120_000 }, async () => {
      const text = fc
        .string({ minLength: 1, maxLength: 10, unit: 'binary' })
        .filter((key) => !/\0/.test(key) && key !== '.' && key !== '..')
      await fc.assert(
        fc.asyncProperty(text, text, async (one, two) => {
          const single = await host.api('POST', '/items/flag', { body: { code: one } })
          assert.deepEqual([single.status, single.data?.code], [200, one])
          const composite = await host.api('POST', '/items/word', { body: { lang: one, word: two } })
          assert.equal(composite.status, 200)
          const paths = [`/items/flag/${encodeURIComponent(one)}`, `/items/word/${encodeURIComponent(one)},${encodeURIComponent(two)}`]
          assert.deepEqual((await get(paths[0]!)).data, single.data)
          assert.deepEqual((await get(paths[1]!)).data, composite.data)
          for (const path of paths) assert.equal((await host.api('DELETE', path)).status, 204)
          assert.deepEqual([(await get('/items/flag')).data, (await get('/items/word')).data], [[], []])
        }),
        { numRuns: 40 },
      )
    })

    describe('views', () => {
      const cases: [method: string, path: string, body: unknown, status: number, data?: unknown][] = [
        [
          'GET',
          '/items/long_track?sort=-milliseconds',
          undefined,
          200,
          [
            { name: 'Occupation / Precipice', milliseconds: 5286953 },
            { name: 'Through a Looking Glass', milliseconds: 5088838 },
          ],
        ],
        [
          'GET',
          '/items/long_track?filter[name][_starts_with]=Occ&fields=name&meta=*',
          undefined,
          200,
          [{ name: 'Occupation / Precipice' }],
        ],
        ['GET', '/items/long_track/1', undefined, 403],
        ['SEARCH', '/items/long_track', { query: { limit: 0 } }, 200, []],
        ['SEARCH', '/items/long_track', { keys: ['a'] }, 403],
        ['PATCH', '/items/long_track/1', { name: 'x' }, 403],
        ['DELETE', '/items/long_track', ['a'], 403],
        ['GET', '/items/genre_count?sort=genre_id&limit=1', undefined, 200, [{ genre_id: 1, tracks: '1297' }]],
        ['GET', '/items/genre_count/1', undefined, 403],
      ]
      for (const [method, path, body, status, data] of cases) {
        test(`${method} ${path}`, async () => {
          const answer = await host.api(method, path, { body })
          assert.deepEqual([answer.status, answer.data], [status, data])
        })
      }
    })

    test('nobody else sees anything', async () => {
      for (const path of ['/items/album', '/items/album/1', '/items/playlist_track/1,3402', '/items/long_track']) {
        assert.equal((await host.api('GET', path, { token: null })).status, 403)
      }
    })
  })
}
