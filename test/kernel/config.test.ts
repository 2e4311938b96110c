/** From environment variables and the config file to options. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { type ConfigFile, type Environment, env, parseKernelConfig, parsePluginOptions, StartError } from '../../kernel/config.ts'
import { definePlugin } from '../../kernel/plugin.ts'

const Options = v.object({
  TEXT: env.text('none'),
  MAYBE: env.maybeText(),
  COUNT: env.integer(5, -1, 10),
  ON: env.boolean(false),
  WAIT: env.duration('15m'),
  KEEP: env.durationOrFalse('90d'),
  BYTES: env.size('1mb'),
  WORDS: env.list(['a']),
  COLOUR: env.oneOf(['red', 'blue'], 'red'),
  CODE: env.matching(/^[A-Z]{2}$/, 'two capitals', 'DE'),
})
const painter = definePlugin({ name: 'painter', options: Options, setup() {} })
const defaults = {
  TEXT: 'none',
  COUNT: 5,
  ON: false,
  WAIT: 900_000,
  KEEP: 7_776_000_000,
  BYTES: 1_048_576,
  WORDS: ['a'],
  COLOUR: 'red',
  CODE: 'DE',
}

const parse = (environment: Environment, file: ConfigFile = {}) => parsePluginOptions([painter], environment, file).get('painter')

const faultsOf = (run: () => unknown): string[] => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof StartError, String(error))
    return error.message.split('\n')
  }
  return []
}

describe('settings of every kind', () => {
  const right: [variable: string, text: string, value: unknown][] = [
    ['TEXT', ' as it is ', ' as it is '],
    ['MAYBE', '0', '0'],
    ['COUNT', '-1', -1],
    ['COUNT', '10', 10],
    ['ON', 'true', true],
    ['ON', 'TRUE', true],
    ['ON', '1', true],
    ['ON', 'false', false],
    ['ON', '0', false],
    ['WAIT', '900', 900],
    ['WAIT', '250ms', 250],
    ['WAIT', '1.5s', 1500],
    ['WAIT', '30 s', 30_000],
    ['WAIT', '2H', 7_200_000],
    ['WAIT', '7d', 604_800_000],
    ['WAIT', '1w', 604_800_000],
    ['WAIT', '0', 0],
    ['KEEP', '12h', 43_200_000],
    ['KEEP', 'false', null],
    ['BYTES', '1024', 1024],
    ['BYTES', '512kb', 524_288],
    ['BYTES', '2MB', 2_097_152],
    ['BYTES', '1gb', 1_073_741_824],
    ['WORDS', 'b, c ,,d', ['b', 'c', 'd']],
    ['WORDS', ',', []],
    ['COLOUR', 'blue', 'blue'],
    ['CODE', 'FR', 'FR'],
  ]
  for (const [variable, text, value] of right) {
    test(`${variable}=${text}`, () => assert.deepEqual(parse({ [variable]: text }), { ...defaults, [variable]: value }))
  }

  const wrong: [variable: string, text: string, line: string][] = [
    ['COUNT', '11', 'COUNT is "11"; it may hold a whole number from -1 to 10.'],
    ['COUNT', '-2', 'COUNT is "-2"; it may hold a whole number from -1 to 10.'],
    ['COUNT', '1.0', 'COUNT is "1.0"; it may hold a whole number from -1 to 10.'],
    ['COUNT', '1e1', 'COUNT is "1e1"; it may hold a whole number from -1 to 10.'],
    ['COUNT', ' ', 'COUNT is " "; it may hold a whole number from -1 to 10.'],
    ['ON', 'yes', 'ON is "yes"; it may hold true or false.'],
    ['WAIT', '5 minutes', 'WAIT is "5 minutes"; it may hold a duration such as 500ms, 30s, 15m or 7d.'],
    ['KEEP', 'never', 'KEEP is "never"; it may hold a duration such as 30s, 15m or 90d, or false.'],
    ['WAIT', '-5s', 'WAIT is "-5s"; it may hold a duration such as 500ms, 30s, 15m or 7d.'],
    ['BYTES', '1tb', 'BYTES is "1tb"; it may hold a size such as 512kb or 1mb.'],
    ['COLOUR', 'Blue', 'COLOUR is "Blue"; it may hold one of red, blue.'],
    ['CODE', 'fr', 'CODE is "fr"; it may hold two capitals.'],
    ['CODE', 'a\nb', 'CODE is "a\\nb"; it may hold two capitals.'],
  ]
  for (const [variable, text, line] of wrong) {
    test(`${variable}=${JSON.stringify(text)} is refused`, () =>
      assert.deepEqual(
        faultsOf(() => parse({ [variable]: text })),
        [line],
      ))
  }

  test('every fault of every plugin is told at once', () => {
    const other = definePlugin({ name: 'other', options: v.object({ LATER: env.integer(1) }), setup() {} })
    const faults = faultsOf(() => parsePluginOptions([painter, other], { COUNT: 'x', ON: 'y', LATER: 'z' }))
    assert.deepEqual(
      faults.map((line) => line.split(' ')[0]),
      ['COUNT', 'ON', 'LATER'],
    )
  })

  test('an empty variable counts as unset', () => {
    assert.deepEqual(parse(Object.fromEntries(Object.keys(Options.entries).map((name) => [name, '']))), defaults)
  })

  test('a setting without a fallback must be given', () => {
    const needy = definePlugin({ name: 'needy', options: v.object({ CODE: v.string() }), setup() {} })
    assert.deepEqual(
      faultsOf(() => parsePluginOptions([needy], {})),
      ['CODE is not set; it needs a value.'],
    )
    assert.deepEqual(
      faultsOf(() => parsePluginOptions([needy], { CODE: '' })),
      ['CODE is not set; it needs a value.'],
    )
  })
})

test('the value of a variable that holds a secret is never shown', () => {
  const names = ['SECRET', 'API_KEY', 'ADMIN_PASSWORD', 'BOT_TOKEN', 'MIRROR_URL', 'DB_CONNECTION_STRING']
  for (const name of names) {
    const keeper = definePlugin({ name: 'keeper', options: v.object({ [name]: env.matching(/^\d+$/, 'digits', '0') }), setup() {} })
    const [line = ''] = faultsOf(() => parsePluginOptions([keeper], { [name]: 'hidden' }))
    assert.deepEqual(line, `${name} is a value it may not hold; it may hold digits.`)
  }
  for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'DB_CONNECTION_STRING']) {
    for (const address of ['mysql://someone:hidden@host/x', 'postgres://someone:hidden@host:port/x']) {
      const [line = ''] = faultsOf(() => parseKernelConfig({ [name]: address }))
      assert.match(line, new RegExp(`^${name} is a value it may not hold; it may hold an address such as postgres://`))
      assert.ok(!line.includes('hidden'))
    }
  }
})

describe('names', () => {
  const slug = definePlugin({
    name: 'slug-maker',
    options: v.object({ from: env.text('title'), maxLength: env.integer(50, 1), SLUG_MODE: env.text('plain') }),
    setup() {},
  })
  const optionsOf = (environment: Environment, file: ConfigFile = {}) => parsePluginOptions([slug], environment, file).get('slug-maker')

  test('an option in small letters is read from PLUGIN_OPTION, one in capitals from its own name', () => {
    const environment = { SLUG_MAKER_FROM: 'name', SLUG_MAKER_MAX_LENGTH: '9', SLUG_MODE: 'odd', FROM: 'x', from: 'y' }
    assert.deepEqual(optionsOf(environment), { from: 'name', maxLength: 9, SLUG_MODE: 'odd' })
  })

  test('a fault names the variable', () => {
    assert.deepEqual(
      faultsOf(() => optionsOf({ SLUG_MAKER_MAX_LENGTH: '0' })),
      [`SLUG_MAKER_MAX_LENGTH is "0"; it may hold a whole number from 1 to ${Number.MAX_SAFE_INTEGER}.`],
    )
  })

  test('the config file gives options by plugin, typed or as text; the environment wins', () => {
    const file = { options: { 'slug-maker': { from: 'file', maxLength: 7, SLUG_MODE: 'filed' } } }
    assert.deepEqual(optionsOf({}, file), { from: 'file', maxLength: 7, SLUG_MODE: 'filed' })
    assert.deepEqual(optionsOf({ SLUG_MAKER_FROM: 'env' }, file), { from: 'env', maxLength: 7, SLUG_MODE: 'filed' })
    assert.deepEqual(optionsOf({ SLUG_MAKER_FROM: '' }, file), { from: 'file', maxLength: 7, SLUG_MODE: 'filed' })
  })

  test('the config file holds typed values of every kind', () => {
    const painted = { COUNT: 0, ON: true, WAIT: '1s', BYTES: 5, WORDS: ['x', 'y'], COLOUR: 'blue' }
    assert.deepEqual(parse({}, { options: { painter: painted } }), { ...defaults, ...painted, WAIT: 1000 })
    assert.deepEqual(
      faultsOf(() => parse({}, { options: { painter: { COUNT: {} } } })),
      ['COUNT is {}; it may hold a whole number from -1 to 10.'],
    )
  })
})

describe('the kernel itself', () => {
  test('without settings it has defaults, and a secret of its own each time', () => {
    const one = parseKernelConfig({})
    assert.deepEqual(
      [one.host, one.port, one.publicUrl, one.databaseUrl, one.dataDir, one.maxPayload, one.statementTimeout],
      ['127.0.0.1', 8055, '', null, './data', 1_048_576, 30_000],
    )
    assert.deepEqual([one.secretGiven, one.preparedStatements, one.schemas, one.logLevel], [false, 500, ['public'], 'info'])
    assert.ok(one.secret.length >= 64)
    assert.notEqual(one.secret, parseKernelConfig({}).secret)
    assert.deepEqual(parseKernelConfig({ SECRET: 'mine' }).secretGiven, true)
  })

  const urls: [why: string, environment: Environment, url: string | null][] = [
    ['DATABASE_URL', { DATABASE_URL: 'postgresql://h/d', DB_HOST: 'other' }, 'postgresql://h/d'],
    ['DB_CONNECTION_STRING', { DB_CONNECTION_STRING: 'postgres://h/d' }, 'postgres://h/d'],
    ['DB_HOST alone', { DB_HOST: 'h' }, 'postgres://h:5432/postgres'],
    ['DB_HOST of IPv6', { DB_HOST: '::1', DB_USER: 'u' }, 'postgres://u@[::1]:5432/postgres'],
    ["the folder of a server's socket", { DB_HOST: '/run/postgresql' }, 'postgres://%2Frun%2Fpostgresql:5432/postgres'],
    ['DB_DATABASE without DB_HOST: never the embedded one', { DB_DATABASE: 'd' }, 'postgres://localhost:5432/d'],
    [
      'DB_* with what a URL cannot hold plain',
      { DB_HOST: 'h', DB_PORT: '6000', DB_USER: 'a@b', DB_PASSWORD: 'p:/?#', DB_DATABASE: 'my db', DB_SSL: 'true' },
      'postgres://a%40b:p%3A%2F%3F%23@h:6000/my%20db?sslmode=require',
    ],
    ['none', { DB_USER: 'x' }, null],
  ]
  for (const [why, environment, url] of urls) {
    test(`database address by ${why}`, () => assert.equal(parseKernelConfig(environment).databaseUrl, url))
  }

  test('an address that names nothing is none', () => {
    for (const PUBLIC_URL of ['nonsense', 'ftp://a.example', 'https://'])
      assert.match(faultsOf(() => parseKernelConfig({ PUBLIC_URL }))[0]!, /^PUBLIC_URL .*may hold an address/)
    for (const DATABASE_URL of ['postgres://', 'postgres:///', 'postgres://a b/c', 'mysql://h/d'])
      assert.match(faultsOf(() => parseKernelConfig({ DATABASE_URL }))[0]!, /^DATABASE_URL .*may hold an address/)
    for (const PUBLIC_URL of ['', '/', '/api', 'http://localhost:8055']) assert.ok(parseKernelConfig({ PUBLIC_URL }))
  })

  test('PUBLIC_URL loses its last slashes', () => {
    assert.equal(parseKernelConfig({ PUBLIC_URL: 'https://a.example/api//' }).publicUrl, 'https://a.example/api')
  })

  test('the config file gives its settings by their names in capitals; the environment wins', () => {
    const file = { options: { PORT: 1234, HOST: '::1' } }
    const { port, host } = parseKernelConfig({ HOST: '0.0.0.0' }, file)
    assert.deepEqual([port, host], [1234, '0.0.0.0'])
  })

  test('where the data is can be told to anybody', () => {
    assert.equal(parseKernelConfig({ DATA_DIR: '/d' }).data, 'embedded PostgreSQL in /d')
    assert.equal(parseKernelConfig({ DATABASE_URL: 'postgres://u:secret@h:6000/my%20db' }).data, 'PostgreSQL database "my db" on h:6000')
  })
})

test('an entry that ends with a star takes every variable that begins so', () => {
  const options = v.object({ 'PLACE_*': env.group() })
  const keeper = definePlugin({ name: 'keeper', options, setup() {} })
  const variables = { PLACE_A: 'x', PLACE_B_C: 'y', PLACE_EMPTY: '', OTHER: 'z' }
  const file = { options: { keeper: { 'PLACE_*': { PLACE_A: 'file', PLACE_D: 'file' } } } }
  assert.deepEqual(parsePluginOptions([keeper], variables, file).get('keeper'), {
    'PLACE_*': { PLACE_A: 'x', PLACE_B_C: 'y', PLACE_D: 'file' },
  })
})
