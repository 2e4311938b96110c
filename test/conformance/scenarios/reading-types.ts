/** How a value of each type looks in JSON. */
import { typedTable } from '../data.ts'
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const special = (name: string, ...specials: string[]) =>
  field(name, specials.includes('hash') ? 'hash' : 'string', { meta: { special: specials } })

const scenario: Scenario = async (api) => {
  await typedTable(api, 'c_types')
  api.proves('reading: types')
  await api.get('/items/c_types?sort=id')
  await api.get('/items/c_types/1')
  await api.get('/items/c_types/3')
  await api.get('/items/c_types?sort=id&fields=a_timestamp,a_datetime,a_date,a_time')

  api.proves('reading: type-ends')
  await api.table('c_numbers', [
    autoKey('id', 'bigInteger'),
    field('a_float', 'float'),
    field('a_big', 'bigInteger'),
    field('an_integer', 'integer'),
    field('wide', 'decimal', { schema: { numeric_precision: 20, numeric_scale: 0 } }),
    field('fine', 'decimal', { schema: { numeric_precision: 20, numeric_scale: 10 } }),
  ])
  await api.seed('c_numbers', [
    { a_float: 0.1, a_big: '9223372036854775807', an_integer: 2147483647, wide: '99999999999999999999', fine: '0.0000000001' },
    { a_float: -1e10, a_big: '-9223372036854775808', an_integer: -2147483648, wide: '0', fine: '1' },
    { a_float: 16777217, a_big: 0, an_integer: 0, wide: 7, fine: 1.1 },
    { a_float: 3, a_big: 12, an_integer: -1, wide: -3, fine: -0.5 },
  ])
  await api.get('/items/c_numbers?sort=id')
  await api.get('/items/c_numbers/2?fields=id,a_float')

  api.proves('reading: type-ends')
  await api.table('c_dates', [
    autoKey(),
    field('a_date', 'date'),
    field('a_time', 'time'),
    field('a_datetime', 'dateTime'),
    field('a_timestamp', 'timestamp'),
  ])
  await api.seed('c_dates', [
    { a_date: '1970-01-01', a_time: '00:00:00', a_datetime: '1970-01-01T00:00:00', a_timestamp: '1970-01-01T00:00:00Z' },
    { a_date: '0099-12-31', a_time: '12:00', a_datetime: '1899-12-31T12:00:00', a_timestamp: '1899-12-31T12:00:00Z' },
    { a_date: '9999-12-31', a_time: '23:59:59.999', a_datetime: '9999-12-31T23:59:59', a_timestamp: '9999-12-31T23:59:59Z' },
    { a_date: '2004-02-29', a_time: '01:02:03', a_datetime: '2004-02-29T10:11:12.987', a_timestamp: '2004-02-29T10:11:12.987Z' },
    { a_date: '2003-07-01', a_time: '04:05:06', a_datetime: '2003-07-01T10:11:12', a_timestamp: '2003-07-01T10:11:12+05:30' },
  ])
  await api.get('/items/c_dates?sort=id')

  api.proves('reading: stored-values')
  await api.table('c_texts', [autoKey(), field('a_text', 'text'), field('a_json', 'json'), field('a_csv', 'csv')])
  await api.seed('c_texts', [
    { a_text: 'line\nbreak\t"quote" \\ back', a_json: { z: 1, a: [true, null, 1.5, 'ü'], '': {} }, a_csv: ['a', 'b'] },
    { a_text: '日本語 😀 \u2028', a_json: '"just text"', a_csv: 'x,y' },
    { a_text: '', a_json: 5, a_csv: [] },
    { a_text: ' blanks ', a_json: false, a_csv: '' },
    { a_text: '<script>&amp;</script>', a_json: [], a_csv: ['single'] },
    { a_text: null, a_json: null, a_csv: null },
  ])
  await api.get('/items/c_texts?sort=id')
  await api.get('/items/c_texts/2')

  api.proves('reading: conceal')
  await api.table('c_concealed', [autoKey(), special('secret', 'conceal'), special('pin', 'hash'), special('both', 'hash', 'conceal')])
  await api.seed('c_concealed', [{ secret: 'one', pin: '1234', both: '5678' }, {}])
  const of = (query: string) => api.get(`/items/c_concealed?sort=id&${query}`, { mask: ['data.0.pin', 'data.pin'] })
  await of('')
  await of('fields=secret,both')
  await of('fields=secret&alias[other]=secret')
  await of('fields=other&alias[other]=secret')
  await api.get('/items/c_concealed/1', { mask: ['data.pin'] })
  await api.get('/items/c_concealed/2')
  await of('fields=id&filter[secret][_eq]=one')
  await of('fields=id&filter[secret][_null]=true')
  await of('fields=id&filter[secret][_contains]=o')
  await of('fields=id&filter[pin][_nnull]=true')
  await of('fields=id&filter[pin][_eq]=1234')
  await of('fields=id&search=one')
  await api.get('/items/c_concealed?fields=id&sort=secret')
  await api.get('/items/c_concealed?aggregate[count]=secret')
  await api.get('/items/c_concealed?aggregate[max]=secret')
  await api.get('/items/c_concealed?aggregate[count]=*&groupBy=secret')
  await api.get('/users?filter[email][_eq]=admin@example.com&fields=email,password,token,tfa_secret')
  await api.get('/users?filter[password][_nnull]=true&fields=email')
}

export default scenario
