/** `alias`: other names for columns and relations. */
import { asker, library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  const books = asker(api, 'q_books')
  const ask = (alias: unknown, fields: string, more: object = {}) => books({ sort: 'id', limit: 2, fields, alias, ...more })

  api.proves('reading: alias-shown')
  await ask({ name: 'title' }, 'id,name')
  await ask({ name: 'title' }, 'id')
  await ask({ name: 'title' }, '*')
  await ask({ name: 'title' }, 'name,title')
  await ask({ pages: 'title' }, 'id,pages')
  await ask({ pages: 'title' }, '*')
  await ask({ title: 'title' }, 'title')
  await ask({ a: 'title', b: 'title' }, 'a,b')
  await ask({ when: 'sold', cost: 'price', on: 'published', more: 'data', words: 'tags' }, 'when,cost,on,more,words')
  await api.get('/items/q_books?sort=id&limit=2&alias[name]=title&fields=name')
  await api.get('/items/q_books/1?alias[name]=title&fields=name')

  api.proves('reading: alias-relation')
  await ask({ writer: 'author' }, 'id,writer')
  await ask({ writer: 'author' }, 'id,writer.name')
  await ask({ writer: 'author' }, 'writer.name,author.id')
  await ask({ writer: 'author' }, 'writer.country.name')
  await ask({ remarks: 'comments' }, 'id,remarks')
  await ask({ remarks: 'comments' }, 'remarks')
  await ask({ remarks: 'comments', name: 'title' }, 'remarks,name')
  await ask({ writer: 'author' }, 'writer')
  await ask({ remarks: 'comments' }, 'remarks.text')
  await ask({ remarks: 'comments' }, '*')
  await ask({ kinds: 'genres' }, 'kinds.genre.name')
  await ask({ parts: 'blocks' }, 'parts.item:q_texts.body')
  const blocks = asker(api, 'q_books_blocks')
  const said = { alias: { x: 'item' }, sort: 'id' }
  for (const fields of [
    'x',
    'x.body',
    'x.*',
    'x:q_texts.body,x:q_images.width',
    'x:q_images.artist.name,x:q_texts.id',
    'x:q_texts.missing',
  ])
    await blocks({ ...said, fields })
  await blocks({ ...said, fields: 'id,x:q_texts.body,item' })
  const both = { ...said, fields: 'x:q_texts.body,x:q_images.file' }
  await blocks({ ...both, deep: { 'x:q_texts': { _filter: { body: 'Once' } } } })
  await blocks({ ...both, deep: { 'item:q_texts': { _filter: { body: 'Once' } } } })
  await books({ sort: 'id', fields: 'blocks.x.body,blocks.item', deep: { blocks: { _alias: { x: 'item' } } } })

  api.proves('reading: alias-relation')
  await ask({ good: 'comments', bad: 'comments' }, 'good.id,bad.id', {
    deep: { good: { _filter: { score: { _gt: 2 } } }, bad: { _filter: { score: { _lte: 2 } } } },
  })
  await ask({ first: 'comments', last: 'comments' }, 'first.id,last.id', {
    deep: { first: { _limit: 1, _sort: 'id' }, last: { _limit: 1, _sort: '-id' } },
  })
  await ask({ good: 'comments' }, 'good.id,comments.id', { deep: { good: { _limit: 1 } } })
  await ask({ good: 'comments' }, 'good.id,comments.id', { deep: { comments: { _limit: 1 } } })
  await ask({ here: 'author', there: 'author' }, 'here.name,there.name', { deep: { there: { _filter: { name: 'Halldor' } } } })

  api.proves('reading: alias-sort')
  await ask({ name: 'title' }, 'id,name', { sort: 'name' })
  await ask({ name: 'title' }, 'id', { sort: '-name' })
  await ask({ pages: 'title' }, 'id,pages', { sort: 'pages' })
  await ask({ writer: 'author' }, 'id', { sort: 'writer.name' })
  await ask({ name: 'title' }, 'id', { filter: { name: { _eq: 'Olav' } } })
  await ask({ name: 'title' }, 'id', { aggregate: { count: 'name' } })

  api.proves('reading: alias-function')
  await ask({ y: 'year(published)' }, 'id,y')
  await ask({ n: 'count(comments)' }, 'id,n')
  await ask({ n: 'count(comments)' }, 'n')
  await ask({ y: 'year(published)' }, 'y')
  await ask({ y: 'year(published)', n: 'count(comments)' }, 'y,n')
  await ask({ k: 'json(data,kind)' }, 'k')
  await ask({ k: 'json(data,kind)' }, 'id,k')
  await ask({ day: 'published' }, 'year(day)')

  api.proves('reading: alias-deep')
  await ask({}, 'author.who', { deep: { author: { _alias: { who: 'name' } } } })
  await ask({}, 'author.who,author.id', { deep: { author: { _alias: { who: 'name' } } } })
  await ask({}, 'comments.said', { deep: { comments: { _alias: { said: 'text' } } } })
  await ask({}, 'comments.said,comments.id', { deep: { comments: { _alias: { said: 'text' } } } })

  await ask({}, 'author.works', { deep: { author: { _alias: { works: 'books' } } } })

  api.proves('reading: alias-form')
  await ask({ name: 'author.name' }, 'name')
  await ask({ 'a.b': 'title' }, 'id')
  await ask({ name: 'missing' }, 'name')
  await ask({ name: 'missing' }, 'id')
  await ask({ name: 5 }, 'name')
  await ask({ name: null }, 'name')
  await ask({ name: '' }, 'name')
  await ask({ '': 'title' }, 'id')
  await ask({ 'od"d name': 'title' }, 'od"d name')
  await ask({ [`n${'x'.repeat(70)}`]: 'title' }, `n${'x'.repeat(70)}`)
  await ask({ name: 'title', other: 'name' }, 'other')
  for (const alias of ['alias=', 'alias=word', 'alias=[]', 'alias=["title"]', 'alias={', 'alias[]=title', 'alias[name][deeper]=title'])
    await api.get(`/items/q_books?sort=id&limit=1&fields=id&${alias}`)
}

export default scenario
