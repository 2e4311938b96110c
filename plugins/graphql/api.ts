/** What other plugins may import of GraphQL, as `plinth/graphql`: how they add fields of their own. */
import type { GraphQLFieldConfigArgumentMap, GraphQLInputType, GraphQLOutputType } from 'graphql'
import { type Accountability, type Handler, hookPoint, problems, type RequestContext, type Transaction } from 'plinth'
import type { Selected } from 'plinth/items'

export type Scope = 'items' | 'system'

export interface RootCall {
  /** Coerced, as the arguments' types say. */
  readonly args: Readonly<Record<string, any>>
  /** Of the argument `filter`. */
  readonly filterType: GraphQLInputType | undefined
  readonly context: RequestContext
  /** The transaction of all mutations of a request, for a field that `joins`. */
  readonly db: Transaction | undefined
  /** Of the answer. */
  readonly headers: Headers
  /** What is selected of the answer's rows, for a `selection` of `plinth/items`. */
  select(): readonly Selected[]
}

/** JSON text that stands in the answer as it is: what is selected, under the keys that were asked for. */
export class JsonText {
  readonly text: string
  /** Rows that follow those of a list, from which what is selected is taken by name. */
  readonly besides: readonly unknown[]

  constructor(text: string, besides: readonly unknown[] = []) {
    this.text = text
    this.besides = besides
  }
}

/** A field of Query or Mutation. */
export interface RootField extends Answering {
  readonly type: GraphQLOutputType
  readonly args?: GraphQLFieldConfigArgumentMap
}

export interface Answering {
  /** Once in a document: what guesses a password must not do so a thousand times in one request. */
  readonly once?: boolean
  /** Whether a mutation works in the call's `db`, where there is one, so that it can be undone together with others. */
  readonly joins?: boolean
  /** Answers `JsonText`, or a value from which what is selected is taken by name. */
  resolve(call: RootCall): Promise<unknown>
}

/** A schema in the making, for one set of rights. What is added must not depend on anything else of the caller. */
export interface SchemaEvent {
  readonly scope: Scope
  readonly accountability: Accountability
  /**
   * Adds types, and fields of `type Query` and `type Mutation`, in GraphQL's own language; `answers` are by name of the field. Types of collections
   * may be named (`directus_users`, `update_directus_users_input`): a field is left out where one of its types is not to be seen.
   */
  add(sdl: string, answers: Readonly<Record<string, Answering>>): void
}

export const graphqlSchema = hookPoint<SchemaEvent>('graphql.schema')

/** A handler of `graphqlSchema` that adds to /graphql/system. */
export const systemFields = (sdl: string, answers: Readonly<Record<string, Answering>>): Handler<SchemaEvent> =>
  async function addFields({ scope, add }, next) {
    if (scope === 'system') add(sdl, answers)
    await next()
  }

type Args = RootCall['args']

/** A request as it would come to REST: its body, or else the parameters of its path, are the arguments, unless something else is said. */
export interface AsRoute {
  readonly path: string | ((args: Args) => string)
  readonly body?: (args: Args) => unknown
  /** From the answer's `data`, or what there is in its place, to the value of the field; of no answer it is true. */
  readonly value?: (data: any, args: Args) => unknown
  readonly once?: boolean
}

/** Text as one segment of a path. @throws FORBIDDEN for dots that would lead to another path: nothing is called so. */
export function segment(text: unknown): string {
  const name = String(text)
  if (/^\.{0,2}$/.test(name)) throw problems.FORBIDDEN(`There is no "${name}", or it is not yours to see.`)
  return encodeURIComponent(name)
}

/** A root field that is a route of REST, asked for by whoever asks for the field. Cookies of its answer are those of ours. */
export function byRoute(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', route: AsRoute): Answering {
  const { path, body = (args) => args, value = (data) => data ?? true, once = false } = route
  return {
    once,
    async resolve({ args, context, headers }) {
      const url = new URL(typeof path === 'string' ? path : path(args), new URL(context.request.url).origin)
      const init = method === 'GET' ? {} : { body: JSON.stringify(body(args)), headers: { 'content-type': 'application/json' } }
      const response = await context.ask(new Request(url, { method, ...init }))
      for (const cookie of response.headers.getSetCookie()) headers.append('set-cookie', cookie)
      const text = await response.text()
      if (!/json/.test(response.headers.get('content-type') ?? '')) return value(text || undefined, args)
      const answer = JSON.parse(text)
      return value('data' in answer ? answer.data : answer, args)
    },
  }
}
