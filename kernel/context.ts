/** Who asks, and from where: what every request carries from the first handler to the last. */

/** What one policy allows in one collection: a row of directus_permissions. */
export interface Rule {
  /** Null for rules that come with app access. */
  readonly policy: string | null
  readonly collection: string
  /** `read`, `create`, `update`, `delete` or `share`. */
  readonly action: string
  /** A filter: the rows that the rule is about. Null or empty: all. */
  readonly permissions: Readonly<Record<string, unknown>> | null
  /** A filter that written values must pass. */
  readonly validation: Readonly<Record<string, unknown>> | null
  /** Values for fields that a write leaves out. */
  readonly presets: Readonly<Record<string, unknown>> | null
  /** Names, or `*` for all; null says no more than an empty list, but is told as it is. */
  readonly fields: readonly string[] | null
}

/** What somebody who is no administrator may do: whatever any of the rules allows. */
export interface Rights {
  /** Differs wherever the rules do, so it may stand for them in the keys of caches. */
  readonly fingerprint: string
  readonly rules: readonly Rule[]
}

/** A request's rights. Without sign-in all is null, empty or false, and nothing is allowed but what the public policy says. */
export interface Accountability {
  readonly user: string | null
  readonly role: string | null
  /** The role and its ancestors, nearest first. */
  readonly roles: readonly string[]
  readonly policies: readonly string[]
  /** An administrator has all rights, whatever these say. */
  readonly rights: Rights
  readonly admin: boolean
  readonly app: boolean
  readonly share: string | null
  /** The session that the request came by; null for a static token, and without sign-in. */
  readonly session: string | null
  readonly ip: string | null
  /** Headers of the request, for histories. */
  readonly userAgent: string | null
  readonly origin: string | null
}

export const nobody: Accountability = Object.freeze({
  user: null,
  role: null,
  roles: [],
  policies: [],
  rights: Object.freeze({ fingerprint: 'none', rules: [] }),
  admin: false,
  app: false,
  share: null,
  session: null,
  ip: null,
  userAgent: null,
  origin: null,
})

/** The right of the program itself. A symbol, so that nothing that arrives in a request can be it. */
export const system: unique symbol = Symbol('system access')

export type Access = Accountability | typeof system

/** What a runtime knows of the other end. */
export interface Peer {
  /** Address of the other end of the connection, null where there is none (tests, Unix sockets). */
  readonly ip: string | null
  /** Whether the client has hung up. Asked now and then during long work, so it must be cheap. */
  gone(): boolean
  /** `request.headers.get(name)`, where the runtime knows a cheaper way. */
  header?(name: string): string | null
  /** As `RequestContext` has it, where the runtime knows a cheaper way than the answer's Headers. */
  bear?(name: string, value: string): void
}

/** The event of the `request` point, and what routes find as `c.env`: one for each request. */
export interface RequestContext {
  readonly id: string
  readonly request: Request
  /** Address of the client: the other end of the connection, unless a plugin knows better. */
  ip: string | null
  /** For a route that answers without caches and rights. */
  readonly live: boolean
  readonly gone: () => boolean
  /** What `request.headers.get(name)` answers, for a name in lower case; on Node it spares the Headers object, which costs more than the rest of a read. */
  header(name: string): string | null
  /** Has the answer bear a header, whatever that will be, unless it says otherwise itself. */
  bear(name: string, value: string): void
  /** Bytes that a JSON body may have. */
  readonly maxPayload: number
  accountability: Accountability
  /**
   * Another route's answer, for the same caller: nobody signs in anew, and handlers of the `request` point are not passed again. Only what the new
   * request lacks is told by the headers of this one, nothing of its body.
   * `gone`: for work that goes on when whoever asked has left. @throws what the route throws.
   */
  ask(request: Request, gone?: () => boolean): Promise<Response>
  /** Set once `next()` has returned: by a route, or by the place that renders problems. */
  response: Response | undefined
}

/** Hono's type parameter for all routes: `c.env.accountability`. */
export interface Env {
  Bindings: RequestContext
}
