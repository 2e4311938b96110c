/** Error codes of GraphQL. */
import { defineProblems } from 'plinth'

export const graphqlProblems = defineProblems({
  GRAPHQL_VALIDATION: { status: 400, message: 'GraphQL validation error.' },
})
