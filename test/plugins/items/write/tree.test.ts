/**
 * Property: random nested payloads leave what a model leaves that writes row by row; refused ones leave everything as it was; and so does any of them
 * whose transaction is broken at any of its statements. New rows are known by what they hold, as keys are given in another order.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type Database, DatabaseError, type Queryable, type Transaction } from 'plinth'
import type { TestHost } from '../../../host.ts'
import { Model, type Payload } from './model.ts'
import { startShop } from './shop.ts'

/** Breaks the nth statement of a transaction; and counts them. Or loses the connection over COMMIT, before it has got there or before it is answered. */
const fault: { at: number; seen: number; commit?: 'unsent' | 'unanswered' } = { at: 0, seen: 0 }
const lost = () => new DatabaseError('lost on purpose', '08006')

function breaking(db: Database): Database {
  const guarded = <Inner extends Queryable>(inner: Inner): Inner => {
    const step = <T>(run: () => Promise<T>): Promise<T> =>
      ++fault.seen === fault.at ? Promise.reject(new DatabaseError('broken on purpose', 'XX000')) : run()
    return {
      ...inner,
      query: (...parameters: Parameters<Queryable['query']>) => step(() => inner.query(...parameters)),
      text: (...parameters: Parameters<Queryable['text']>) => step(() => inner.text(...parameters)),
    } as Inner
  }
  return {
    ...db,
    async transaction(work) {
      const result = await db.transaction(async (inner: Transaction) => {
        const done = await work(guarded(inner))
        if (fault.commit === 'unsent') throw lost()
        return done
      })
      if (fault.commit === 'unanswered') throw lost()
      return result
    },
  }
}

let host: TestHost
before(async () => {
  host = await startShop({ wrap: breaking })
})
after(() => host.close())

/** Keys that payloads name: some are there, some are not. */
const key = fc.integer({ min: 1, max: 6 })
const word = fc.constantFrom('a', 'b', 'c')
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const rarely = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 })

const { person, order } = fc.letrec<{ person: Payload; order: Payload; line: Payload; product: Payload }>((tie) => {
  const nested = { depthSize: 'small', maxDepth: 2 } as const
  const one = (name: 'person' | 'product' | 'order') => fc.oneof(nested, key, fc.constant(null), tie(name))
  const many = (name: 'person' | 'order' | 'line') =>
    fc.oneof(
      nested,
      fc.constant(null),
      fc.uniqueArray(key, { maxLength: 2 }),
      fc.array(fc.oneof({ arbitrary: key, weight: 1 }, { arbitrary: tie(name), weight: 2 }), { maxLength: 3 }),
      fc.record(
        {
          create: fc.array(tie(name), { maxLength: 2 }),
          update: fc.array(
            fc.tuple(key, tie(name)).map(([id, item]) => ({ ...(item as Payload), id })),
            { maxLength: 2 },
          ),
          delete: fc.array(key, { maxLength: 2 }),
        },
        { requiredKeys: [] },
      ),
    )
  const name = fc.oneof({ arbitrary: word, weight: 12 }, { arbitrary: fc.constant(null), weight: 1 })
  const cleaned = (item: Payload) => Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined))
  return {
    person: fc
      .record({ id: rarely(key), name, boss: rarely(one('person')), staff: rarely(many('person')), orders: rarely(many('order')) })
      .map(cleaned),
    order: fc
      .record({ id: rarely(key), title: name, note: maybe(word), buyer: rarely(one('person')), lines: maybe(many('line')) })
      .map(cleaned),
    line: fc
      .record({ id: rarely(key), amount: maybe(fc.integer({ min: 1, max: 9 })), sort: rarely(key), product: maybe(one('product')) })
      .map(cleaned),
    product: fc.record({ id: rarely(key), name, code: rarely(word) }).map(cleaned),
  }
})

const tables = ['person', 'order', 'line', 'product'] as const
type Stored = Record<(typeof tables)[number], Map<number, Payload>>

async function stored(): Promise<Stored> {
  const all: Partial<Stored> = {}
  for (const table of tables) {
    const rows = await host.kernel.db.query<{ id: number } & Payload>(`select * from "${table}"`)
    all[table] = new Map(rows.map(({ id, country: _, ...row }) => [id, row]))
  }
  return all as Stored
}

/** A row as text, with the rows that it points at in place of their keys: rows that were made in another order look alike. */
function picture(state: Stored): string[] {
  const told = (table: keyof Stored, id: unknown, depth: number): unknown => {
    const row = typeof id === 'number' ? state[table].get(id) : undefined
    if (!row) return id
    const links: Record<string, keyof Stored> = { boss: 'person', buyer: 'person', order: 'order', product: 'product' }
    const named = Object.keys(row)
      .sort()
      .map((name) => [name, links[name] && row[name] !== null ? (depth ? told(links[name], row[name], depth - 1) : '…') : row[name]])
    return [typeof id === 'number' && id < 100 ? id : 'new', named]
  }
  return tables.flatMap((table) => [...state[table].keys()].map((id) => JSON.stringify([table, told(table, id, 5)]))).sort()
}

