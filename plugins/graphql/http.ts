/** GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/): what is asked, by GET or POST, and which operation of it. */

import type { OperationDefinitionNode } from 'graphql'
import type { Context } from 'hono'
import { type Env, isObject, parseJson, problems, readJson } from 'plinth'
import type { Checked } from './documents.ts'
import { invalid } from './problems.ts'

export interface Asked {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>> | undefined
  readonly operationName: string | undefined
}

/** @throws INVALID_PAYLOAD, for a GET with broken variables INVALID_QUERY */
export async function askedOf(c: Context<Env>): Promise<Asked> {
  if (c.req.method !== 'POST') {
    const { query, variables, operationName } = c.req.query()
    return check({ query, variables: variables ? jsonOf(variables) : undefined, operationName })
  }
  const body = await readJson(c)
  if (!isObject(body)) throw problems.INVALID_PAYLOAD('The body must be a JSON object with "query".')
  return check(body)
}

function check({ query, variables, operationName }: Readonly<Record<string, unknown>>): Asked {
  if (typeof query !== 'string' || query.trim() === '') throw problems.INVALID_PAYLOAD('"query" must be a GraphQL document.')
  if (variables !== undefined && variables !== null && !isObject(variables))
    throw problems.INVALID_PAYLOAD('"variables" must be an object.')
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    throw problems.INVALID_PAYLOAD('"operationName" must be text.')
  return { query, variables: variables ?? undefined, operationName: operationName || undefined }
}

/** Within the bounds of a body. */
function jsonOf(text: string): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    throw problems.INVALID_QUERY('"variables" must be a JSON object, not nested deeply.', {}, cause)
  }
}

/** @throws GRAPHQL_VALIDATION where it is not clear which operation is meant. */
export function operationOf({ operations }: Checked, name: string | undefined): OperationDefinitionNode {
  const found =
    name === undefined ? (operations.length === 1 ? operations[0] : undefined) : operations.find((one) => one.name?.value === name)
  if (found) return found
  const message =
    name === undefined ? 'The document holds several operations: say which with "operationName".' : `There is no operation "${name}".`
  throw invalid([{ message }])
}
