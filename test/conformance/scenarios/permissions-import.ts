/** Custom rules: imports, row by row. */

import { textFile } from '../../form.ts'
import { autoKey, field } from '../fields.ts'
import { person } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('p_sheet', [autoKey(), field('title', 'string'), field('pages', 'integer'), field('price', 'integer')])
  await api.seed('p_sheet', [
    { title: 'low', pages: 1 },
    { title: 'high', pages: 100 },
  ])
  const reads = { collection: 'p_sheet' }
  const maker = await person(api, 'sheet maker', [
    reads,
    { collection: 'p_sheet', action: 'create', fields: ['title', 'pages'], presets: { price: 7 }, validation: { pages: { _lt: 50 } } },
  ])
  const changer = await person(api, 'sheet changer', [
    reads,
    { collection: 'p_sheet', action: 'create', fields: ['id', 'title', 'pages'] },
    {
      collection: 'p_sheet',
      action: 'update',
      fields: ['id', 'title', 'pages'],
      permissions: { pages: { _lt: 50 } },
      validation: { title: { _nnull: true } },
    },
  ])
  const reader = await person(api, 'sheet reader', [reads])
  const send = (who: typeof maker, label: string, rows: object[]) =>
    who.call('POST', '/utils/import/p_sheet', { label, form: [['file', textFile(JSON.stringify(rows), 'rows.json', 'application/json')]] })
  const there = (label: string) => api.get('/items/p_sheet?fields=title,pages,price&sort=id', { label })

  api.proves('permissions: import')
  await send(maker, 'what may be made', [{ title: 'a', pages: 1 }, { title: 'b' }])
  await there('with presets')
  await send(maker, 'one row of three against its validation', [
    { title: 'c', pages: 1 },
    { title: 'd', pages: 60 },
    { title: 'e', pages: 1 },
  ])
  await send(maker, 'two rows against it', [
    { title: 'c', pages: 70 },
    { title: 'd', pages: 60 },
  ])
  await send(maker, 'a field that is not theirs', [{ title: 'c' }, { title: 'd', price: 1 }])
  await send(maker, 'a row that is there', [{ title: 'c' }, { id: 1, title: 'taken' }])
  await there('nothing of that is kept')
  await send(changer, 'a change', [{ id: 1, title: 'changed' }])
  await send(changer, 'a change of a row that is not theirs', [
    { id: 1, title: 'again' },
    { id: 2, title: 'not theirs' },
  ])
  await send(changer, 'a change against its validation', [
    { title: 'fresh', pages: 2 },
    { id: 1, title: null },
  ])
  await send(reader, 'by whoever reads', [{ title: 'x' }])
  await there('the change alone')
}

export default scenario
