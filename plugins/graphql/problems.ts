/** Error codes of GraphQL. */
import { defineProblems } from 'plinth'

export const graphqlProblems = defineProblems({
  GRAPHQL_VALIDATION: { status: 400, message: 'GraphQL validation error.' },
})

/** Characters of a message: it may tell a name or a value as it was sent, however long that is. */
const longest = 500

const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text)

/** GRAPHQL_VALIDATION with what is wrong. */
export const invalid = (errors: readonly { readonly message: string; readonly locations?: unknown }[]) =>
  graphqlProblems.GRAPHQL_VALIDATION(undefined, {
    errors: errors.map(({ message, locations }) => ({ message: shortened(message), locations })),
  })
