/** What goes wrong, and the form in which SCIM tells it (RFC 7644 §3.12). */
import { defineProblems, type Problem, type Renderer } from 'plinth'

export const scimProblems = defineProblems({
  SCIM_INVALID_FILTER: { status: 400, message: 'The filter is not valid.' },
  SCIM_INVALID_PATH: { status: 400, message: 'The path is not valid.' },
  SCIM_INVALID_VALUE: { status: 400, message: 'A value is not valid.' },
  SCIM_INVALID_SYNTAX: { status: 400, message: 'The request is not valid.' },
  SCIM_INVALID_CURSOR: { status: 400, message: 'The cursor is not valid.' },
  SCIM_NO_TARGET: { status: 400, message: 'The path leads to nothing that could be changed.' },
  SCIM_MUTABILITY: { status: 400, message: 'The attribute cannot be changed.' },
  SCIM_UNIQUENESS: { status: 409, message: 'The value is taken.' },
  SCIM_NOT_FOUND: { status: 404, message: 'There is no such resource.' },
  SCIM_VERSION: { status: 412, message: 'The resource has been changed in the meantime.' },
  SCIM_NOT_IMPLEMENTED: { status: 501, message: 'This is not offered.' },
})

export const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error'
export const mediaType = 'application/scim+json; charset=utf-8'

const scimTypes: Readonly<Record<string, string>> = {
  SCIM_INVALID_FILTER: 'invalidFilter',
  SCIM_INVALID_PATH: 'invalidPath',
  SCIM_INVALID_VALUE: 'invalidValue',
  SCIM_INVALID_SYNTAX: 'invalidSyntax',
  SCIM_INVALID_CURSOR: 'invalidCursor',
  SCIM_NO_TARGET: 'noTarget',
  SCIM_MUTABILITY: 'mutability',
  SCIM_UNIQUENESS: 'uniqueness',
  RECORD_NOT_UNIQUE: 'uniqueness',
  INVALID_PAYLOAD: 'invalidSyntax',
  INVALID_QUERY: 'invalidValue',
  FAILED_VALIDATION: 'invalidValue',
  VALUE_TOO_LONG: 'invalidValue',
  VALUE_OUT_OF_RANGE: 'invalidValue',
  NOT_NULL_VIOLATION: 'invalidValue',
}

/** Statuses that differ here from what the problem says elsewhere: a bad token, a name that is taken, a user whom rows point at, the last administrator. */
const statuses: Readonly<Record<string, number>> = {
  INVALID_TOKEN: 401,
  RECORD_NOT_UNIQUE: 409,
  INVALID_FOREIGN_KEY: 409,
  UNPROCESSABLE_CONTENT: 403,
}

export const statusOf = ({ code, status }: Problem): number => statuses[code] ?? status

export function toError(problem: Problem): Record<string, unknown> {
  const scimType = scimTypes[problem.code]
  const { field } = problem.details
  const detail = typeof field === 'string' ? `${problem.message} (${field})` : problem.message
  return { schemas: [errorSchema], status: String(statusOf(problem)), ...(scimType ? { scimType } : {}), detail }
}

export const render: Renderer = ([problem]) => {
  const status = statusOf(problem!)
  const headers = new Headers({ 'content-type': mediaType })
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  const { allowed } = problem!.details
  if (Array.isArray(allowed)) headers.set('allow', allowed.join(', '))
  return new Response(JSON.stringify(toError(problem!)), { status, headers })
}
