/** The schema of GraphQL is that of whoever asks. */
import { graphqlAsker, typeAsker } from '../graphql.ts'
import { library } from '../library.ts'
import { as, person } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  const ann = await person(api, 'gql ann', [
    { collection: 'q_books', fields: ['id', 'title', 'author', 'comments', 'blocks'], permissions: { pages: { _gt: 300 } } },
    { collection: 'q_comments', fields: ['id', 'text', 'book'] },
    { collection: 'q_books_blocks', fields: ['*'] },
    { collection: 'q_texts', fields: ['*'] },
    { collection: 'q_books', action: 'create', fields: ['title', 'pages'], presets: { pages: 1 } },
    { collection: 'q_genres', action: 'create', fields: ['*'] },
    { collection: 'q_comments', action: 'update', fields: ['text'], permissions: { score: { _gt: 2 } } },
  ])
  const ask = graphqlAsker(ann)
  const type = typeAsker(ask)
  const nobody = graphqlAsker(as(api, 'nobody', null))

  api.proves('graphql: caller')
  await type('Query')
  await type('Mutation')
  await type('q_books')
  await type('q_books_filter')
  await type('q_books_blocks_item_union')
  await type('q_books_blocks')
  await ask('{ q_books_blocks(sort: ["id"], limit: 2) { collection item } }')
  await ask('{ q_books(sort: ["id"]) { id title } }')
  await ask('{ q_books(sort: ["id"]) { author comments { text } } }')
  await ask('{ q_books_by_id(id: 2) { title } }')
  await ask('{ q_books_aggregated { countAll } }')
  await ask('{ q_books { pages } }')
  await ask('{ q_books { author { name } } }')
  await ask('{ q_books(filter: { pages: { _gt: 1 } }) { id } }')
  await ask('{ q_books(sort: ["pages"]) { id } }')
  await ask('{ q_books(sort: ["comments.score"]) { id } }')
  await ask('{ q_books_aggregated(groupBy: ["pages"]) { group } }')
  await ask('{ q_authors { id } }')
  await ask('mutation { delete_q_books_item(id: 1) { id } }')
  await ask('mutation { update_q_comments_item(id: 1, data: { text: "changed" }) { text } }')
  await ask('mutation { update_q_comments_item(id: 2, data: { text: "changed" }) { text } }')
  await ask('mutation { update_q_comments_item(id: 1, data: { score: 1 }) { text } }')
  await nobody('{ q_books { id } }')
  await nobody('{ __typename }')

  api.proves('graphql: create')
  await ask('mutation { create_q_genres_item(data: { name: "unseen" }) }')
  await ask('mutation { create_q_genres_items(data: [{ name: "unseen" }]) }')
  await ask('mutation { create_q_genres_item(data: { name: "unseen" }) { id } }')
  await ask('mutation { create_q_books_item(data: { title: "too short to be seen" }) { id } }')
}

export default scenario
