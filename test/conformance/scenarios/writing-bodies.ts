/** What a body may be: content types, broken and primitive JSON, sizes. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const json = { 'content-type': 'application/json' }

const scenario: Scenario = async (api) => {
  await api.table('c_bodies', [autoKey(), field('name', 'text')])
  await api.seed('c_bodies', [{ name: 'one' }])
  const send = (label: string, method: string, path: string, text: string | undefined, headers: Record<string, string>) =>
    api.call(method, path, { label, text, headers })

  api.proves('system: body-form', 'writing: bad-body')
  for (const text of ['null', '5', '"text"', 'true', '{', '{"name":', "{'name':1}", '[1', '{"name":"a"} x', 'undefined', '{"name":"a",}']) {
    await send(`POST ${text}`, 'POST', '/items/c_bodies', text, json)
    await send(`PATCH ${text}`, 'PATCH', '/items/c_bodies/1', text, json)
  }
  for (const text of ['[5]', '["a"]', '[null]', '[[]]', '[{}]'])
    await send(`POST ${text}`, 'POST', '/items/c_bodies?fields=name', text, json)
  await send('broken JSON on an unknown route', 'POST', '/nothing', '{', json)
  await send('broken JSON on a missing collection', 'POST', '/items/c_missing', '{', json)
  await send('broken JSON on a GET', 'GET', '/items/c_bodies/1', undefined, json)

  api.proves('system: body-form', 'writing: non-json')
  await send('text', 'POST', '/items/c_bodies?fields=name', '{"name":"x"}', { 'content-type': 'text/plain' })
  await send('a form', 'POST', '/items/c_bodies?fields=name', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' })
  await send('XML', 'POST', '/items/c_bodies?fields=name', '<a/>', { 'content-type': 'application/xml' })
  await send('no body', 'POST', '/items/c_bodies?fields=name', undefined, {})
  await send('an empty JSON body', 'POST', '/items/c_bodies?fields=name', '', json)
  await send('PATCH of many with text', 'PATCH', '/items/c_bodies', '[{"id":1}]', { 'content-type': 'text/plain' })
  await send('PATCH with text', 'PATCH', '/items/c_bodies/1?fields=name', 'x', { 'content-type': 'text/plain' })
  await send('PATCH without body', 'PATCH', '/items/c_bodies/1?fields=name', undefined, {})

  api.proves('access: body-form')
  await send('charset utf-8', 'POST', '/items/c_bodies?fields=name', '{"name":"ü"}', { 'content-type': 'application/json; charset=utf-8' })
  await send('upper-case type', 'POST', '/items/c_bodies?fields=name', '{"name":"u"}', {
    'content-type': 'Application/JSON; Charset=UTF-8',
  })
  await send('charset latin1', 'POST', '/items/c_bodies', '{"name":"x"}', { 'content-type': 'application/json; charset=latin1' })
  await send('an unknown charset', 'POST', '/items/c_bodies', '{"name":"x"}', { 'content-type': 'application/json; charset=bogus' })
  await send('an unknown encoding', 'POST', '/items/c_bodies', '{"name":"x"}', { ...json, 'content-encoding': 'bogus' })
  await send('a lie about gzip', 'POST', '/items/c_bodies', '{"name":"x"}', { ...json, 'content-encoding': 'gzip' })
  await send('a BOM', 'POST', '/items/c_bodies?fields=name', '\ufeff{"name":"bom"}', json)
  await send('merge-patch', 'PATCH', '/items/c_bodies/1?fields=name', '{"name":"m"}', { 'content-type': 'application/merge-patch+json' })
  await send('ld+json', 'POST', '/items/c_bodies?fields=name', '{"name":"ld"}', { 'content-type': 'application/ld+json' })

  api.proves('access: body-limit')
  const sized = (bytes: number) => JSON.stringify({ name: 'x'.repeat(bytes - '{"name":""}'.length) })
  await send('1 MB', 'POST', '/items/c_bodies?fields=id', sized(1024 * 1024), json)
  await send('1 MB and a byte', 'POST', '/items/c_bodies?fields=id', sized(1024 * 1024 + 1), json)
  await send('3 MB', 'POST', '/items/c_bodies?fields=id', sized(3 * 1024 * 1024), json)
  await send('3 MB of text that is no JSON', 'POST', '/items/c_bodies?fields=name', 'x'.repeat(3 * 1024 * 1024), {
    'content-type': 'text/plain',
  })

  api.proves('security: prototypes, null bytes and lone surrogates in a body do no harm')
  await send('__proto__', 'POST', '/items/c_bodies?fields=name', '{"__proto__":{"name":"polluted"},"constructor":1}', json)
  await send('a null byte', 'POST', '/items/c_bodies', '{"name":"a\\u0000b"}', json)
  await send('a lone surrogate', 'POST', '/items/c_bodies', '{"name":"a\\ud800b"}', json)
  await send('a key twice', 'POST', '/items/c_bodies?fields=name', '{"name":"a","name":"b"}', json)
}

export default scenario
