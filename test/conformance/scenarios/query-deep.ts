/** `deep`: conditions, order and pages of related rows, for each parent. */
import { asker, library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  const books = asker(api, 'q_books')
  const authors = asker(api, 'q_authors')
  const list = (deep: object, fields = 'id,comments.id') => books({ sort: 'id', fields, deep })

  api.proves('reading: deep-filter')
  await list({ comments: { _filter: { score: { _gt: 1 } } } })
  await list({ comments: { _filter: { score: { _gt: 1 } } } }, '*')
  await list({ comments: { _filter: { book: { title: 'Kristin' } } } })
  await list({ comments: { _filter: { _or: [{ text: 'bad' }, { score: 1 }] } } })

  api.proves('reading: deep-sort')
  await list({ comments: { _sort: 'score' } })
  await list({ comments: { _sort: ['-score'] } })
  await list({ comments: { _sort: '-score,id' } })
  await list({ comments: { _sort: 'book.title,-id' } })
  await list({ comments: { _sort: '-missing' } })
  await list({ comments: { _sort: 5 } })

  api.proves('reading: deep-page')
  await list({ comments: { _limit: 1 } })
  await list({ comments: { _limit: 1 } }, 'id,comments')
  await list({ comments: { _sort: '-score', _limit: 2 } })
  await list({ comments: { _sort: '-score', _limit: 1, _offset: 1 } })
  await list({ comments: { _sort: 'id', _limit: 1, _page: 2 } })
  await list({ comments: { _sort: 'id', _limit: 2, _page: 0 } })
  await list({ comments: { _sort: 'id', _page: 0, _offset: 1 } })
  await list({ comments: { _offset: 1 } })
  await list({ comments: { _limit: 0 } })
  await list({ comments: { _limit: -1 } })
  await api.get('/items/q_books/1?fields=comments.id&deep={"comments":{"_limit":1,"_sort":"-id"}}')
  await list({ comments: { _limit: -2 } })
  await list({ comments: { _limit: 'abc' } })
  await list({ comments: { _offset: -1 } })
  await list({ comments: { _page: 'x' } })

  api.proves('reading: deep-search')
  await list({ comments: { _search: 'good' } })
  await list({ comments: { _search: '5' } })
  await list({ comments: { _search: '' } })
  await list({ comments: { _search: 'nothing of it' } })

  api.proves('reading: deep-ignored')
  await list({ comments: { _fields: ['text'] } })
  await list({ comments: { _limit: 1, _bogus: 1 }, missing: { _limit: 1 } })

  api.proves('reading: deep-forms')
  for (const deep of [
    'deep[comments][_limit]=1',
    'deep[comments][_filter][score][_gt]=1',
    'deep[comments][_sort]=-score',
    'deep[comments][_sort][]=-score',
    'deep[comments][_limit]=1&deep[genres][_limit]=1',
  ])
    await api.get(`/items/q_books?sort=id&fields=id,comments.id,genres.id&${deep}`)

  api.proves('reading: deep-nested')
  await list({ genres: { _limit: 1, _sort: '-sort' } }, 'id,genres.genre.name')
  await list({ genres: { _filter: { genre: { name: 'novel' } } } }, 'id,genres.genre.name')
  await list({ genres: { genre: { _filter: { name: 'novel' } } } }, 'id,genres.genre.name')
  await list({ genres: { _sort: '-genre.name' } }, 'id,genres.genre.name')
  await authors({ sort: 'id', fields: 'id,books.comments.id', deep: { books: { _sort: '-id', comments: { _sort: '-id', _limit: 1 } } } })
  await authors({ sort: 'id', fields: 'id,pupils.pupils.id', deep: { pupils: { _sort: '-id', pupils: { _limit: 0 } } } })

  api.proves('reading: deep-m2o')
  await list({ author: { _filter: { name: 'Sigrid' } } }, 'id,author.name')
  await list({ author: { _filter: { name: 'Sigrid' } } }, 'id,author')
  await list({ author: { country: { _filter: { code: 'IS' } } } }, 'id,author.country.name')
  await list({ author: { _limit: 1 } }, 'id,author.name')
  await list({ author: { _sort: '-name' } }, 'id,author.name')
  await list({ author: { _sort: 'missing' } }, 'id,author.name')
  await list({ author: { _sort: 'missing' } }, 'id,author')
  await list({ author: { books: { _limit: 1, _sort: '-id' } } }, 'id,author.books.title')
  for (const page of ['_offset=1', '_page=2', '_page=2&deep[author][_limit]=1', '_page=2&deep[author][_offset]=1'])
    await api.get(`/items/q_books/1?fields=id,author.name&deep[author][${page.replace('=', ']=')}`)
  await api.get('/items/q_books/1?fields=author&deep[author][_offset]=1')
  await api.get('/items/q_books/1?fields=author.country.name&deep[author][country][_offset]=1')
  await list({ author: { _offset: 1 } }, 'id,author.name')

  api.proves('reading: deep-m2a')
  await list({ blocks: { _filter: { collection: 'q_texts' } } }, 'id,blocks.item.*')
  await list({ blocks: { 'item:q_texts': { _filter: { body: 'Once' } } } }, 'id,blocks.item:q_texts.body,blocks.item:q_images.width')
  await list({ blocks: { _limit: 1, _sort: '-sort' } }, 'id,blocks.collection')
  await list({ blocks: { _filter: { 'item:q_images': { width: 100 } } } }, 'id,blocks.id')
  await api.get('/items/q_books_blocks/1?fields=item:q_texts.body&deep[item:q_texts][_offset]=1')
  await api.get('/items/q_books_blocks/1?fields=item:q_texts.body&deep[item:q_texts][_page]=2')
  await list({ blocks: { 'item:q_images': { artist: { _filter: { name: 'x' } } } } }, 'id,blocks.item:q_images.artist.name')

  api.proves('reading: deep-group')
  await list({ comments: { _aggregate: { count: '*' } } }, 'id,comments.id')
  await list({ comments: { _aggregate: { count: ['*'] }, _group: ['text'] } }, 'id,comments.text')
  await list({ comments: { _group: ['score'] } }, 'id,comments.score')
  await list({ comments: { _group: ['score'], _sort: ['-score'], _limit: 2 } }, 'id,comments.score')
  await list({ comments: { _group: ['score'], _filter: { score: { _gt: 1 } } } }, 'id,comments.score')
  await list({ comments: { _aggregate: { sum: 'score' }, _filter: { text: 'good' } } }, 'id,comments')
  await list({ genres: { _aggregate: { countDistinct: 'genre' } } }, 'id,genres')
  await list({ genres: { _aggregate: { count: '*' }, _group: ['genre.name'], _sort: ['genre.name'] } }, 'id,genres')
  await list({ comments: { _aggregate: { bogus: '*' } } }, 'id,comments.id')
  await list({ comments: { _aggregate: { sum: 'text' } } }, 'id,comments.id')
  await list({ comments: { _group: ['missing'] } }, 'id,comments.id')
  await list({ author: { _aggregate: { count: '*' } } }, 'id,author.id')

  api.proves('reading: deep-ignored', 'reading: deep-forms')
  await list({ missing: { _limit: 1 } })
  await list({ title: { _limit: 1 } })
  await list({ comments: { limit: 1 } })
  await list({ comments: { _bogus: 1 } })
  await list({ _limit: 1 })
  await list({ comments: 5 })
  await list({ comments: { _filter: {} } })
  for (const deep of ['deep={', 'deep=', 'deep=word', 'deep=[]', 'deep[comments]=1', 'deep[]=1'])
    await api.get(`/items/q_books?sort=id&fields=id,comments.id&${deep}`)

  api.proves('reading: deep-filter')
  await list({ comments: { _filter: { missing: 1 } } })
  await list({ comments: { _filter: { score: { _contains: 'x' } } } })
  await list({ comments: { _filter: { score: { _bogus: 1 } } } })
  await list({ comments: { _filter: { text: '' } } })
  await list({ comments: { _filter: 'word' } })
  await list({ missing: { _filter: { missing: 1 } } })
}

export default scenario
