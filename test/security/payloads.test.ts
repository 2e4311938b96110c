/** Payloads that mean harm: each ends in a 4xx that keeps nothing, or does what it says and no more. Each has a twin that is meant well. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { TestHost } from '../host.ts'
import { emptyShop, startShop } from '../plugins/items/write/shop.ts'
import { createRecorder } from '../recorded.ts'

describe('payloads', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startShop({
      wrap: recorder.wrap,
      env: { MAX_PAYLOAD_SIZE: '8mb' },
      sql: 'create table badge (id serial primary key, owner uuid, pattern text, title text, made timestamp, day date, size integer, words tsvector, sizes integer[]);',
    })
    await host.kernel.db.execute(`alter table badge add foreign key (owner) references directus_users;
      insert into directus_fields (collection, field, validation) values ('badge', 'pattern', '{"pattern":{"_regex":"^(a+)+$"}}');`)
    await host.kernel.registry.reload()
    await host.settled()
  })
  after(() => host.close())
  beforeEach(async () => {
    await emptyShop(host)
    recorder.take()
  })

  const send = (method: string, path: string, text: string) =>
    host.api(method, path, { text, headers: { 'content-type': 'application/json' } })
  const tables = ['person', '"order"', 'line', 'product', 'letter', 'attachment']
  const rows = async () => {
    let all = 0
    for (const table of tables) all += Number(await host.kernel.db.text(`select count(*) from ${table}`))
    return all
  }

  const refused: [why: string, body: unknown, status: number][] = [
    ['a key that is SQL', { title: 'a', lines: [{ id: '1); drop table line; --' }] }, 403],
    ['a key that is an object', { title: 'a', lines: [{ id: { a: 1 } }] }, 403],
    ['a key that is a list', { title: 'a', buyer: { id: [1], name: 'x' } }, 403],
    ['a key beyond its type', { title: 'a', lines: [99999999999] }, 403],
    ['a key with a null byte', { title: 'a', attachments: [{ collection: 'picture', item: { file: 'a\0b' } }] }, 403],
    ['a null byte deep inside', { title: 'a', lines: [{ product: { name: 'a\0b' } }] }, 400],
    ['an object where a list belongs', { title: 'a', lines: { length: 1, 0: { amount: 1 } } }, 400],
    ['a list member that every object has', JSON.parse('{"title":"a","lines":{"create":[],"__proto__":[]}}'), 400],
    ['a list that is no list', { title: 'a', lines: { create: { length: 1e9 } } }, 400],
    [
      'items of a collection that is not allowed',
      { title: 'a', attachments: [{ collection: 'directus_users', item: { email: 'x@example.com' } }] },
      400,
    ],
    ['items of a collection that every object has', { title: 'a', attachments: [{ collection: '__proto__', item: { body: 'x' } }] }, 400],
    ['items of no collection', { title: 'a', attachments: [{ collection: ['letter'], item: { body: 'x' } }] }, 400],
    ['a number for a list', { title: 'a', lines: 1e308 }, 400],
    ['an expression for a number', { title: 'a', lines: [{ amount: "1'; drop table line; --" }] }, 400],
  ]
  for (const [why, body, status] of refused) {
    test(`${why}: ${status}, and nothing is kept`, async () => {
      const answer = await host.api('POST', '/items/order', { body })
      assert.deepEqual([answer.status, await rows()], [status, 0], JSON.stringify(answer.body))
      assert.ok(!/select|insert|syntax|pg_/i.test(JSON.stringify(answer.body)), JSON.stringify(answer.body))
    })
  }

  const misfits: [why: string, path: string, body: unknown, field: string][] = [
    ['text into an integer', '/items/order', { title: 'a', lines: [{ amount: 'many' }] }, 'lines.amount'],
    ['text into an integer, beside the same text', '/items/badge', { title: 'x', size: 'x' }, 'size'],
    ['a fraction into an integer', '/items/order', { title: 'a', lines: { create: [{ amount: 1.5 }] } }, 'lines.amount'],
    ['text into a number', '/items/order', { title: 'a', parcels: [{ weight: 'heavy' }] }, 'parcels.weight'],
    ['no key', '/items/order', { title: 'a', buyer: { name: 'b', country: { code: 'x', name: 'a\0b' } } }, 'buyer.country.name'],
    ['half a character', '/items/order', { title: 'a', lines: [{ product: { name: '\ud800' } }] }, 'lines.product.name'],
    ['a null byte in a list', '/items/badge', { title: 'a', pattern: ['\0'] }, 'pattern'],
    ['no list', '/items/order', { title: 'a', buyer: { name: 'b', orders: [{ title: 'c', lines: 7 }] } }, 'buyer.orders.lines'],
    ['a collection that is not allowed', '/items/order', { title: 'a', attachments: [{ collection: 'x', item: {} }] }, 'attachments.item'],
    ['a day that is not in the calendar', '/items/badge', { day: '2024-02-30' }, 'day'],
    ['such a day with a time', '/items/badge', { made: '2024-02-30T10:00:00' }, 'made'],
    ['such a day with a zone', '/items/badge', { made: '2024-02-30T10:00:00Z' }, 'made'],
    ['no day at all', '/items/badge', { day: 'soon' }, 'day'],
    ['no UUID', '/items/badge', { title: 'zz', owner: 'zz' }, 'owner'],
    ['words that cannot be searched for', '/items/badge', { words: "'; drop table line; --" }, 'words'],
    ['text in a list of numbers', '/items/badge', { sizes: [1, 'many'] }, 'sizes'],
  ]
  for (const [why, path, body, field] of misfits) {
    test(`${why}: 400 that names ${field}, and nothing is kept`, async () => {
      const answer = await host.api('POST', path, { body })
      assert.deepEqual([answer.status, await rows()], [400, 0], JSON.stringify(answer.body))
      assert.ok(answer.body.errors[0].message.includes(`"${field}"`), answer.body.errors[0].message)
    })
  }

  const fits: [field: string, value: unknown, stored: unknown][] = [
    ['made', '2024-02-29T23:00:00-02:00', '2024-03-01T01:00:00'],
    ['words', 'a b', "'a' 'b'"],
    ['sizes', [1, 2], [1, 2]],
    ['title', '\\u0000', '\\u0000'],
  ]
  for (const [field, value, stored] of fits) {
    test(`${JSON.stringify(value)} in "${field}" is kept`, async () => {
      const { status, data } = await host.api('POST', `/items/badge?fields=${field}`, { body: { [field]: value } })
      assert.deepEqual([status, data], [200, { [field]: stored }])
    })
  }

  for (const key of [{}, { a: 1 }, [], [1], true, 1e30, 'x\0']) {
    test(`a list of changes whose key is ${JSON.stringify(key)}: 403`, async () => {
      const { status } = await host.api('PATCH', '/items/person', {
        body: [
          { id: key, name: 'x' },
          { id: 2, name: 'y' },
        ],
      })
      assert.equal(status, 403)
    })
  }

  test('the same said well is kept', async () => {
    const body = {
      title: 'a',
      lines: [{ id: '1', product: { name: "x'; drop table line; --" } }],
      attachments: [{ collection: 'letter', item: { body: '__proto__' } }],
    }
    assert.equal((await host.api('POST', '/items/order', { body })).status, 200)
    assert.equal(await rows(), 5)
  })

  test('names that every object has change no object and no row', async () => {
    const text =
      '{"title":"a","__proto__":{"note":"x"},"constructor":{"prototype":{"note":"x"}},"lines":[{"__proto__":{"amount":9},"toString":1}],"buyer":{"name":"b","__proto__":{"name":"c"}}}'
    const { status, data } = await send('POST', '/items/order?fields=note,lines.amount,buyer.name', text)
    assert.deepEqual([status, data], [200, { note: null, lines: [{ amount: 1 }], buyer: { name: 'b' } }])
    assert.deepEqual([({} as { note?: string }).note, ({} as { amount?: number }).amount], [undefined, undefined])
  })

  test('items that hold each other in a circle are written once each', async () => {
    const body = { id: 1, name: 'a', boss: { id: 2, name: 'b', boss: { id: 1, name: 'c' } } }
    assert.equal((await host.api('POST', '/items/person', { body })).status, 400, 'the innermost has been made when the outermost comes')
    assert.equal(await rows(), 0)
    await host.api('POST', '/items/person', {
      body: [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ],
    })
    assert.equal(
      (await host.api('PATCH', '/items/person/1', { body: { name: 'a1', boss: { id: 2, boss: { id: 1, name: 'a2' }, staff: [1, 2] } } }))
        .status,
      200,
    )
    assert.deepEqual((await host.api('GET', '/items/person?fields=id,name,boss&sort=id')).data, [
      { id: 1, name: 'a1', boss: 2 },
      { id: 2, name: 'b', boss: 2 },
    ])
  })

  test('20,000 items in a list take as many statements as two', async () => {
    const counts: number[] = []
    for (const size of [2, 20_000]) {
      recorder.take()
      const body = { title: 'a', lines: Array.from({ length: size }, (_, amount) => ({ amount })) }
      assert.equal((await host.api('POST', '/items/order?fields=id', { body })).status, 200)
      counts.push(recorder.take().length)
    }
    assert.equal(counts[0], counts[1])
  })

  test('a pattern that takes for ever elsewhere answers at once', async () => {
    const started = performance.now()
    const { status } = await host.api('POST', '/items/badge', { body: { pattern: `${'a'.repeat(50_000)}!` } })
    assert.equal(status, 400)
    assert.ok(performance.now() - started < 5000)
    assert.equal((await host.api('POST', '/items/badge', { body: { pattern: 'a'.repeat(50_000) } })).status, 200)
  })

  test('what is kept of users is kept of nested ones too: passwords are hashed, masks change nothing', async () => {
    const { data } = await host.api('POST', '/items/badge?fields=id,owner', {
      body: { owner: { email: 'nested@example.com', password: 'Password123!' } },
    })
    const stored = () => host.kernel.db.text('select password from directus_users where id = $1', [data.owner])
    const hash = await stored()
    assert.match(hash!, /^\$argon2id\$/)
    await host.api('PATCH', `/items/badge/${data.id}`, { body: { owner: { id: data.owner, password: '**********' } } })
    assert.equal(await stored(), hash)
    const { status, body } = await host.api('POST', '/items/badge', { body: { owner: { email: 'no address', password: 'x' } } })
    assert.deepEqual([status, body.errors[0].extensions.code], [400, 'FAILED_VALIDATION'])
  })
})
