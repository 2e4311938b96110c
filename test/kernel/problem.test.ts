/** Problems: the documented codes, their JSON, and what counts as one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineProblems, Problem, problems, problemsIn } from '../../kernel/problem.ts'

/** As the API documents them. */
const documented: Readonly<Record<string, number>> = {
  CONTAINS_NULL_VALUES: 400,
  CONTENT_TOO_LARGE: 413,
  FAILED_VALIDATION: 400,
  FORBIDDEN: 403,
  INTERNAL_SERVER_ERROR: 500,
  INVALID_CREDENTIALS: 401,
  INVALID_FOREIGN_KEY: 400,
  INVALID_IP: 401,
  INVALID_OTP: 401,
  INVALID_PAYLOAD: 400,
  INVALID_QUERY: 400,
  INVALID_TOKEN: 403,
  METHOD_NOT_ALLOWED: 405,
  NOT_NULL_VIOLATION: 400,
  RECORD_NOT_UNIQUE: 400,
  REQUESTS_EXCEEDED: 429,
  ROUTE_NOT_FOUND: 404,
  SERVICE_UNAVAILABLE: 503,
  TOKEN_EXPIRED: 401,
  UNPROCESSABLE_CONTENT: 422,
  UNSUPPORTED_MEDIA_TYPE: 415,
  VALUE_OUT_OF_RANGE: 400,
  VALUE_TOO_LONG: 400,
}

test('the codes and their statuses are the documented ones', () => {
  const made = Object.entries(problems).map(([code, make]) => [code, make()] as const)
  assert.deepEqual(Object.fromEntries(made.map(([code, { status }]) => [code, status])), documented)
  for (const [code, problem] of made) {
    assert.equal(problem.code, code)
    assert.match(problem.message, /^[A-Z].*\.$/, code)
  }
})

test('a problem becomes JSON with its reason, details and hint; its cause stays inside', () => {
  const own = defineProblems({ NO_TEA: { status: 418, message: 'There is no tea.', hint: 'Have coffee.' } })
  const cases: [why: string, problem: Problem, expected: unknown][] = [
    ['alone', own.NO_TEA(), { message: 'There is no tea.', extensions: { hint: 'Have coffee.', code: 'NO_TEA' } }],
    [
      'with a reason',
      own.NO_TEA('The pot is empty.'),
      { message: 'There is no tea. The pot is empty.', extensions: { reason: 'The pot is empty.', hint: 'Have coffee.', code: 'NO_TEA' } },
    ],
    [
      'with details and a cause',
      problems.RECORD_NOT_UNIQUE(undefined, { collection: 'a', field: 'b', value: null }, new Error('hidden')),
      {
        message: 'The value is taken: it must be unique.',
        extensions: { collection: 'a', field: 'b', value: null, code: 'RECORD_NOT_UNIQUE' },
      },
    ],
    [
      'details cannot pose as another code',
      problems.FORBIDDEN(undefined, { code: 'FINE' }),
      { message: 'You have no permission for this, or it does not exist.', extensions: { code: 'FORBIDDEN' } },
    ],
  ]
  for (const [why, problem, expected] of cases) assert.deepEqual(JSON.parse(JSON.stringify(problem)), expected, why)
})

test('problemsIn() finds one problem, several, or none', () => {
  const one = problems.FORBIDDEN()
  const two = problems.INVALID_QUERY()
  const cases: [why: string, thrown: unknown, expected: readonly Problem[]][] = [
    ['a problem', one, [one]],
    ['several', new AggregateError([one, two]), [one, two]],
    ['several with something else among them', new AggregateError([one, new Error('x')]), []],
    ['an empty list', new AggregateError([]), []],
    ['an error', new Error('x'), []],
    ['what only looks like a problem', { code: 'FORBIDDEN', status: 403 }, []],
    ['nothing', undefined, []],
  ]
  for (const [why, thrown, expected] of cases) assert.deepEqual(problemsIn(thrown), expected, why)
})

test('problems are Errors with their cause and stack', () => {
  const cause = new Error('below')
  const problem = problems.SERVICE_UNAVAILABLE('x', {}, cause)
  assert.ok(problem instanceof Error && problem instanceof Problem)
  assert.equal(problem.cause, cause)
  assert.match(problem.stack!, /problem\.test/)
})
