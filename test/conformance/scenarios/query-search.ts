/** `search`: what it looks at, by type, and how its text is read. */
import { typedTable } from '../data.ts'
import { autoKey, field, key } from '../fields.ts'
import { asker, library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  await typedTable(api, 'q_types')
  await api.table('q_numbers', [autoKey(), field('n', 'integer'), field('d', 'decimal'), field('f', 'float'), field('b', 'bigInteger')])
  await api.seed('q_numbers', [
    { n: 12, d: '1.5', f: 2.5, b: '9007199254740993' },
    { n: -7, d: '12.00', f: 12, b: '12' },
    { n: 0, d: '0', f: 0, b: '0' },
  ])
  await api.table('q_literal', [autoKey(), field('name', 'string'), field('note', 'text')])
  const names = [
    '100%',
    '100 percent',
    'a_b',
    'aXb',
    'back\\slash',
    "o'clock",
    'Ünïcode',
    '日本語',
    '  padded  ',
    'two words',
    'x,y',
    '"q"',
    '$NOW',
    '$CURRENT_USER',
    'now',
  ]
  await api.seed(
    'q_literal',
    names.map((name) => ({ name, note: name === 'aXb' ? 'note of aXb' : null })),
  )
  await api.table('q_plain', [key('id', 'uuid'), field('flag', 'boolean')])
  await api.seed('q_plain', [{ id: 'aaaaaaaa-0000-4000-8000-000000000001', flag: true }])

  const search = (collection: string) => {
    const ask = asker(api, collection)
    return (text: string) => ask({ fields: 'id', sort: 'id', search: text })
  }
  const types = search('q_types')
  const literal = search('q_literal')
  const numbers = search('q_numbers')

  api.proves('reading: search-text')
  for (const text of ['alpha', 'ALPHA ONE', 'two', ' fox ', 'lazy dog', 'dog lazy', 'zzz', '', ' ', 'one,two']) await types(text)
  for (const text of ['words', 'note', 'ünïCODE', 'unicode', '日本', "o'", '\\', '"q"', 'x,y', 'padded', 'A']) await literal(text)

  api.proves('reading: search-variables')
  for (const text of ['$NOW', '$now', '$NOW(-1 day)', '$CURRENT_USER', '$CURRENT_ROLE', '$CURRENT_USER.email', '$']) await literal(text)

  api.proves('reading: search-literal')
  for (const text of ['%', '_', '100%', 'a_b', '0%p', '__']) await literal(text)

  api.proves('reading: search-numbers')
  for (const text of [
    '12',
    '12.00',
    '12.0',
    '+12',
    '-7',
    '07',
    '0',
    '1.5',
    '2.5',
    '.5',
    '1e1',
    '0x0c',
    '1',
    '9007199254740993',
    '99999999999999999999',
    'NaN',
    'Infinity',
  ])
    await numbers(text)
  for (const text of ['20', '20.25', '1.5', 'aaaaaaaa-0000-4000-8000-000000000001', 'AAAAAAAA-0000-4000-8000-000000000002', 'aaaaaaaa'])
    await types(text)

  api.proves('reading: search-not')
  for (const text of ['red', 'deep', '2001-02-03', '2001', 'true', '07:08:09']) await types(text)
  await search('q_books')('Sigrid')
  await search('q_books')('good')
  await search('q_plain')('word')
  await search('q_plain')('true')
  await search('q_plain')('aaaaaaaa-0000-4000-8000-000000000001')

  api.proves('reading: search-with')
  const books = asker(api, 'q_books')
  await books({ fields: 'id', search: 'a', filter: { pages: { _gt: 300 } }, meta: '*', sort: 'id' })
  await books({ fields: 'id', search: 'a', filter: { comments: { score: { _gt: 0 } } }, meta: '*', sort: 'id' })
  await books({ fields: 'id', search: 'a', sort: '-id', limit: 1, meta: '*' })
  await api.get('/items/q_books/1?fields=id&search=zzz')
  await api.get('/items/q_books?fields=id&sort=id&search[]=olav')
  await api.get('/items/q_books?fields=id&sort=id&search=olav&search=sagas')
  await api.get('/items/q_books?fields=id&sort=id&search')
  await api.search('/items/q_books', { query: { fields: ['id'], search: 'olav' } }, { label: 'SEARCH with search' })
  await api.search(
    '/items/q_books',
    { query: { fields: ['id'], sort: ['id'], search: 200 } },
    { label: 'SEARCH with a number to search for' },
  )
  await api.search('/items/q_books', { query: { fields: ['id'], sort: ['id'], search: null } }, { label: 'SEARCH with null to search for' })
  await api.get('/items/q_books?fields=id&search=a%00b', { label: 'a null byte' })
}

export default scenario
