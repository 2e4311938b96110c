/** Singletons: one row, read without a key. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const fields = [autoKey(), field('title', 'string', { schema: { default_value: 'Untitled' } }), field('note_text', 'text')]
  await api.table('c_single', fields, { singleton: true })

  api.proves('reading: singleton', 'writing: singleton-empty')
  await api.get('/items/c_single', { label: 'empty' })
  await api.get('/items/c_single?fields=title', { label: 'empty, one field' })
  await api.get('/items/c_single?fields=note_text', { label: 'empty, a field without default' })
  await api.get('/items/c_single?fields=missing', { label: 'empty, a missing field' })
  await api.get('/items/c_single?meta=*', { label: 'empty with meta' })
  await api.search('/items/c_single', { query: {} }, { label: 'empty, SEARCH' })
  await api.get('/items/c_single/1', { label: 'empty by key' })

  api.proves('writing: singleton-write')
  await api.patch('/items/c_single', { note_text: 'first' }, { label: 'the first PATCH' })
  await api.get('/items/c_single', { label: 'filled' })
  await api.patch('/items/c_single', { title: 'Second' }, { label: 'the second PATCH' })
  await api.patch('/items/c_single?fields=title', { title: 'Third' }, { label: 'PATCH with fields' })
  await api.patch('/items/c_single', { unknown: 1 }, { label: 'PATCH of an unknown field' })
  await api.get('/items/c_single?fields=title', { label: 'filled, one field' })
  await api.get('/items/c_single?meta=*', { label: 'filled with meta' })
  await api.get('/items/c_single?limit=0', { label: 'filled, limit 0' })
  await api.get('/items/c_single?limit=abc', { label: 'filled, a bad limit' })
  await api.get('/items/c_single?filter[title]=other', { label: 'filled, filtered away' })
  await api.search('/items/c_single', { query: { fields: ['title'] } }, { label: 'filled, SEARCH' })
  await api.get('/items/c_single/1', { label: 'filled by key' })

  api.proves('writing: singleton-write')
  await api.post('/items/c_single', { title: 'x' }, { label: 'POST' })
  await api.patch('/items/c_single/1', { title: 'x' }, { label: 'PATCH by key' })
  await api.patch('/items/c_single', [], { label: 'PATCH with a list' })
  await api.delete('/items/c_single/1', { label: 'DELETE by key' })
  await api.get('/items/c_single', { label: 'empty again' })

  api.proves('writing: singleton-empty')
  const typed = (type: string, default_value: unknown, schema: object = {}) =>
    field(type.toLowerCase(), type, { schema: { default_value, ...schema } })
  await api.table(
    'c_defaults',
    [
      autoKey(),
      typed('decimal', '-19.50', { numeric_precision: 10, numeric_scale: 2 }),
      typed('bigInteger', 12),
      typed('float', 1.5),
      typed('boolean', false),
      typed('json', { a: 1 }),
      typed('date', '2020-01-02'),
      typed('time', '07:08'),
      typed('dateTime', '2020-01-02T03:04:05'),
      typed('timestamp', '2020-01-02T03:04:05Z'),
      typed('csv', 'a,b'),
      typed('uuid', '11111111-1111-4111-8111-111111111111'),
      field('now', 'timestamp', { schema: { default_value: 'CURRENT_TIMESTAMP' } }),
    ],
    { singleton: true },
  )
  await api.get('/items/c_defaults', { label: 'defaults of many types' })
  await api.get('/items/c_defaults?fields=decimal,now', { label: 'defaults of two fields' })
}

export default scenario
