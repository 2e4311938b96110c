/** Nested writes: how many statements they take, what hooks see of them, where they stop. What they do is in test/conformance, and in tree.test.ts. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { definePlugin } from 'plinth'
import {
  type CreateEvent,
  type DeleteEvent,
  type Item,
  items,
  itemsChanged,
  itemsCreate,
  itemsDelete,
  itemsUpdate,
  type UpdateEvent,
} from 'plinth/items'
import type { TestHost } from '../../../host.ts'
import { createRecorder } from '../../../recorded.ts'
import { emptyShop, startShop } from './shop.ts'

type Seen = [what: string, table: string, values: unknown, parents: readonly Item[] | undefined]
let seen: Seen[] = []
let create: ((event: CreateEvent, next: () => Promise<void>) => Promise<void>) | undefined

const observer = definePlugin({
  name: 'observer',
  needs: [items],
  setup(host) {
    host.hook(itemsCreate, async (event, next) => {
      seen.push(['create', event.table.name, structuredClone(event.rows), event.parents])
      await (create ? create(event, next) : next())
      seen.push(['created', event.table.name, event.keys, event.parents])
    })
    host.hook(itemsUpdate, async (event: UpdateEvent, next) => {
      seen.push(['update', event.table.name, structuredClone(event.changes), event.parents])
      await next()
    })
    host.hook(itemsDelete, async (event: DeleteEvent, next) => {
      seen.push(['delete', event.table.name, [...event.keys], event.parents])
      await next()
    })
    host.hook(itemsChanged, async ({ action, table, keys }, next) => {
      seen.push([`${action} told`, table.name, keys, undefined])
      await next()
    })
  },
})

/** Rows whose key holds what they belong to. */
const labels = `create table label ("order" integer references "order", code text, words text, primary key ("order", code));`
const labelsMeta = `
insert into directus_relations (many_collection, many_field, one_collection, one_field, one_deselect_action) values
  ('label', 'order', 'order', 'labels', 'delete');
insert into directus_fields (collection, field, special) values ('order', 'labels', 'o2m');`

