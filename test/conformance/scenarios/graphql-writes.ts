/** Mutations of GraphQL: one, many, batches, relations, singletons, and what becomes of those that fail. */
import { autoKey, field } from '../fields.ts'
import { graphqlAsker } from '../graphql.ts'
import { library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  await api.table('gw_short', [autoKey(), field('name', 'string', { schema: { max_length: 5, is_nullable: false } })])
  await api.table('gw_motto', [autoKey(), field('text', 'string'), field('kind', 'string', { schema: { default_value: 'plain' } })], {
    singleton: true,
  })
  const ask = graphqlAsker(api)
  const names = () => ask('{ gw_short(sort: ["id"]) { id name } }', { label: `rows after ${api.points.at(-1)!.label}` })

  api.proves('graphql: transactions')
  await ask(
    'mutation { a: create_gw_short_item(data: { name: "a" }) { id } b: create_gw_short_item(data: { name: "far too long" }) { id } c: create_gw_short_item(data: { name: "c" }) { name } }',
  )
  await names()
  await ask(
    'mutation { a: create_gw_short_items(data: [{ name: "d" }, { name: "far too long" }]) { id } b: create_gw_short_item(data: { name: "e" }) { id } }',
  )
  await names()
  await ask('mutation { a: create_gw_short_item(data: { name: "f" }) { id } b: create_gw_short_item(data: {}) { id } }')
  await names()

  api.proves('graphql: many')
  await ask('mutation { create_gw_short_items(data: [{ name: "x" }, { name: "y" }], sort: ["-name"]) { name } }')
  await ask('mutation { create_gw_short_items(data: [{ name: "v" }, { name: "w" }], filter: { name: { _eq: "v" } }) { name } }')
  await ask('mutation { create_gw_short_items(data: []) { name } }')
  await ask('mutation { update_gw_short_items(ids: [1, 99], data: { name: "both" }) { id name } }')
  await ask('mutation { update_gw_short_items(ids: [1], data: { name: "z" }, limit: 0) { id name } }')
  await ask('mutation { update_gw_short_batch(data: [{ id: 1, name: "b1" }, { id: 99, name: "b99" }], sort: ["id"]) { id name } }')
  await ask('mutation { update_gw_short_batch(data: [{ name: "none" }]) { id name } }')
  await ask('mutation { update_gw_short_item(id: 99, data: { name: "m" }) { id } }')
  await ask('mutation { update_gw_short_item(id: 1, data: { name: "one" }) { id name } }')
  await ask('mutation { update_gw_short_item(data: { name: "one" }) { id name } }')

  api.proves('graphql: delete')
  await ask('mutation { delete_gw_short_item(id: 1) { id } }')
  await ask('mutation { delete_gw_short_item(id: 99) { id } }')
  await ask('mutation { delete_gw_short_items(ids: [2, 99]) { ids } }')

  api.proves('graphql: relations')
  await ask('mutation { create_q_books_item(data: { title: "By key", author: { id: 2 } }) { title author { id name country { code } } } }')
  await ask('mutation { create_q_books_item(data: { title: "New author", author: { name: "Nina" } }) { author { id name } } }')
  await ask('mutation { create_q_books_item(data: { title: "Unknown key", author: { id: 77, name: "Seven" } }) { author { id name } } }')
  await ask('mutation { create_q_books_item(data: { title: "Changed", author: { id: 2, name: "Halldor K" } }) { author { id name } } }')
  await ask(
    'mutation { create_q_books_item(data: { title: "Comments", comments: [{ text: "hi", score: 2 }, { id: 5 }] }) { comments(sort: ["id"]) { id text } } }',
  )
  await ask(
    'mutation { create_q_books_item(data: { title: "Genres", genres: [{ genre: { id: 1 } }, { genre: { name: "new" } }] }) { genres(sort: ["id"]) { genre { id name } } } }',
  )
  await ask('mutation { update_q_books_item(id: 1, data: { author: null }) { author { id } } }')
  await ask('mutation { update_q_books_item(id: 1, data: { comments: [] }) { comments { id } } }')
  await ask('mutation ($d: update_q_books_input!) { update_q_books_item(id: 1, data: $d) { author { id } } }', {
    variables: { d: { author: { id: 1 } } },
  })
  await ask('mutation { create_q_books_item(data: { title: "Bare", author: 2 }) { id } }')
  await ask('mutation { update_q_books_item(id: 1, data: { comments: { create: [], update: [], delete: [] } }) { id } }')
  await ask('mutation { create_q_books_item(data: { title: "Bare list", comments: [1] }) { id } }')

  api.proves('graphql: m2a')
  await ask(
    'mutation { create_q_books_item(data: { title: "Blocks", blocks: [{ collection: "q_texts", item: "1", sort: 1 }] }) { blocks { collection item { ... on q_texts { body } } } } }',
  )
  await ask('mutation { create_q_books_item(data: { title: "Blocks", blocks: [{ collection: "q_texts", item: { body: "x" } }] }) { id } }')

  api.proves('graphql: singleton')
  await ask('{ gw_motto { id text kind } }')
  await ask('mutation { update_gw_motto(data: { text: "On" }) { id text kind } }')
  await ask('mutation { update_gw_motto(data: { kind: null }) { text kind } }')
  await ask('{ gw_motto { text kind } }')
  await ask('{ gw_motto_by_id(id: 1) { id } }')
  await ask('{ gw_motto_aggregated { countAll } }')
  await ask('mutation { create_gw_motto_item(data: { text: "x" }) { id } }')
  await ask('mutation { delete_gw_motto_item(id: 1) { id } }')
}

export default scenario