const seed = `
delete from line; delete from "order"; delete from person; delete from product; delete from directus_revisions; delete from directus_activity;
insert into person (id, name, boss) values (1, 'p1', null), (2, 'p2', 1), (3, 'p3', 1);
insert into product (id, name, code) values (1, 'q1', 'a'), (2, 'q2', null);
insert into "order" (id, title, buyer) values (1, 'o1', 1), (2, 'o2', 2), (3, 'o3', null);
insert into line (id, "order", product, amount, sort) values (1, 1, 1, 1, 1), (2, 1, null, 2, 5), (3, 2, 2, 3, null);
select setval('person_id_seq', 1000), setval('product_id_seq', 1000), setval('order_id_seq', 1000), setval('line_id_seq', 1000);
`

async function fresh(): Promise<Model> {
  await host.kernel.db.execute(seed)
  const model = new Model()
  const before = await stored()
  for (const table of tables) for (const [id, row] of before[table]) model.tables[table].set(id, structuredClone(row))
  return model
}

type Request = { method: 'POST' | 'PATCH'; table: 'person' | 'order'; items: Payload[] }
const request: fc.Arbitrary<Request> = fc.oneof(
  ...(['person', 'order'] as const).flatMap((table) => {
    const item = table === 'person' ? person : order
    return [
      fc.record({ method: fc.constant('POST' as const), table: fc.constant(table), items: fc.array(item, { minLength: 1, maxLength: 2 }) }),
      fc.record({
        method: fc.constant('PATCH' as const),
        table: fc.constant(table),
        items: fc.uniqueArray(
          fc.tuple(fc.integer({ min: 1, max: 3 }), item).map(([id, body]) => ({ ...body, id })),
          { minLength: 1, maxLength: 2, selector: ({ id }) => id },
        ),
      }),
    ]
  }),
)

const send = ({ method, table, items }: Request) => host.api(method, `/items/${table}?fields=id`, { body: items })

test('random nested payloads come to what a model comes to; refused ones change nothing', async () => {
  let kept = 0
  await fc.assert(
    fc.asyncProperty(request, async (one) => {
      const model = await fresh()
      const before = picture(await stored())
      // Items of one request that speak of the same rows are told in another order by the model: one request, one item.
      const single = { ...one, items: one.items.slice(0, 1) }
      const allowed = model.attempt(() => {
        for (const item of single.items)
          single.method === 'POST' ? model.create(single.table, item) : model.update(single.table, item.id as number, item)
      })
      const { status, body } = await send(single)
      assert.ok(status < 500, JSON.stringify(body))
      assert.equal(status === 200, allowed, JSON.stringify(body))
      assert.deepEqual(picture(await stored()), status === 200 ? picture(model.tables as Stored) : before)
      if (allowed) kept++
    }),
    { numRuns: 120 },
  )
  assert.ok(kept > 15, `only ${kept} payloads were good`)
})

test('a transaction that breaks at any of its statements leaves everything as it was', async () => {
  await fc.assert(
    fc.asyncProperty(request, async (one) => {
      await fresh()
      const before = picture(await stored())
      Object.assign(fault, { at: 0, seen: 0 })
      await send(one)
      const statements = fault.seen
      await fresh()
      for (let at = 1; at <= statements; at++) {
        Object.assign(fault, { at, seen: 0 })
        const { status } = await send(one)
        fault.at = 0
        assert.ok(status >= 400, `statement ${at} of ${statements} answered ${status}`)
        assert.deepEqual(picture(await stored()), before, `statement ${at} of ${statements}`)
        assert.equal(await host.kernel.db.text('select count(*) from directus_activity'), '0', `statement ${at} of ${statements}`)
      }
    }),
    { numRuns: 15 },
  )
})

test('a connection that is lost over COMMIT: nobody is told that it is kept, nor that it was wrong; asked once more it is there once', async () => {
  let kept = 0
  await fc.assert(
    fc.asyncProperty(request, async (one) => {
      const key = { 'idempotency-key': crypto.randomUUID() }
      const repeat = () =>
        host.api(one.method, `/items/${one.table}?fields=id`, { body: one.items, ...(one.method === 'POST' && { headers: key }) })
      await fresh()
      const whole = (await send(one)).status === 200
      const after = picture(await stored())
      await fresh()
      const before = picture(await stored())
      for (const commit of ['unsent', 'unanswered'] as const) {
        fault.commit = commit
        const { status } = await repeat()
        fault.commit = undefined
        assert.ok(whole ? status === 503 : status >= 400, `${commit}: ${status}`)
        assert.deepEqual(picture(await stored()), commit === 'unsent' ? before : after, commit)
      }
      if (one.method === 'PATCH') return
      assert.equal((await repeat()).status === 200, whole)
      assert.deepEqual(picture(await stored()), after)
      if (whole) kept++
    }),
    { numRuns: 40 },
  )
  assert.ok(kept > 3, `only ${kept} payloads were good`)
})