describe('nested writes', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startShop({
      change: ['-history'],
      plugins: [observer],
      wrap: recorder.wrap,
      env: { MAX_PAYLOAD_SIZE: '16mb' },
      sql: labels,
    })
    await host.kernel.db.execute(labelsMeta)
    await host.kernel.registry.reload()
    await host.api('GET', '/users/me')
  })
  after(() => host.close())
  beforeEach(async () => {
    create = undefined
    await emptyShop(host)
    recorder.take()
    seen = []
  })

  const post = (path: string, body: unknown) => host.api('POST', path, { body })
  const patch = (path: string, body: unknown) => host.api('PATCH', path, { body })
  const get = async (path: string) => (await host.api('GET', path)).data
  const verbs = () =>
    recorder.take().map(({ text }) => {
      const [, verb, table] = /^\s*(\w+)(?: into| from)? ?(?:"\w+"\."?(\w+))?/.exec(text)!
      return table && verb !== 'select' ? `${verb} ${table}` : verb
    })
  const count = async (table: string) => Number(await host.kernel.db.text(`select count(*) from ${table}`))

  /** Two parcels, two lines of new products, two attachments, a buyer with a country and a boss. */
  const order = (n: number) => ({
    title: `order ${n}`,
    buyer: { name: `buyer ${n}`, country: { code: `c${n % 7}`, name: 'somewhere' }, boss: { name: `boss ${n}` } },
    lines: [{ product: { name: `p${n}` } }, { amount: 2, product: { name: `q${n}`, code: `q${n}` } }],
    parcels: [{ weight: n }, {}],
    attachments: [
      { collection: 'letter', item: { body: `letter ${n}` } },
      { collection: 'picture', item: { file: `picture ${n}` } },
    ],
  })

  describe('statements', () => {
    const expected = [
      'begin',
      'select', // which countries there are
      'insert country',
      'insert person', // bosses
      'insert person',
      'insert order',
      'insert product',
      'insert line',
      'insert parcel',
      'insert letter',
      'select', // which pictures there are
      'insert picture',
      'insert attachment',
      'select',
      'commit',
    ]
    for (const size of [1, 1000]) {
      test(`${size} orders with all that belongs to them take ${expected.length - 2}`, async () => {
        const { status, data, body } = await post(
          '/items/order?fields=id,title,lines.product.name',
          Array.from({ length: size }, (_, n) => order(n)),
        )
        assert.equal(status, 200, JSON.stringify(body))
        assert.deepEqual(verbs(), expected)
        assert.deepEqual(data.at(-1).lines, [{ product: { name: `p${size - 1}` } }, { product: { name: `q${size - 1}` } }])
        assert.deepEqual([await count('line'), await count('product'), await count('country')], [2 * size, 2 * size, Math.min(size, 7)])
      })
    }

    test('a list that is set anew: what there is, new ones, changed ones, what is left over', async () => {
      await post('/items/order', [0, 1, 2].map(order))
      recorder.take()
      const { status, body } = await patch(
        '/items/order',
        [1, 2, 3].map((id) => ({ id, lines: [{ id: 2 * id, amount: 9 }, { amount: 4 }] })),
      )
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(verbs(), [
        'begin',
        'select', // the orders
        'select', // which of them there are: nothing of their own changes
        'select', // the lines
        'insert line',
        'update line',
        'select', // lines left over
        'delete line',
        'select',
        'commit',
      ])
      assert.deepEqual(
        await get('/items/line?fields=order,amount&sort=order,id'),
        [1, 2, 3].flatMap((order) => [
          { order, amount: 9 },
          { order, amount: 4 },
        ]),
      )
    })

    test('a batch of different patches takes one update', async () => {
      await post(
        '/items/product',
        Array.from({ length: 300 }, (_, n) => ({ name: `n${n}` })),
      )
      recorder.take()
      const body = Array.from({ length: 300 }, (_, n) => (n % 2 ? { id: n + 1, code: `c${n}` } : { id: n + 1, name: `m${n}` }))
      assert.equal((await patch('/items/product?limit=1', body)).status, 200)
      assert.deepEqual(verbs(), ['begin', 'update product', 'select', 'commit'])
      assert.deepEqual(await get('/items/product?fields=name,code&sort=id&limit=3'), [
        { name: 'm0', code: null },
        { name: 'n1', code: 'c1' },
        { name: 'm2', code: null },
      ])
    })
  })

  describe('payloads', () => {
    test('one row said twice is written once; with two different lists it is written twice', async () => {
      const { status, body } = await post('/items/order', [
        { title: 'a', buyer: { id: 5, name: 'x', country: { code: 'NO' } } },
        { title: 'b', buyer: { id: 5, name: 'y', country: { code: 'NO' } } },
      ])
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(await get('/items/person?fields=id,name,country'), [{ id: 5, name: 'y', country: 'NO' }])
      await post('/items/order', [
        { title: 'c', buyer: { id: 6, name: 'z', staff: [{ name: 's1' }] } },
        { title: 'd', buyer: { id: 6, staff: [{ name: 's2' }] } },
      ])
      assert.deepEqual(await get('/items/person?fields=name,boss&filter[id][_neq]=5&sort=name'), [
        { name: 's1', boss: null },
        { name: 's2', boss: 6 },
        { name: 'z', boss: null },
      ])
    })

    test('what others point at by another column than the key', async () => {
      const made = await post('/items/tagged?fields=tag.code,tag.id', { tag: { code: 'red', label: 'Red' } })
      assert.deepEqual(made.data, { tag: { code: 'red', id: '1' } })
      const uses = await patch('/items/tag/1?fields=uses.words&deep={"uses":{"_sort":"id"}}', { uses: [1, { words: 'new' }] })
      assert.deepEqual(uses.data, { uses: [{ words: null }, { words: 'new' }] })
      await patch('/items/tag/1', { uses: { delete: [1] } })
      assert.deepEqual(await get('/items/tagged?fields=id,tag&sort=id'), [
        { id: 1, tag: null },
        { id: 2, tag: 'red' },
      ])
    })

    test('a key that holds what the row belongs to need not say it', async () => {
      await post('/items/order', { title: 'a', labels: [{ code: 'x' }, { code: 'y', words: 'old' }, { code: 'z' }] })
      const set = (labels: unknown) => patch('/items/order/1?fields=labels.code,labels.words', { labels })
      const { status, body } = await set([{ code: 'y', words: 'new' }, { code: 'n' }, '1,z'])
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(body.data.labels, [
        { code: 'n', words: null },
        { code: 'y', words: 'new' },
        { code: 'z', words: null },
      ])
      const steps = { create: [{ code: 'm' }], update: [{ code: 'n', words: 'w' }], delete: [{ code: 'y' }, { order: 1, code: 'z' }] }
      assert.deepEqual((await set(steps)).data.labels, [
        { code: 'm', words: null },
        { code: 'n', words: 'w' },
      ])
      assert.equal((await patch('/items/order/1', { lines: { delete: [{ id: 1 }] } })).code, 'INVALID_PAYLOAD')
    })

    test('of lists that are set at once one stands, whole', async () => {
      await post('/items/order', [{ title: 'a' }, { title: 'b' }])
      const sets = Array.from({ length: 8 }, (_, n) => ({ lines: [{ amount: n }, { amount: n }] }))
      const answers = await Promise.all(sets.map((body) => patch('/items/order', { keys: [1, 2], data: body })))
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
      for (const { lines } of await get('/items/order?fields=lines.amount')) {
        assert.equal(lines.length, 2)
        assert.equal(lines[0].amount, lines[1].amount)
      }
    })

    test('rows that are added at once are numbered one after the other', async () => {
      await post('/items/order', { title: 'a' })
      await Promise.all(Array.from({ length: 8 }, () => patch('/items/order/1', { lines: { create: [{}, {}] } })))
      const numbers = (await get('/items/line?fields=sort&sort=sort')).map(({ sort }: { sort: number }) => sort)
      assert.deepEqual(
        numbers,
        numbers.map((_: number, i: number) => i + 1),
      )
    })

    test('keys in whatever spelling', async () => {
      const id = 'aaaaaaaa-0000-4000-8000-00000000000b'
      await post('/items/order', { title: 'a', parcels: [{ id, weight: 1 }] })
      const { status, body } = await patch('/items/order/1?fields=parcels.weight', { parcels: [id.toUpperCase(), { id, weight: 2 }] })
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(body.data.parcels, [{ weight: '2' }])
    })
  })

  describe('hooks', () => {
    test('hear of each set, the items that rows point at first; each knows the item that it stood in', async () => {
      const body = [
        { title: 'a', buyer: { name: 'x' } },
        { title: 'b', lines: [{ amount: 1 }, { amount: 2 }] },
      ]
      await post('/items/order', body)
      const order = seen[0]!
      assert.deepEqual(
        seen.map(([what, table]) => `${what} ${table}`),
        [
          'create order',
          'create person',
          'created person',
          'create line',
          'created line',
          'created order',
          'create told person',
          'create told line',
          'create told order',
        ],
      )
      assert.deepEqual(order[2], body)
      assert.deepEqual(seen[1]![3], [body[0]])
      assert.deepEqual(
        seen[3]![3]!.map(({ title }) => title),
        ['b', 'b'],
      )
      assert.deepEqual(seen[3]![2], [
        { amount: 1, order: '2' },
        { amount: 2, order: '2' },
      ])
    })

    test('change nested rows, and add some', async () => {
      create = async ({ table, rows }, next) => {
        if (table.name === 'order') for (const row of rows) row.lines = [{ amount: 7, product: { name: 'added' } }]
        if (table.name === 'product') for (const row of rows) row.name = `${row.name}!`
        await next()
      }
      await post('/items/order', { title: 'a' })
      assert.deepEqual(await get('/items/line?fields=amount,product.name'), [{ amount: 7, product: { name: 'added!' } }])
    })

    test('one that leaves out next() for nested items leaves the rows without them', async () => {
      create = async ({ table }, next) => {
        if (table.name !== 'person') await next()
      }
      assert.deepEqual((await post('/items/order?fields=title,buyer', { title: 'a', buyer: { name: 'x' } })).data, {
        title: 'a',
        buyer: null,
      })
    })

    test('a failure deep inside undoes all, and nothing is told', async () => {
      const { status, body } = await post('/items/order', [order(1), { ...order(2), parcels: [{ weight: 'heavy' }] }])
      assert.deepEqual([status, body.errors[0].extensions.code], [400, 'INVALID_PAYLOAD'])
      for (const table of ['country', 'person', '"order"', 'line', 'product', 'parcel', 'letter'])
        assert.equal(await count(table), 0, table)
      assert.ok(!seen.some(([what]) => what.includes('told')))
    })
  })

  describe('limits', () => {
    const chain = (levels: number): object => (levels ? { name: 'x', boss: chain(levels - 1) } : { name: 'x' })
    test('levels: the field counted', async () => {
      assert.equal((await post('/items/person?fields=id', chain(9))).status, 200)
      const { status, body } = await post('/items/person?fields=id', chain(10))
      assert.deepEqual([status, body.errors[0].extensions.code, await count('person')], [400, 'INVALID_PAYLOAD', 10])
    })

    test('rows of a request, nested ones counted', async () => {
      const few = await startShop({ env: { MAX_BATCH_MUTATION: '3' } })
      try {
        const one = (lines: number) => ({ title: 'a', lines: Array.from({ length: lines }, () => ({})) })
        assert.equal((await few.api('POST', '/items/order', { body: one(2) })).status, 200)
        const { status, code } = await few.api('POST', '/items/order', { body: one(3) })
        assert.deepEqual([status, code, await few.kernel.db.text('select count(*) from line')], [400, 'INVALID_PAYLOAD', '2'])
      } finally {
        await few.close()
      }
    })

    test('sets of nested items: one row with ever other lists', async () => {
      const rows = (n: number) =>
        Array.from({ length: n }, (_, i) => ({ title: 'x', buyer: { id: 1, name: 'x', staff: [{ name: `s${i}` }] } }))
      assert.equal((await post('/items/order?fields=id', rows(100))).status, 200)
      await emptyShop(host)
      const { status, body } = await post('/items/order?fields=id', rows(101))
      assert.deepEqual([status, body.errors[0].extensions.code, await count('person')], [400, 'INVALID_PAYLOAD', 0])
    })
  })
})
