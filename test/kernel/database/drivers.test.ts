/** What a Database promises, on each driver that is there. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Database, DatabaseError, type Parameter, type Transaction } from '../../../kernel/database/database.ts'
import { freshDatabase, type TestDatabase, testDrivers } from '../../database.ts'

/** [type, parameter, value that comes back] */
const values: [string, Parameter, unknown][] = [
  ['boolean', true, true],
  ['boolean', false, false],
  ['boolean', 'true', true],
  ['smallint', -32768, -32768],
  ['integer', 2147483647, 2147483647],
  ['integer', '7', 7],
  ['bigint', 9223372036854775807n, '9223372036854775807'],
  ['bigint', 5, '5'],
  ['numeric(10,2)', '12345678.90', '12345678.90'],
  ['numeric', 0.1, '0.1'],
  ['real', 1.5, 1.5],
  ['double precision', 0.1, 0.1],
  ['double precision', 'Infinity', Number.POSITIVE_INFINITY],
  ['text', 'it\'s "quoted" \\ ünïcödé 🌳', 'it\'s "quoted" \\ ünïcödé 🌳'],
  ['text', '', ''],
  ['text', null, null],
  ['varchar(5)', 'abc', 'abc'],
  ['char(3)', 'a', 'a  '],
  ['uuid', '6f9619ff-8b86-4011-b42d-00c04fc964ff', '6f9619ff-8b86-4011-b42d-00c04fc964ff'],
  ['bytea', new Uint8Array([0, 255, 92, 39]), new Uint8Array([0, 255, 92, 39])],
  ['bytea', new Uint8Array(), new Uint8Array()],
  ['json', '{"a":  [1, "x", null]}', { a: [1, 'x', null] }],
  ['json', 'true', true],
  ['jsonb', '"text"', 'text'],
  ['jsonb', 'null', null],
  ['date', '2024-02-29', '2024-02-29'],
  ['time', '12:34:56.789', '12:34:56.789'],
  ['timetz', '12:34:56+02', '12:34:56+02'],
  ['timestamp', '2024-02-29 12:34:56.123456', '2024-02-29 12:34:56.123456'],
  ['timestamptz', '2024-02-29T12:34:56.123456+02:00', '2024-02-29 10:34:56.123456+00'],
  ['interval', '1 year 2 days 03:04:05', '1 year 2 days 03:04:05'],
  ['inet', '10.0.0.1/8', '10.0.0.1/8'],
  ['point', '(1,2)', '(1,2)'],
  ['int4range', '[1,5)', '[1,5)'],
  ['oid', 4294967295, '4294967295'],
  ['mood', 'happy', 'happy'],
  ['positive', 5, 5],
  ['integer[]', [1, null, 3], [1, null, 3]],
  ['integer[]', [], []],
  [
    'integer[]',
    '{{1,2},{3,4}}',
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['integer[]', '[0:1]={8,9}', [8, 9]],
  ['bigint[]', [1n, 2n], ['1', '2']],
  ['boolean[]', [true, false], [true, false]],
  ['text[]', ['a', 'b,c', '"q"', 'back\\slash', 'NULL', '', '{}', null], ['a', 'b,c', '"q"', 'back\\slash', 'NULL', '', '{}', null]],
  ['uuid[]', ['6f9619ff-8b86-4011-b42d-00c04fc964ff'], ['6f9619ff-8b86-4011-b42d-00c04fc964ff']],
  ['timestamptz[]', ['2024-01-01T00:00:00Z'], ['2024-01-01 00:00:00+00']],
  ['jsonb[]', ['{"a": 1}', 'null'], [{ a: 1 }, null]],
  ['mood[]', ['happy', 'so so'], ['happy', 'so so']],
  ['positive[]', [1, 2], [1, 2]],
]

/** [why, statement, what the error says] */
const refusals: [string, string, Partial<DatabaseError>][] = [
  ['syntax', 'selec 1', { state: '42601' }],
  ['no such table', 'select 1 from nowhere', { state: '42P01' }],
  ['not null', 'insert into child (id, parent) values (1, null)', { state: '23502', schema: 'public', table: 'child', column: 'parent' }],
  ['unique', 'insert into parent values (1)', { state: '23505', schema: 'public', table: 'parent', constraint: 'parent_pkey' }],
  [
    'foreign key',
    'insert into child values (1, 99)',
    { state: '23503', schema: 'public', table: 'child', constraint: 'child_parent_fkey' },
  ],
  ['check', 'insert into parent values (-1)', { state: '23514', table: 'parent', constraint: 'parent_id_check' }],
  ['too long', `insert into log (short) values ('abc')`, { state: '22001' }],
  ['wrong type', `select 'x'::int`, { state: '22P02' }],
  ['several statements in a query', 'select 1; select 2', { state: '42601' }],
]

const script = `
  create type mood as enum ('happy', 'so so');
  create domain positive as integer check (value > 0);
  create table parent (id integer primary key check (id >= 0));
  create table child (id integer primary key, parent integer not null references parent);
  insert into parent values (1);
  create table log (id serial primary key, entry text, short varchar(2))
`

for (const driver of testDrivers) {
  describe(`Database on ${driver}`, () => {
    let fresh: TestDatabase
    let db: Database

    const entries = async () => (await db.query<{ entry: string }>('select entry from log order by id')).map((row) => row.entry)
    const clear = () => db.execute('truncate log restart identity')

    before(async () => {
      fresh = await freshDatabase(driver)
      db = fresh.db
      await db.execute(script)
    })
    after(() => fresh.drop())

    test('every type comes back as promised', async (t) => {
      for (const [type, parameter, expected] of values) {
        await t.test(`${type} ${parameter === '' ? "''" : parameter}`, async () => {
          // Twice, and once more: PostgreSQL's statements are prepared from their second use on.
          for (let use = 0; use < 3; use++) {
            assert.deepEqual(await db.query(`select $1::${type} as value`, [parameter]), [{ value: expected }])
          }
          await db.execute(`drop table if exists one; create table one (value ${type})`)
          db.forgetStatements()
          assert.deepEqual(await db.query('insert into one values ($1) returning value', [parameter]), [{ value: expected }])
        })
      }
    })

    test('query() gives plain rows, in order, none for none', async () => {
      assert.deepEqual(await db.query('select i, null as n from generate_series(1, 3) i'), [
        { i: 1, n: null },
        { i: 2, n: null },
        { i: 3, n: null },
      ])
      assert.deepEqual(await db.query('select 1 where false'), [])
      assert.deepEqual(await db.query('insert into log (entry) values ($1)', ['x']), [])
    })

    test('the server infers the type of a number', async () => {
      assert.deepEqual(await db.query('select 1 as one where 5 > $1 and $2 = any(array[1.5])', [4, 1.5]), [{ one: 1 }])
    })

    test('a list is one array parameter', async () => {
      assert.equal(await db.text('select count(*) from generate_series(1, 9) i where i = any($1)', [[2, 4, 99]]), '2')
    })

    test('text() hands the text through', async () => {
      const json = '{"b": 1, "a":   [1.50, 12345678901234567890]}'
      assert.equal(await db.text('select $1::json', [json]), json)
      assert.equal(await db.text('select true'), 't')
      assert.equal(await db.text(`select array[1,2]`), '{1,2}')
      assert.equal(await db.text(`select '\\x01'::bytea`), '\\x01')
      assert.equal(await db.text(`select ''`), '')
      assert.equal(await db.text('select null'), null)
      assert.equal(await db.text('select 1 where false'), undefined)
      assert.equal(await db.text('select i from generate_series(1, 3) i'), '1')
      const long = 'ü'.repeat(3_000_000)
      assert.equal(await db.text('select $1::text', [long]), long)
    })

    test('errors carry SQLSTATE and the names of what was hurt', async (t) => {
      for (const [why, statement, expected] of refusals) {
        await t.test(why, async () => {
          const error = await refusal(db.query(statement))
          for (const [key, value] of Object.entries(expected)) assert.equal(error[key as keyof DatabaseError], value, key)
          assert.equal(error.unavailable, false)
        })
      }
      assert.equal(await db.text('select 1'), '1')
    })

    test('execute() runs a script of several statements, or none of it', async () => {
      await clear()
      await assert.rejects(db.execute(`insert into log (entry) values ('a'); select 1/0`), { state: '22012' })
      assert.deepEqual(await entries(), [])
    })

    test('undefined is no parameter', async () => {
      await assert.rejects(db.query('select $1::text', [undefined as never]), TypeError)
      assert.equal(await db.text('select 1'), '1')
    })

    describe('transaction()', () => {
      test('commits and returns what the work returns', async () => {
        await clear()
        const id = await db.transaction(
          async (tx) => (await tx.query<{ id: number }>(`insert into log (entry) values ('kept') returning id`))[0]!.id,
        )
        assert.equal(id, 1)
        assert.deepEqual(await entries(), ['kept'])
      })

      test('rolls back and throws what the work throws', async () => {
        await clear()
        const reason = new Error('changed my mind')
        const work = db.transaction(async (tx) => {
          await tx.query(`insert into log (entry) values ('lost')`)
          throw reason
        })
        await assert.rejects(work, (error) => error === reason)
        assert.deepEqual(await entries(), [])
      })

      test('a failed statement fails it, even when the work goes on', async () => {
        await clear()
        const work = db.transaction(async (tx) => {
          await tx.query(`insert into log (entry) values ('lost')`)
          await tx.query('select 1/0').catch(() => {})
        })
        await assert.rejects(work, { state: '22012' })
        assert.deepEqual(await entries(), [])
      })

      test('a savepoint takes back only its own', async () => {
        await clear()
        await db.transaction(async (tx) => {
          await tx.query(`insert into log (entry) values ('a')`)
          const inner = tx.savepoint(async () => {
            await tx.query(`insert into log (entry) values ('b')`)
            await tx.query('select 1/0')
          })
          await assert.rejects(inner, { state: '22012' })
          const nested = await tx.savepoint(async () => {
            await tx.query(`insert into log (entry) values ('c')`)
            return tx.savepoint(() => tx.text(`insert into log (entry) values ('d') returning entry`))
          })
          assert.equal(nested, 'd')
        })
        assert.deepEqual(await entries(), ['a', 'c', 'd'])
      })

      describe('what comes last', () => {
        const insertAll = (tx: Transaction, extra = '') =>
          async function insertAll(given: readonly string[]) {
            await tx.query(`insert into log (entry) values ($1)${extra}`, [given.join('+')])
          }

        test('is one call with all that was given for it, but for what a savepoint took back', async () => {
          await clear()
          await db.transaction(async (tx) => {
            const send = insertAll(tx)
            tx.last(send, 'a')
            const failing = tx.savepoint(async () => {
              tx.last(send, 'b')
              throw new Error('not this')
            })
            await assert.rejects(failing, /not this/)
            await tx.savepoint(async () => tx.last(send, 'c'))
            await tx.query(`insert into log (entry) values ('first')`)
          })
          assert.deepEqual(await entries(), ['first', 'a+c'])
        })

        test('can be sent before, but for what a savepoint may take back', async () => {
          await clear()
          await db.transaction(async (tx) => {
            const send = insertAll(tx)
            for (const entry of ['a', 'b']) tx.last(send, entry)
            await tx.sendLast()
            await tx.query(`insert into log (entry) values ('then')`)
            tx.last(send, 'c')
            await assert.rejects(
              tx.savepoint(() => tx.sendLast()),
              /savepoint/,
            )
          })
          assert.deepEqual(await entries(), ['a+b', 'then', 'c'])
        })

        const failures: [why: string, send: (tx: Transaction) => () => Promise<unknown>, expected: object | RegExp][] = [
          ['a statement', (tx) => () => tx.query('select 1/0'), { state: '22012' }],
          ['a statement after another', (tx) => () => Promise.all([tx.query('select 1'), tx.query('select 1/0')]), { state: '22012' }],
          ['code before any statement', () => () => Promise.reject(new Error('broken')), /broken/],
        ]
        for (const [why, send, expected] of failures) {
          test(`undoes all when it fails: ${why}`, async () => {
            await clear()
            const work = db.transaction(async (tx) => {
              await tx.query(`insert into log (entry) values ('lost')`)
              tx.last(send(tx), null)
            })
            await assert.rejects(work, expected)
            assert.deepEqual(await entries(), [])
          })
        }

        test('is not sent when the work fails', async () => {
          await clear()
          const work = db.transaction(async (tx) => {
            tx.last(insertAll(tx), 'a')
            throw new Error('no')
          })
          await assert.rejects(work, /no/)
          assert.deepEqual(await entries(), [])
        })
      })

      test('statements sent at once run in their order', async () => {
        await clear()
        await db.transaction(async (tx) => {
          await Promise.all(['a', 'b', 'c'].map((entry) => tx.query('insert into log (entry) values ($1)', [entry])))
        })
        assert.deepEqual(await entries(), ['a', 'b', 'c'])
      })

      test('many at once do not mix', async () => {
        await clear()
        const work = (name: string, fails: boolean) =>
          db.transaction(async (tx) => {
            await tx.query('insert into log (entry) values ($1)', [name])
            await tx.text(`select current_setting('TimeZone')`)
            if (fails) throw new Error(name)
          })
        const results = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => work(`n${i}`, i % 2 === 1)))
        assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 20)
        const kept = await entries()
        assert.deepEqual(
          kept.map((name) => Number(name.slice(1)) % 2).filter((odd) => odd),
          [],
        )
        assert.equal(kept.length, 20)
      })

      test("inside, the Database's own methods throw", async () => {
        const calls: Record<string, () => Promise<unknown>> = {
          query: () => db.query('select 1'),
          text: () => db.text('select 1'),
          execute: () => db.execute('select 1'),
          transaction: () => db.transaction(async () => {}),
          notify: () => db.notify('channel', ''),
          listen: () => db.listen('channel', { message() {}, lost() {}, ready() {} }),
        }
        await db.transaction(async (tx) => {
          await tx.text('select 1')
          for (const [name, call] of Object.entries(calls)) await assert.rejects(call(), /use the transaction's db/, name)
        })
        assert.equal(await db.text('select 1'), '1')
      })

      test('what outlives it may use the Database again, but not its db', async () => {
        const ended = Promise.withResolvers<void>()
        const { later, tx } = await db.transaction(async (tx) => {
          const later = ended.promise.then(() => db.text('select 1'))
          return { later: { later }, tx }
        })
        ended.resolve()
        await assert.rejects(tx.query('select 1'), /after the transaction had ended/)
        assert.equal(await later.later, '1')
      })
    })

    describe('listen() and notify()', () => {
      test('messages arrive, in order, until one stops listening', async () => {
        const heard: string[] = []
        const states: string[] = []
        const listener = {
          message: (payload: string) => void heard.push(payload),
          ready: () => void states.push('ready'),
          lost: () => void states.push('lost'),
        }
        const other: string[] = []
        const stop = await db.listen('My "channel"', listener)
        const stopOther = await db.listen('other', { ...listener, message: (payload) => void other.push(payload), ready() {} })
        assert.deepEqual(states, ['ready'])

        await db.notify('My "channel"', 'one')
        await db.transaction((tx) => tx.query('select pg_notify($1, $2)', ['My "channel"', 'two']))
        await db.notify('other', '')
        await db
          .transaction(async (tx) => {
            await tx.query('select pg_notify($1, $2)', ['My "channel"', 'never'])
            throw new Error('rolled back')
          })
          .catch(() => {})
        await until(() => heard.length >= 2 && other.length >= 1)
        assert.deepEqual([heard, other], [['one', 'two'], ['']])

        await stop()
        await db.notify('My "channel"', 'three')
        await db.notify('other', 'last')
        await until(() => other.length === 2)
        assert.deepEqual(heard, ['one', 'two'])
        await stopOther()
      })
    })

    test('close() waits for what is under way, and refuses what comes after', async () => {
      const own = await freshDatabase(driver)
      const slow = own.db.text(`select 'done' from pg_sleep(0.2)`)
      await new Promise((resolve) => setTimeout(resolve, 20))
      await own.db.close()
      assert.equal(await slow, 'done')
      const error = await refusal(own.db.query('select 1'))
      assert.equal(error.unavailable, true)
      await own.drop()
    })
  })
}

async function refusal(promise: Promise<unknown>): Promise<DatabaseError> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof DatabaseError, String(error))
    return error
  }
  assert.fail('was not refused')
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000
  while (!condition()) {
    if (Date.now() > deadline) assert.fail('waited for 5 s')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
