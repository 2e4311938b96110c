/** POST of flat items: one, many, none; what is required, unique, too long; what the answer shows. */
import { writtenTables } from '../data.ts'
import { field, key } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const { items } = await writtenTables(api, 'c_create')
  const path = `/items/${items}`
  const post = (body: unknown, query = '') => api.post(path + query, body, { label: `POST ${query} ${JSON.stringify(body)}` })
  const count = (label: string) => api.get(`${path}?limit=1&fields=title&sort=-id&meta=total_count`, { label })

  api.proves('writing: post')
  await post({ title: 'first' })
  await post({ title: 'all given', code: 'A', short: 'abcde', rank: 3, flag: false, kind: 'other', parent: 1 })
  await post({ title: 'nulls', code: null, short: null, rank: null, kind: null, parent: null })
  await post({ title: 'some fields' }, '?fields=id,title')
  await post({ title: 'nested fields', parent: 2 }, '?fields=title,parent.name')
  await post({ title: 'with meta' }, '?meta=*')

  api.proves('writing: post-empty', 'writing: post-order', 'writing: post')
  await post([])
  await post([{ title: 'b' }, { title: 'a' }], '?fields=title')
  await post([{ title: 'b' }, { title: 'c' }, { title: 'a' }], '?fields=title&sort=title')
  await post([{ title: 'x' }, { title: 'y' }], '?fields=title&sort=-id&limit=1')
  await post([{ title: 'one in a list' }], '?fields=title')

  api.proves('writing: unknown-fields')
  await post({ title: 'unknown field', nothing: 5, deep: { a: 1 } }, '?fields=title')
  await post({ title: 'unknown answer' }, '?fields=nothing')
  await count('after 204')
  await post({ title: 'bad limit' }, '?limit=abc')
  await count('after a bad query')
  await post({ title: 'bad filter' }, '?filter={')

  api.proves('writing: required')
  await post({})
  await post({ code: 'no title' })
  await post({ title: null })
  await post({ title: 'null flag', flag: null })
  await post([{ title: 'kept back' }, { code: 'no title' }])
  await post([{ code: 'no title' }, { title: null }])
  await count('a failing batch keeps nothing')

  api.proves('writing: unique', 'writing: foreign-key')
  await post({ title: 'taken', code: 'A' })
  await post([
    { title: 'twice', code: 'B' },
    { title: 'twice', code: 'B' },
  ])
  await post({ id: 1, title: 'taken key' })
  await post({ title: 'orphan', parent: 999 })
  await post([
    { title: 'child', parent: 1 },
    { title: 'orphan', parent: 999 },
  ])

  api.proves('writing: too-long', 'writing: out-of-range')
  await post({ title: 'long', short: 'abcdef' })
  await post({ title: 'x'.repeat(256) })
  await post({ title: 'wide', rank: 3000000000 })
  await post({ title: 'wide text', rank: '3000000000' })
  await post({ title: 'long in a list', short: '日本語テキスト' })
  await post({ title: 'fits', short: '日本語テキ' }, '?fields=short')

  api.proves('writing: key-sequence')
  await post({ id: 500, title: 'explicit' }, '?fields=id')
  await post({ title: 'next' }, '?fields=id')
  await post({ id: 100, title: 'lower' }, '?fields=id')
  await post({ title: 'after lower' }, '?fields=id')
  await post({ id: '600', title: 'as text' }, '?fields=id')
  await post({ id: null, title: 'null key' }, '?fields=title')
  await post({ id: 'abc', title: 'word key' })
  await post({ id: -4, title: 'negative key' }, '?fields=id')

  api.proves('writing: required')
  await api.table('c_create_texts', [key('slug', 'string'), field('name', 'string')])
  await api.post('/items/c_create_texts', { slug: 'a', name: 'x' })
  await api.post('/items/c_create_texts', { name: 'x' }, { label: 'no key' })
  await api.post('/items/c_create_texts', { slug: 'a' }, { label: 'a taken text key' })
  await api.post('/items/c_create_texts', { slug: '' }, { label: 'an empty text key' })
  await api.post('/items/c_create_texts', { slug: 'with space/slash' }, { label: 'a text key with a slash' })

  api.proves('reading: by-key')
  await api.post('/items/c_missing', { title: 'x' })
  api.proves('writing: post')
  await api.post('/items/c_missing', [{ title: 'x' }], { label: 'a list for a collection that there is not' })
  await api.post('/items/c_create_texts', { slug: 'b' }, { token: null, label: 'by the public' })
  await api.post('/items/directus_users', { email: 'x@example.com' })
}

export default scenario
