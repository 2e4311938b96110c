/** Columns and tables whose names need quotes, or are words of the query language. */
import { autoKey, field } from '../fields.ts'
import { asker } from '../library.ts'
import type { Scenario } from '../runner.ts'

const names = ['Upper Case', 'order', 'select', 'filter', 'count', 'na-me', 'ünï', 'per%cent', '1st', 'year', 'id_', '_under']

const scenario: Scenario = async (api) => {
  await api.table('c_Odd-Names', [autoKey(), ...names.map((name) => field(name, 'string'))])
  await api.seed('c_Odd-Names', [
    Object.fromEntries(names.map((name) => [name, `a ${name}`])),
    Object.fromEntries(names.map((name) => [name, `b ${name}`])),
  ])
  const ask = asker(api, 'c_Odd-Names')

  for (const name of names) {
    api.proves('reading: names')
    await ask({ fields: [name], sort: `-${name}` })
    await ask({ fields: 'id', filter: { [name]: { _starts_with: 'b' } } })
    await ask({ fields: 'id,other', alias: { other: name }, limit: 1, sort: 'id' })
    await ask({ aggregate: { max: name }, groupBy: [name], sort: name })
  }
  await ask({ sort: 'id' })
  await ask({ fields: 'id', search: 'b order' })
  await ask({ fields: 'upper case' })
  await ask({ fields: 'ORDER' })
  await ask({ fields: 'id"' })
  await ask({ sort: 'id; drop table x' })
  await api.get('/items/c_odd-names')
  await api.table('c odd', [autoKey()])
  await api.get('/items/c%20odd')

  await api.table('c_gone', [
    autoKey(),
    field('gone', 'json'),
    field('line', 'alias', { meta: { special: ['alias', 'no-data'] } }),
    field('said', 'alias', { meta: { special: ['no-data'] } }),
  ])
  await api.seed('c_gone', [{}])
  await api.sql('alter table c_gone drop column gone')
  const left = asker(api, 'c_gone')
  api.proves('reading: fields-unknown')
  await left({})
  for (const name of ['gone', 'line', 'said']) {
    await left({ fields: ['id', name] })
    await left({ fields: 'id', sort: name })
    await left({ fields: 'id', filter: { [name]: { _null: true } } })
  }
  await api.get('/fields/c_gone', { keep: ({ data }) => data.map((told: { field: string }) => told.field) })
  await api.post('/items/c_gone?fields=id', { gone: { a: 1 } })
}

export default scenario
