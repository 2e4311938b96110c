/** Log lines: JSON, levels, and nothing that signs anybody in. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLog, type Level, redact } from '../../kernel/log.ts'

function collecting(level: Level = 'info') {
  const lines: string[] = []
  return { lines, log: createLog(level, (line) => lines.push(line)) }
}

/** The one line that logging `fields` makes. */
function lineOf(fields: Record<string, unknown>, message = 'it happened'): any {
  const { lines, log } = collecting()
  log.info(message, fields)
  assert.equal(lines.length, 1)
  assert.ok(!lines[0]!.includes('\n'))
  return JSON.parse(lines[0]!)
}

test('a line is JSON with time, level, message and fields; a child adds its own', () => {
  const { lines, log } = collecting()
  log.child({ plugin: 'a' }).child({ request: 'r1' }).warn('careful', { n: 1, big: 12345678901234567890n })
  const { time, ...line } = JSON.parse(lines[0]!)
  assert.deepEqual(line, { level: 'warn', plugin: 'a', request: 'r1', n: 1, big: '12345678901234567890', message: 'careful' })
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000)
})

test('levels below the chosen one print nothing', () => {
  const cases: [level: Level, expected: string[]][] = [
    ['trace', ['trace', 'debug', 'info', 'warn', 'error', 'fatal']],
    ['info', ['info', 'warn', 'error', 'fatal']],
    ['error', ['error', 'fatal']],
    ['silent', []],
  ]
  for (const [level, expected] of cases) {
    const { lines, log } = collecting(level)
    for (const name of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[name]('x')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).level),
      expected,
    )
  }
})

describe('credentials', () => {
  for (const name of [
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'password',
    'otp',
    'secret',
    'key',
    'token',
    'access_token',
    'refresh_token',
    'refreshToken',
    'admin_token',
    'session_token',
    'tfa_secret',
    'auth_data',
    'connectionString',
  ]) {
    test(`${name} is masked at any depth`, () => {
      const nested = { a: [{ b: { [name]: 'hidden' } }], [name]: { inner: 'hidden' }, other: 'shown' }
      const line = lineOf({ nested, [name]: 'hidden' })
      assert.ok(!JSON.stringify(line).includes('hidden'), JSON.stringify(line))
      assert.deepEqual([line[name], line.nested.a[0].b[name], line.nested.other], ['***', '***', 'shown'])
    })
  }

  test('null stays null, so that one sees that there was none', () => assert.equal(lineOf({ token: null }).token, null))

  const texts: [why: string, text: string, expected: string][] = [
    ['a query', '/items/a?access_token=hidden&sort=b', '/items/a?access_token=***&sort=b'],
    ['a query in the middle', 'GET http://h/a?x=1&token=hidden failed', 'GET http://h/a?x=1&token=*** failed'],
    ['several', '?key=hidden&password=hidden', '?key=***&password=***'],
    ['refresh_token', '?refresh_token=hidden', '?refresh_token=***'],
    ['a connection string', 'cannot reach postgres://me:hidden@db:5432/x', 'cannot reach postgres://me:***@db:5432/x'],
    ['a password with an @', 'postgres://me:hid@den@db:5432/x', 'postgres://me:***@db:5432/x'],
    ['an address without password', 'postgres://me@db:5432/x', 'postgres://me@db:5432/x'],
    ['a word that ends alike', '?monkey=banana&keyed=1', '?monkey=banana&keyed=1'],
  ]
  for (const [why, text, expected] of texts) {
    test(`${why} in free text`, () => {
      assert.equal(redact(text), expected)
      assert.equal(lineOf({ deep: { url: text } }).deep.url, expected)
      assert.equal(lineOf({}, text).message, expected)
    })
  }

  test('a URL object is masked like its text', () => {
    assert.equal(lineOf({ url: new URL('http://me:hidden@h/?token=hidden') }).url, 'http://me:***@h/?token=***')
  })

  test('in errors, their stacks, fields and causes', () => {
    const cause = new Error('connect postgres://me:hidden@db/x')
    const error = Object.assign(new Error('GET /?token=hidden', { cause }), {
      config: { headers: { Authorization: 'Bearer hidden' } },
      port: 5,
    })
    const line = lineOf({ error })
    assert.ok(!JSON.stringify(line).includes('hidden'), JSON.stringify(line))
    assert.equal(line.error.message, 'GET /?token=***')
    assert.match(line.error.stack, /log\.test/)
    assert.equal(line.error.cause.message, 'connect postgres://me:***@db/x')
    assert.deepEqual([line.error.name, line.error.port, line.error.config.headers.Authorization], ['Error', 5, '***'])
  })
})

test('the errors within an AggregateError are told', () => {
  const line = lineOf({ error: new AggregateError([new Error('one'), new TypeError('two')], 'both') })
  assert.deepEqual(
    line.error.errors.map((error: any) => [error.name, error.message]),
    [
      ['Error', 'one'],
      ['TypeError', 'two'],
    ],
  )
})

describe('what JSON cannot hold never makes logging fail', () => {
  const circle: Record<string, unknown> = { name: 'circle' }
  circle.self = circle
  const cases: [why: string, value: unknown][] = [
    ['a circle', circle],
    ['an error that holds a circle', Object.assign(new Error('x'), { circle })],
    [
      'a getter that throws',
      {
        get it() {
          throw new Error('no')
        },
      },
    ],
  ]
  for (const [why, value] of cases) {
    test(why, () => {
      const line = lineOf({ request: 'r1', value })
      assert.deepEqual([line.message, line.level], ['it happened', 'info'])
    })
  }
})
