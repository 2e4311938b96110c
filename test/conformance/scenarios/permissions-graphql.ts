/** Custom rules in GraphQL: the schema that they leave, relations and inputs in it, and what mutations answer. */
import { graphqlAsker, typeAsker } from '../graphql.ts'
import { library } from '../library.ts'
import { person, type Rule } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  const may = (action: Rule['action'], collection: string, more: Partial<Rule> = {}): Rule => ({ action, collection, ...more })

  const reader = await person(api, 'gp reader', [
    { collection: 'q_books', fields: ['id', 'title', 'author', 'comments', 'genres'], permissions: { pages: { _gt: 300 } } },
    { collection: 'q_authors', fields: ['id', 'name', 'country'] },
    { collection: 'q_comments', fields: ['id', 'text'] },
    { collection: 'q_books_genres', fields: ['id', 'book', 'genre'] },
  ])
  const [read, readType] = [graphqlAsker(reader), typeAsker(graphqlAsker(reader))]
  api.proves('permissions: graphql-schema')
  for (const name of [
    'Query',
    'q_books',
    'q_books_filter',
    'q_authors_filter',
    'q_books_aggregated',
    'q_books_aggregated_fields',
    'create_q_books_input',
  ])
    await readType(name)
  await read('{ q_books(sort: ["id"]) { id title } }')
  await read('{ q_books { price } }')
  await read('{ q_books(filter: { price: { _gt: 1 } }) { id } }')
  await read('{ q_books(filter: { author: { mentor: { id: { _eq: 1 } } } }) { id } }')
  await read('{ q_countries { code } }')
  await read('mutation { create_q_books_item(data: { title: "x" }) { id } }')
  await read('{ q_books(sort: ["price"]) { id } }')
  await read('{ q_books(sort: ["-author.mentor"]) { id } }')
  await read('{ a: q_books(sort: ["id"]) { id } b: q_books(sort: ["price"]) { id } }')
  await read('{ q_books_aggregated(groupBy: ["price"]) { group count { id } } }')
  await read('{ q_books_aggregated(groupBy: ["title"]) { group countAll } }')
  await read('{ q_books_aggregated { sum { pages } } }')
  await read('{ q_books_by_id(id: 2) { title } }')
  await read('{ q_books_by_id(id: 1) { title } }')
  await read('{ q_books_by_id(id: 999) { title } }')

  api.proves('permissions: graphql-relations')
  // Authors have no field "books" here, comments no "book".
  await readType('q_authors')
  await readType('q_comments')
  await readType('q_books_genres')
  await read('{ q_books(sort: ["id"]) { author { name } } }')
  await read('{ q_books(sort: ["id"]) { author } }')
  await read('{ q_books(sort: ["id"]) { comments { text } } }')
  await read('{ q_books(sort: ["id"]) { comments } }')
  await read('{ q_books(sort: ["id"]) { genres { id } } }')
  await read('{ q_authors(sort: ["id"]) { country } }')
  await read('{ q_books_genres(sort: ["id"]) { genre } }')
  const whole = await person(api, 'gp whole', [
    { collection: 'q_books', fields: ['id', 'author'] },
    { collection: 'q_authors', fields: ['id', 'name', 'books'] },
  ])
  const wholeType = typeAsker(graphqlAsker(whole))
  await wholeType('q_books')
  await wholeType('q_authors')
  await graphqlAsker(whole)('{ q_books(sort: ["id"], limit: 2) { author { name books { id } } } }')

  api.proves('permissions: graphql-mutations')
  const reads: Rule[] = ['q_books', 'q_authors', 'q_comments'].map((collection) => ({ collection }))
  const writer = await person(api, 'gp writer', reads, [
    may('create', 'q_books', { fields: ['title', 'author', 'comments'] }),
    may('update', 'q_books', { fields: ['title', 'comments'] }),
    may('create', 'q_comments', { fields: ['text'] }),
  ])
  const maker = await person(api, 'gp maker', reads, [
    may('create', 'q_books', { fields: ['title', 'author', 'comments'] }),
    may('update', 'q_books', { fields: ['id', 'title', 'comments'] }),
    may('create', 'q_comments', { fields: ['text', 'book'] }),
    may('create', 'q_authors', { fields: ['name'] }),
  ])
  for (const who of [writer, maker]) {
    const [ask, type] = [graphqlAsker(who), typeAsker(graphqlAsker(who))]
    for (const name of ['Mutation', 'create_q_books_input', 'update_q_books_input', 'create_q_comments_input']) await type(name)
    await ask('mutation { create_q_books_item(data: { title: "made", author: 1 }) { title } }')
    await ask('mutation { create_q_books_item(data: { title: "made", author: { name: "New" } }) { title author { name } } }')
    await ask('mutation { create_q_books_item(data: { title: "made", comments: [{ text: "new" }] }) { title comments { text } } }')
    await ask('mutation { create_q_books_item(data: { title: "made", pages: 1 }) { title } }')
    await ask('mutation { update_q_books_item(id: 1, data: { title: "changed" }) { title } }')
    await ask('mutation { update_q_books_items(ids: [1, 2], data: { title: "both" }) { title } }')
    await ask('mutation { update_q_books_batch(data: [{ title: "x" }]) { title } }')
    await ask('mutation { update_q_books_batch(data: [{ id: 1, title: "batched" }]) { title } }')
    await ask('mutation { delete_q_books_item(id: 1) { id } }')
  }
  const blind = await person(api, 'gp blind', [
    may('create', 'q_genres', { fields: ['name'] }),
    may('update', 'q_genres', { fields: ['name'], permissions: { name: { _neq: 'kept' } } }),
    may('delete', 'q_genres'),
  ])
  const [unseen, unseenType] = [graphqlAsker(blind), typeAsker(graphqlAsker(blind))]
  await unseenType('Query')
  await unseenType('Mutation')
  await unseen('mutation { create_q_genres_item(data: { name: "kept" }) }')
  await unseen('mutation { create_q_genres_items(data: [{ name: "one" }]) }')
  await unseen('mutation { update_q_genres_item(id: 1, data: { name: "changed" }) }')
  await unseen('mutation { update_q_genres_items(ids: [1], data: { name: "changed" }) }')
  await unseen('mutation { update_q_genres_item(id: 1, data: { name: "changed" }) { id } }')
  await unseen('mutation { update_q_genres_item(id: 999, data: { name: "changed" }) }')
  await unseen('mutation { create_q_genres_item(data: { parent: 1 }) }')
  await api.get('/items/q_genres?fields=name,parent&sort=id', { label: 'what the blind did' })
}

export default scenario
