/** What a rule for values forbids is forbidden however it is spelled, and in whatever form it is sent; each attack has a twin that the rule lets pass. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../host.ts'

const sql = `
create table author (id integer primary key, name text);
create table book (id serial primary key, number integer, price numeric, big bigint, open boolean, owner uuid, day date, at timestamptz, hour time, code char(5),
  title text, cents numeric(5,1), hundreds numeric(4,-2), rough real, short varchar(3), second timestamptz(0), tick time(0),
  author integer references author);
insert into author values (1, 'Ann'), (2, 'Bob');
`
const id = 'aaaaaaaa-0000-4000-8000-00000000000a'
const other = id.replace(/.$/, 'b')
const writer = 'token-of-writer'

/** `[field, condition, refused, allowed]` */
const rules: [field: string, condition: object, refused: unknown[], allowed: unknown[]][] = [
  ['number', { _neq: 5 }, [5, '5', '05', ' 5', '5 ', '+5', '5.0', '0x5'], [6, '50', '-5', null]],
  ['number', { _nin: [5, 7] }, [5, '5', '07', '+5'], [6, '57']],
  ['number', { _lt: 5 }, [7, '07', '+7'], [4, '04', '-7']],
  ['number', { _nbetween: [4, 6] }, [5, '05'], [7, '3']],
  ['price', { _neq: 5 }, ['5.00', '5e0', '05', '50e-1', '.5e1'], ['5.01', '50', 0]],
  ['big', { _neq: '9007199254740993' }, ['9007199254740993', '09007199254740993'], ['9007199254740992', '9007199254740994']],
  ['open', { _neq: true }, [true, 'true', 't', 'TRUE', 'yes', 'on', '1', 1], [false, 'false', 'no', 0, null]],
  ['open', { _eq: false }, [true, 't', 1], [false]],
  ['owner', { _neq: id }, [id, id.toUpperCase(), `{${id}}`, id.replaceAll('-', '')], [other, null]],
  ['owner', { _nin: [id] }, [id.toUpperCase()], [other]],
  ['day', { _neq: '2020-01-01' }, ['2020-01-01', '20200101', '2020', '2020-01-01T00:00:00'], ['2020-01-02', '2021']],
  ['at', { _neq: '2020-01-01T00:00:00Z' }, ['2020-01-01T00:00:00.000Z', '2020-01-01T01:00:00+01:00'], ['2020-01-01T00:00:01Z']],
  ['hour', { _lt: '12:00:00' }, ['13:00', '01:00 PM', '1:00 pm'], ['11:00', '11:00 AM']],
  ['code', { _neq: 'bad' }, ['bad', 'bad  '], ['good', 'bade']],
  ['title', { _neq: '5' }, ['5', 5], ['6', 6]],
  // What is stored counts where the column rounds, or cuts blanks off.
  ['cents', { _lt: 10 }, ['9.95', 9.99, '999e-2', '9.9500000000000000000001'], ['9.94', 9.9, '9.949999999999999999999']],
  ['cents', { _neq: 10 }, ['10.04', 10.04, 9.95], [10.05, '10.1', -10.04]],
  ['cents', { _gt: 0 }, ['0.04', 0.01, -0.05], ['0.05', 1]],
  ['cents', { _lte: 9.96 }, ['9.955'], ['9.94', 9.9]],
  ['cents', { _nin: [0] }, ['0.04', '-0.049'], ['0.05']],
  ['hundreds', { _neq: 100 }, [149, '50', 100], [150, 49, '1e3']],
  ['rough', { _neq: 16777216 }, [16777217, '16777216.5'], [16777218]],
  ['rough', { _lte: 0.1 }, [0.11], [0.1, '0.1', 0.09]],
  ['short', { _neq: 'bad' }, ['bad', 'bad  '], ['goo', 'ba ']],
  ['short', { _nends_with: 'ad' }, ['bad '], ['goo  ']],
  ['short', { _regex: '^.{4}$' }, ['bad '], []],
  ['second', { _lt: '2020-01-01T00:00:00Z' }, ['2019-12-31T23:59:59.6Z', '2020-01-01T00:59:59.5+01:00'], ['2019-12-31T23:59:59.4Z']],
  ['at', { _lt: '2020-01-01T00:00:00Z' }, ['2019-12-31T23:59:59.9999999Z'], ['2019-12-31T23:59:59.999Z']],
  ['tick', { _lt: '12:00:00' }, ['11:59:59.7'], ['11:59:59.2']],
  [
    'author',
    { name: { _neq: 'Bob' } },
    [2, '2', '02', { id: 2 }, { id: '02' }, { id: 2, name: 'Bob' }],
    [1, { id: 1 }, { id: 2, name: 'Cy' }, { id: 9, name: 'Di' }],
  ],
]

describe('rules for values', () => {
  let host: TestHost
  let policy: string
  before(async () => {
    host = await startKernel({ sql })
    policy = (await host.api('POST', '/policies', { body: { name: 'writers' } })).data.id
    const user = (await host.api('POST', '/users', { body: { email: 'writer@example.com', token: writer } })).data.id
    await host.api('POST', '/access', { body: { user, policy } })
  })
  after(() => host.close())

  const state = () =>
    host.kernel.db.text('select json_build_array((select count(*) from book), (select json_agg(a order by id) from author a))::text')

  for (const [field, condition, refused, allowed] of rules) {
    test(`${field}: ${JSON.stringify(condition)}`, async () => {
      const rule = (collection: string, action: string, more = {}) => ({ policy, collection, action, fields: ['*'], ...more })
      await host.api('DELETE', '/permissions', { body: { query: { filter: { policy: { _eq: policy } }, limit: -1 } } })
      await host.api('POST', '/permissions', {
        body: [
          ...['create', 'update'].map((action) => rule('book', action, { validation: { [field]: condition } })),
          ...['read', 'create', 'update'].map((action) => rule('author', action)),
          rule('book', 'read'),
        ],
      })
      await host.kernel.db.execute(
        `delete from book; insert into book (id) values (1000); delete from author where id > 2; update author set name = 'Bob' where id = 2`,
      )
      const before = await state()
      for (const value of refused) {
        for (const [method, path] of [
          ['POST', '/items/book'],
          ['PATCH', '/items/book/1000'],
        ] as const) {
          const { status } = await host.api(method, path, { token: writer, body: { [field]: value } })
          assert.equal(status, 400, `${method} ${JSON.stringify(value)}`)
        }
      }
      assert.equal(await state(), before)
      for (const value of allowed) {
        const { status, body } = await host.api('PATCH', '/items/book/1000', { token: writer, body: { [field]: value } })
        assert.equal(status, 200, `${JSON.stringify(value)}: ${JSON.stringify(body)}`)
      }
    })
  }
})
