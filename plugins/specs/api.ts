/** What other plugins may import of the documents of the API, as `plinth/specs`. */
import { type Accountability, hookPoint } from 'plinth'
import type * as v from 'valibot'

type Schema = v.GenericSchema<any, any>

/** What a route takes and answers. The schemas are those that it checks with; what is left out is any. */
export interface RouteDescription {
  readonly summary?: string
  /** Names of parameters in the query. */
  readonly query?: v.ObjectSchema<v.ObjectEntries, any>
  readonly body?: Schema
  /** The whole answer. */
  readonly response?: Schema
  /** Default: 200. */
  readonly status?: number
  /** Media type of the body, where it is not JSON. A form has its file as `file`. */
  readonly type?: string
  /** Media types of the answer, where it is not JSON. */
  readonly answers?: readonly string[]
  /** Collection whose item is what is asked, changed and answered, with the parameters of a read; `items`: several of them. */
  readonly item?: string
  readonly items?: string
  /** Who is served; the document tells others nothing of it. Default: everybody. */
  readonly audience?: 'users' | 'admins'
  /** Left out: it only says what to ask instead, or follows a protocol that is told elsewhere. */
  readonly hidden?: true
}

export interface OpenapiEvent {
  readonly accountability: Accountability
  /** `route` as the boot report tells it: `GET /slug/:id`. What is not served is not told. */
  describe(route: string, description: RouteDescription): void
}

/**
 * Asked when the OpenAPI document is made: handlers say more of their routes, which stand in it anyway. Of a route that reads or writes items in the
 * usual way only `body` and `type` count: what it takes beside JSON.
 */
export const openapi = hookPoint<OpenapiEvent>('specs.openapi')
