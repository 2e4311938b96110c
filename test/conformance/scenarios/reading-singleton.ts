/** Singletons: one row, read without a key. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const fields = [autoKey(), field('title', 'string', { schema: { default_value: 'Untitled' } }), field('note_text', 'text')]
  await api.table('c_single', fields, { singleton: true })

  api.proves('reading: An empty singleton gives its defaults with `id: null`; `meta`, SEARCH and GET by key work on it')
  await api.get('/items/c_single', { label: 'empty' })
  await api.get('/items/c_single?fields=title', { label: 'empty, one field' })
  await api.get('/items/c_single?fields=note_text', { label: 'empty, a field without default' })
  await api.get('/items/c_single?fields=missing', { label: 'empty, a missing field' })
  await api.get('/items/c_single?meta=*', { label: 'empty with meta' })
  await api.search('/items/c_single', { query: {} }, { label: 'empty, SEARCH' })
  await api.get('/items/c_single/1', { label: 'empty by key' })

  api.proves('writing: Singleton: the first PATCH creates')
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

  api.proves('writing: GET and DELETE by key work; POST and PATCH by key give 404')
  await api.post('/items/c_single', { title: 'x' }, { label: 'POST' })
  await api.patch('/items/c_single/1', { title: 'x' }, { label: 'PATCH by key' })
  await api.patch('/items/c_single', [], { label: 'PATCH with a list' })
  await api.delete('/items/c_single/1', { label: 'DELETE by key' })
  await api.get('/items/c_single', { label: 'empty again' })
}

export default scenario
