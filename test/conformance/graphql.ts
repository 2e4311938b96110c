/** GraphQL in scenarios: what is compared of an answer is its data, and of errors codes and places. */
import type { Answer, CallOptions, Json } from './runner.ts'

const keep = (body: Json) => {
  if (!Array.isArray(body?.errors)) return body
  const errors = body.errors.map(({ extensions, path }: Json) => ({ code: extensions?.code, ...(path && { path }) }))
  return { errors, ...(body.data !== undefined && { data: body.data }) }
}

type Call = (method: string, path: string, options: CallOptions) => Promise<Answer>

export type Ask = (query: string, options?: CallOptions & { readonly variables?: object }) => Promise<Answer>

/** Asks /graphql, or another path, by POST; a point is labelled with its query. `call` is that of the API, or of a person. */
export const graphqlAsker =
  ({ call }: { readonly call: Call }, path = '/graphql'): Ask =>
  (query, { variables, ...options } = {}) => {
    const text = query.replace(/\s+/g, ' ').trim()
    const label = `${text}${variables ? ` ${JSON.stringify(variables)}` : ''}`
    return call('POST', path, { label, keep, body: { query: text, ...(variables && { variables }) }, ...options })
  }

/** Fields of a type, each with its type in GraphQL's own spelling; null where there is no such type. */
export const typeAsker =
  (ask: Ask) =>
  (name: string): Promise<Answer> =>
    ask(
      `{ __type(name: "${name}") { kind fields { name type { ...T } args { name type { ...T } } } inputFields { name type { ...T } } possibleTypes { name } } } fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`,
      { label: `type ${name}`, keep: ({ data }) => shownType(data?.__type) },
    )

function shownType(type: Json): unknown {
  if (!type) return null
  const { kind, fields, inputFields, possibleTypes } = type
  const byName = (all: Json[]) => Object.fromEntries(all.map((one) => [one.name, spell(one.type) + argumentsOf(one.args)]))
  return {
    kind,
    ...(fields && { fields: byName(fields) }),
    ...(inputFields && { fields: byName(inputFields) }),
    ...(possibleTypes && { types: possibleTypes.map(({ name }: Json) => name).sort() }),
  }
}

const argumentsOf = (args: Json[] | undefined): string =>
  args?.length
    ? ` (${args
        .map(({ name, type }) => `${name}: ${spell(type)}`)
        .sort()
        .join(', ')})`
    : ''

function spell(type: Json): string {
  if (type.kind === 'NON_NULL') return `${spell(type.ofType)}!`
  return type.kind === 'LIST' ? `[${spell(type.ofType)}]` : type.name
}
