/** Reading by key, whatever the key looks like, and what paths may look like. */
import { autoKey, field, key } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('c_keyed', [autoKey(), field('name', 'string')])
  await api.table('c_text_keyed', [key('slug', 'string'), field('name', 'string')])
  await api.table('c_uuid_keyed', [
    field('id', 'uuid', { schema: { is_primary_key: true }, meta: { special: ['uuid'] } }),
    field('name', 'string'),
  ])
  await api.table('c_big_keyed', [key('id', 'bigInteger'), field('name', 'string')])
  await api.seed('c_keyed', [{ name: 'one' }, { name: 'two' }])
  const slugs = ['plain', 'with space', 'a/b', 'ünï', 'a,b', '100%', 'q?x', "o'clock", '1', 'UPPER', 'dot.dot', 'a+b', 'a&b=c', '#hash']
  await api.seed(
    'c_text_keyed',
    slugs.map((slug) => ({ slug, name: `name of ${slug}` })),
  )
  await api.seed('c_uuid_keyed', [{ id: 'aaaaaaaa-0000-4000-8000-00000000000a', name: 'fixed' }])
  await api.seed('c_big_keyed', [{ id: '9007199254740993', name: 'big' }])

  api.proves('reading: by-key')
  await api.get('/items/c_keyed/1')
  await api.get('/items/c_keyed/2?fields=name')
  await api.get('/items/c_keyed/1?fields=missing')
  await api.get('/items/c_keyed/1?fields=id,id')

  api.proves('reading: item-parameters')
  for (const filter of [
    '{"id":{"_eq":2}}',
    '{"id":2}',
    '{"id":{"_in":[2,3]}}',
    '{"id":{"_eq":"abc"}}',
    '{"id":{"_neq":1},"name":"one"}',
    '{"_and":[{"id":2}]}',
    '{"_and":[{"id":1}]}',
    '{"_or":[{"id":2},{"name":"one"}]}',
    '{"name":"two"}',
    '{"name":"one"}',
    '{"missing":1}',
  ])
    await api.get(`/items/c_keyed/1?filter=${filter}`)
  await api.get('/items/c_keyed/999?filter={"id":1}')
  await api.get('/items/c_keyed/1?search=two')
  await api.get('/items/c_keyed/1?filter={"id":2}&aggregate={"count":"*"}')
  await api.patch('/items/c_keyed/1?filter={"id":2}', { name: 'one' })

  api.proves('reading: by-key')
  for (const missing of [
    '999',
    '0',
    '-1',
    'abc',
    '1abc',
    '1.5',
    '1.0',
    '01',
    '+1',
    '1e0',
    '%201',
    '0x1',
    '99999999999',
    'null',
    'undefined',
    '1,2',
  ]) {
    await api.get(`/items/c_keyed/${missing}`)
  }
  await api.get('/items/c_uuid_keyed/aaaaaaaa-0000-4000-8000-00000000000a')
  await api.get('/items/c_uuid_keyed/AAAAAAAA-0000-4000-8000-00000000000A')
  await api.get('/items/c_uuid_keyed/aaaaaaaa-0000-4000-8000-00000000000b')
  await api.get('/items/c_uuid_keyed/abc')
  await api.get('/items/c_uuid_keyed/1')
  await api.get('/items/c_big_keyed/9007199254740993')
  await api.get('/items/c_big_keyed/9007199254740992')
  await api.get('/items/c_big_keyed/99999999999999999999')
  await api.get('/items/c_missing')
  await api.get('/items/c_missing/1')
  await api.get('/items/directus_users')
  await api.get('/items/directus_users/1')
  await api.get('/items/pg_class')
  await api.get('/items/c_keyed%00')
  await api.get('/items/C_KEYED')
  await api.get(`/items/${encodeURIComponent('c_keyed"; drop table c_keyed; --')}`)

  api.proves('reading: text-keys')
  for (const slug of slugs) await api.get(`/items/c_text_keyed/${encodeURIComponent(slug)}`)
  await api.get('/items/c_text_keyed/upper')
  await api.get('/items/c_text_keyed/with+space')
  await api.get('/items/c_text_keyed/missing')
  await api.get('/items/c_text_keyed/%E0%A4%A')
  await api.get('/items/c_text_keyed/a/b', { label: 'a slash in the path' })

  api.proves('system: paths')
  await api.get('/items/c_keyed/')
  await api.get('/items/c_keyed/1/')
  await api.get('/items/c_keyed//')
  await api.get('/items//c_keyed')
  await api.get('//items/c_keyed')
  await api.get('/ITEMS/c_keyed')
  await api.get('/Items/c_keyed/1')
  await api.get('/items/C_keyed/1')
  await api.get('/items')
  await api.get('/items/')
  await api.get('/items/c_keyed/1/2')

  api.proves('system: methods')
  await api.call('PUT', '/items/c_keyed/1', { body: { name: 'x' } })
  await api.call('PUT', '/items/c_keyed', { body: { name: 'x' } })
  await api.call('POST', '/items/c_keyed/1', { body: { name: 'x' } })
  await api.call('HEAD', '/items/c_keyed/1')
  await api.call('HEAD', '/items/c_keyed/999')
}

export default scenario
