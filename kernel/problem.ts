/** What went wrong, as one class: a stable code, a status, words for a person. Expected failures are thrown as `Problem`. Pure. */

export interface ProblemSpec {
  /** HTTP status. */
  readonly status: number
  /** What was wrong, as a sentence. */
  readonly message: string
  /** What the reader can do about it. */
  readonly hint?: string
}

export type ProblemTable = Readonly<Record<string, ProblemSpec>>

/** What an answer carries beside the code: field, type, collection, value… */
export type ProblemDetails = Readonly<Record<string, unknown>>

export class Problem extends Error {
  readonly code: string
  readonly status: number
  readonly hint: string | undefined
  readonly details: ProblemDetails

  constructor(code: string, spec: ProblemSpec, reason?: string, details: ProblemDetails = {}, cause?: unknown) {
    super(reason ? `${spec.message} ${reason}` : spec.message, { cause })
    this.name = 'Problem'
    this.code = code
    this.status = spec.status
    this.hint = spec.hint
    this.details = reason ? { reason, ...details } : details
  }

  /** The form that `errors[]` of an answer holds. */
  toJSON(): { message: string; extensions: Record<string, unknown> } {
    return { message: this.message, extensions: { ...this.details, ...(this.hint ? { hint: this.hint } : {}), code: this.code } }
  }
}

/** Makes a problem: `reason` is free text for this case, `details` become `extensions`. */
export type ProblemFactory = (reason?: string, details?: ProblemDetails, cause?: unknown) => Problem

/** Turns a table of problems into functions that make them: `throw problems.FORBIDDEN('…')`. */
export function defineProblems<const T extends ProblemTable>(table: T): { readonly [K in keyof T]: ProblemFactory } {
  const factories: Record<string, ProblemFactory> = {}
  for (const [code, spec] of Object.entries(table)) {
    factories[code] = (reason, details, cause) => new Problem(code, spec, reason, details, cause)
  }
  return Object.freeze(factories) as { readonly [K in keyof T]: ProblemFactory }
}

/** The codes that any endpoint may answer with, as the API documents them. */
export const problems = defineProblems({
  CONTAINS_NULL_VALUES: { status: 400, message: 'The field holds null values and cannot be made required.' },
  CONTENT_TOO_LARGE: { status: 413, message: 'The content is too large.' },
  FAILED_VALIDATION: { status: 400, message: 'A value is not valid.' },
  FORBIDDEN: { status: 403, message: 'You have no permission for this, or it does not exist.' },
  INTERNAL_SERVER_ERROR: { status: 500, message: 'Something went wrong on our side.' },
  INVALID_CREDENTIALS: { status: 401, message: 'The credentials are not valid.' },
  INVALID_FOREIGN_KEY: { status: 400, message: 'A referenced item does not exist, or is still referenced.' },
  INVALID_IP: { status: 401, message: 'This address is not allowed.' },
  INVALID_OTP: { status: 401, message: 'The one-time password is missing or wrong.' },
  INVALID_PAYLOAD: { status: 400, message: 'The payload is not valid.' },
  INVALID_QUERY: { status: 400, message: 'The query is not valid.' },
  INVALID_TOKEN: { status: 403, message: 'The token is not valid.' },
  METHOD_NOT_ALLOWED: { status: 405, message: 'This method is not allowed here.' },
  NOT_NULL_VIOLATION: { status: 400, message: 'A required value is null.' },
  RECORD_NOT_UNIQUE: { status: 400, message: 'The value is taken: it must be unique.' },
  REQUESTS_EXCEEDED: { status: 429, message: 'Too many requests.' },
  ROUTE_NOT_FOUND: { status: 404, message: 'There is no such route.' },
  SERVICE_UNAVAILABLE: { status: 503, message: 'A service is not available.' },
  TOKEN_EXPIRED: { status: 401, message: 'The token has expired.' },
  UNPROCESSABLE_CONTENT: { status: 422, message: 'This cannot be done.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'This media type is not supported.' },
  VALUE_OUT_OF_RANGE: { status: 400, message: 'A value is out of range.' },
  VALUE_TOO_LONG: { status: 400, message: 'A value is too long.' },
})

/** Every problem in what was thrown: one, several (AggregateError), or none (a broken assumption). */
export function problemsIn(thrown: unknown): readonly Problem[] {
  if (thrown instanceof Problem) return [thrown]
  if (thrown instanceof AggregateError && thrown.errors.length > 0 && thrown.errors.every((e) => e instanceof Problem)) return thrown.errors
  return []
}
