/** Columns that the server fills: identifiers, dates, users; columns that it hides. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const special = (name: string, type: string, ...specials: string[]) => field(name, type, { meta: { special: specials } })

const scenario: Scenario = async (api) => {
  api.proves('writing: uuid-special')
  await api.table('c_uuids', [
    field('id', 'uuid', { schema: { is_primary_key: true }, meta: { special: ['uuid'] } }),
    field('name', 'string'),
    special('other', 'uuid', 'uuid'),
  ])
  await api.post('/items/c_uuids', { name: 'a' }, { label: 'no key' })
  await api.post('/items/c_uuids', { id: null, name: 'b', other: null }, { label: 'null key' })
  await api.post('/items/c_uuids', { id: 'aaaaaaaa-0000-4000-8000-00000000000a', name: 'c' }, { label: 'a given key' })
  await api.post('/items/c_uuids', { id: 'abc', name: 'd' }, { label: 'a key that is no uuid' })
  await api.patch('/items/c_uuids/aaaaaaaa-0000-4000-8000-00000000000a', { name: 'e' }, { label: 'PATCH keeps it' })

  api.proves('writing: created-special', 'writing: updated-special')
  await api.table('c_kept', [
    autoKey(),
    field('name', 'string'),
    special('made_on', 'timestamp', 'date-created'),
    special('made_by', 'uuid', 'user-created'),
    special('changed_on', 'timestamp', 'date-updated'),
    special('changed_by', 'uuid', 'user-updated'),
    special('made_day', 'date', 'date-created'),
    special('changed_at', 'dateTime', 'date-updated'),
  ])
  const old = '2001-02-03T04:05:06.000Z'
  const somebody = 'aaaaaaaa-0000-4000-8000-00000000000b'
  const mask = ['data.made_day']
  await api.post('/items/c_kept', { name: 'a' }, { label: 'create', mask })
  await api.post(
    '/items/c_kept',
    { name: 'b', made_on: old, made_by: somebody, changed_on: old, changed_by: somebody },
    { label: 'create, given', mask },
  )
  await api.post(
    '/items/c_kept',
    { name: 'c', made_on: null, made_by: null, changed_on: null, changed_by: null },
    { label: 'create, null', mask },
  )
  await api.patch('/items/c_kept/1', { name: 'A' }, { label: 'update', mask })
  await api.patch('/items/c_kept/1', { changed_on: old, changed_by: somebody }, { label: 'update, given', mask })
  await api.patch('/items/c_kept/1', { changed_on: null, changed_by: null }, { label: 'update, null', mask })
  await api.patch('/items/c_kept/1', { made_on: old, made_by: somebody }, { label: 'update of -created', mask })

  api.proves('writing: conceal', 'writing: hash')
  await api.table('c_hidden', [
    autoKey(),
    field('name', 'string'),
    special('secret', 'string', 'conceal'),
    special('pin', 'hash', 'hash'),
    special('both', 'hash', 'hash', 'conceal'),
  ])
  const keep = (body: Json) => {
    const rows = [body?.data ?? []].flat()
    return rows.map((row: Json) => ({ ...row, pin: row.pin === null ? null : /^\$argon2id\$v=19\$/.test(row.pin) }))
  }
  await api.post('/items/c_hidden', { name: 'a', secret: 'x', pin: '1234', both: '5678' }, { label: 'create concealed', keep })
  await api.post('/items/c_hidden', { name: 'b' }, { label: 'create without', keep })
  await api.get('/items/c_hidden?sort=id', { keep })
  await api.get('/items/c_hidden/1', { keep })
  await api.get('/items/c_hidden?filter[secret][_eq]=x')
  await api.get('/items/c_hidden?fields=id&filter[secret][_nnull]=true')
  await api.get('/items/c_hidden?filter[both][_starts_with]=a')
  await api.get('/items/c_hidden?fields=id&sort=secret')
  await api.patch('/items/c_hidden/1', { secret: '**********', pin: '' }, { label: 'the mask sent back', keep })
  await api.patch('/items/c_hidden/1', { secret: null, both: null }, { label: 'cleared', keep })
}

export default scenario
