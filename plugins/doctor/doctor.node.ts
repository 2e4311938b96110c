/** `plinth doctor`: checks what a start needs, one line a check, each fault with what to do about it. Changes nothing. */
import { existsSync } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Database, KernelConfig, Program } from 'plinth'

interface Finding {
  readonly state: 'ok' | 'warn' | 'fail'
  readonly text: string
}

const ok = (text: string): Finding => ({ state: 'ok', text })
const warn = (text: string): Finding => ({ state: 'warn', text })
const fail = (text: string): Finding => ({ state: 'fail', text })

/** @returns exit code 1 if a start would fail. */
export async function doctor(program: Program): Promise<number> {
  const findings: Finding[] = []
  for await (const finding of examine(program)) {
    findings.push(finding)
    console.log(`${finding.state.padEnd(5)}${finding.text}`)
  }
  return findings.some(({ state }) => state === 'fail') ? 1 : 0
}

async function* examine(program: Program): AsyncGenerator<Finding> {
  yield checkRuntime(program.runtime)
  let config: KernelConfig
  try {
    config = await program.configure()
  } catch (error) {
    for (const line of messageOf(error).split('\n')) yield fail(line)
    return
  }
  yield ok('settings can be read')
  yield checkSecret(config)
  yield* checkDatabase(program, config)
  yield await checkPort(program, config)
}

const messageOf = (error: unknown) => (error as Error).message

const oldest: Readonly<Record<Program['runtime']['name'], readonly [number, number]>> = { node: [22, 18], deno: [2, 0], bun: [1, 2] }

function checkRuntime({ name, version }: Program['runtime']): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = oldest[name]
  const fits = major > leastMajor || (major === leastMajor && minor >= leastMinor)
  return fits ? ok(`${name} ${version}`) : fail(`${name} ${version} is too old: install ${leastMajor}.${leastMinor} or later.`)
}

function checkSecret({ secretGiven, secret }: KernelConfig): Finding {
  if (!secretGiven) return warn('SECRET is not set: every restart signs everyone out. Set it to a long random text.')
  return secret.length < 32 ? warn('SECRET is short: set it to 32 random characters or more.') : ok('SECRET is set')
}

async function* checkDatabase(program: Program, config: KernelConfig): AsyncGenerator<Finding> {
  if (!config.databaseUrl && !existsSync(config.dataDir)) {
    yield await checkNewFolder(resolve(config.dataDir))
    return
  }
  let db: Database
  try {
    db = await program.open()
  } catch (error) {
    yield fail(messageOf(error))
    return
  }
  try {
    yield ok(`${config.data} can be reached`)
    yield await checkVersion(db)
    yield await checkPrivileges(db, config.schemas[0]!)
    yield await checkListen(db)
  } catch (error) {
    yield fail(`The database refused a question: ${messageOf(error)}. Correct the rights of its user.`)
  } finally {
    await db.close()
  }
}

/** Looks at the nearest folder that exists, since opening the database would make the rest. The dot: what is there may be a file. */
async function checkNewFolder(folder: string): Promise<Finding> {
  let parent = dirname(folder)
  while (!existsSync(parent)) parent = dirname(parent)
  return access(`${parent}/.`, constants.W_OK).then(
    () => ok(`data folder ${folder} will be created`),
    () => fail(`The data folder ${folder} cannot be created: make ${parent} writable, or set DATA_DIR to a folder that is.`),
  )
}

async function checkVersion(db: Database): Promise<Finding> {
  const version = (await db.text(`select current_setting('server_version')`))!
  return Number.parseInt(version, 10) >= 15
    ? ok(`PostgreSQL ${version}`)
    : fail(`PostgreSQL ${version} is too old: version 15 or later is needed.`)
}

async function checkPrivileges(db: Database, schema: string): Promise<Finding> {
  const [rights] = await db.query<{ user: string; database: string; exists: boolean; schemas: boolean; tables: boolean | null }>(
    `select current_user as "user", current_database() as database, to_regnamespace(quote_ident($1)) is not null as exists,
      to_regnamespace('plinth') is not null or has_database_privilege(current_database(), 'create') as schemas,
      has_schema_privilege(to_regnamespace(quote_ident($1))::oid, 'create') as tables`,
    [schema],
  )
  const { user, database, exists, schemas, tables } = rights!
  if (!exists) return fail(`There is no PostgreSQL schema "${schema}": create it, or correct DB_SEARCH_PATH.`)
  if (!schemas) return fail(`"${user}" may not create schemas: GRANT CREATE ON DATABASE "${database}" TO "${user}".`)
  if (!tables) return fail(`"${user}" may not create tables: GRANT CREATE ON SCHEMA "${schema}" TO "${user}".`)
  return ok(`"${user}" may create tables in schema "${schema}"`)
}

/** Other processes' changes arrive as notifications; without them every request asks for versions. */
async function checkListen(db: Database): Promise<Finding> {
  const heard = Promise.withResolvers<boolean>()
  const limit = setTimeout(() => heard.resolve(false), 3000)
  const silence = await db.listen('plinth_doctor', { message: () => heard.resolve(true), lost() {}, ready() {} })
  await db.notify('plinth_doctor', '')
  const works = await heard.promise
  clearTimeout(limit)
  await silence()
  return works
    ? ok('notifications arrive')
    : warn(
        'Notifications do not arrive, so caches are checked with each request: set DATABASE_DIRECT_URL to an address that leads past the pooler.',
      )
}

async function checkPort(program: Program, config: KernelConfig): Promise<Finding> {
  try {
    const server = await program.serve({ fetch: async () => new Response() }, config)
    await server.stop(0)
    return ok(`port ${config.port} on ${config.host} is free`)
  } catch (error) {
    return fail(messageOf(error))
  }
}
