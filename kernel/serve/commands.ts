/** The command line: finds the command, runs it, and turns what stops it into one line that says what to do. */
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type ConfigFile, type Environment, parseKernelConfig, StartError, words as splitWords } from '../config.ts'
import type { Kernel } from '../kernel.ts'
import { createLog, redact } from '../log.ts'
import type { CommandSpec, Plugin } from '../plugin.ts'
import { messageOf, type Runtime, readConfigFile, readEnvironment, readRuntime } from './environment.ts'

/** What commands work with. */
export interface World {
  readonly environment: Environment
  readonly runtime: Runtime
  readonly version: string
  /** Everything up to, but not including, the socket. Logs go line by line to `print`. */
  boot(print: (line: string) => void): Promise<Kernel>
}

/** Plugins by the words of PLUGINS, with paths relative to `folder` (a file: URL), and the config file. */
export type LoadPlugins = (words: readonly string[], folder: string, file: ConfigFile | undefined) => Promise<readonly Plugin[]>

interface Command {
  readonly summary: string
  readonly details: string
  run(world: World): Promise<number>
}

const commands: Readonly<Record<string, Command>> = {
  start: {
    summary: 'serve the API until told to stop',
    details: 'Listens on HOST (127.0.0.1) and PORT (8055), with the data in DATABASE_URL or, without one, in the folder DATA_DIR (./data).',
    run: async (world) => (await import('./start.ts')).start(world),
  },
  bootstrap: {
    summary: 'create what is missing in the database and the first admin, then exit',
    details:
      'May be run again at any time: what is there stays as it is. ADMIN_EMAIL, ADMIN_PASSWORD and ADMIN_TOKEN name the first admin.',
    run: async (world) => (await import('./reports.ts')).bootstrap(world),
  },
  boot: {
    summary: 'print plugins in order, with their routes, hooks, tables and commands',
    details: 'Boots as "start" does, and exits before listening.',
    run: async (world) => (await import('./reports.ts')).boot(world),
  },
  doctor: {
    summary: 'check runtime, settings, database and port',
    details: 'Prints one line a check, each fault with what to do about it. Exit code 1 if anything would stop the start.',
    run: async (world) => (await import('./doctor.ts')).doctor(world),
  },
  version: {
    summary: 'print the version',
    details: 'Prints the versions of Plinth and of the runtime.',
    run: async ({ version, runtime }) => {
      console.log(`plinth ${version} (${runtime.name} ${runtime.version})`)
      return 0
    },
  },
}

const usage = (): string => `Plinth: a complete API on your PostgreSQL database.

Usage: plinth <command>

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`)
  .join('\n')}
  ${'help'.padEnd(11)}print this, or more on a command: plinth help <command>

Plugins may add commands: "plinth boot" lists them. Settings are environment variables, read from .env too.`

/** @returns the exit code. */
export async function runCommandLine(words: readonly string[], loadPlugins: LoadPlugins): Promise<number> {
  let environment: Environment = process.env
  try {
    environment = readEnvironment()
    return await run(words, {
      environment,
      runtime: readRuntime(),
      version: await readVersion(),
      async boot(print) {
        const file = await readConfigFile()
        const log = createLog(parseKernelConfig(environment, file).logLevel, print)
        const plugins = await loadPlugins(splitWords(environment.PLUGINS ?? ''), pathToFileURL('./').href, file)
        const { createKernel } = await import('../kernel.ts')
        return createKernel({ plugins, environment, configFile: file, log })
      },
    })
  } catch (error) {
    console.error(faultOf(error, /^(debug|trace)$/.test(environment.LOG_LEVEL ?? '')))
    return 1
  }
}

async function run(words: readonly string[], world: World): Promise<number> {
  const [name = 'help', ...rest] = words
  const builtIn = commands[name]
  if (name === 'help' || name === '--help' || name === '-h') return help(rest)
  if (name === '--version' || name === '-v') return commands.version!.run(world)
  if (!builtIn) return runPluginCommand(name, rest, world)
  const { values, positionals } = readOptions(name, rest)
  if (values.help) return help([name])
  if (positionals.length) throw new StartError(`"plinth ${name}" takes no "${positionals[0]}". See "plinth help ${name}".`)
  return builtIn.run(world)
}

function readOptions(name: string, args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { help: { type: 'boolean', short: 'h' } } })
  } catch (error) {
    throw new StartError(`${messageOf(error)}. See "plinth help ${name}".`, { cause: error })
  }
}

function help([name]: readonly string[]): number {
  if (!name) console.log(usage())
  else if (commands[name]) console.log(`Usage: plinth ${name}\n\n${commands[name].summary}\n${commands[name].details}`)
  else throw unknown(name)
  return 0
}

const unknown = (name: string) => new StartError(`There is no command "${name}". See "plinth help".`)

/** Plugins name their commands while they are set up, which takes a database. */
async function runPluginCommand(name: string, args: readonly string[], world: World): Promise<number> {
  // A mistyped word must not create tables: where nothing has been set up yet, only our own commands exist.
  const { isSetUp } = await import('./reports.ts')
  if (name.startsWith('-') || !(await isSetUp(world))) throw unknown(name)
  const kernel = await world.boot(console.error)
  try {
    const command = kernel.commands.get(name)
    if (!command) throw unknown(name)
    if (args.includes('--help') || args.includes('-h')) return describe(name, command)
    return (await command.run(args)) ?? 0
  } finally {
    await kernel.close()
  }
}

function describe(name: string, { summary, usage = '' }: CommandSpec): number {
  console.log(`Usage: plinth ${name} ${usage}\n\n${summary}`)
  return 0
}

/** What a person reads. `deep` adds the stack and its causes, for those who look for a fault in the program. */
function faultOf(error: unknown, deep: boolean): string {
  const line = error instanceof StartError ? error.message : `Plinth stopped: ${messageOf(error)}. LOG_LEVEL=debug shows where.`
  if (!deep) return redact(line)
  const stacks: string[] = []
  for (let e: unknown = error; e instanceof Error; e = e.cause) stacks.push(e.stack ?? e.message)
  return redact(`${line}\n${stacks.join('\ncaused by ')}`)
}

async function readVersion(): Promise<string> {
  const { default: file } = await import('../../package.json', { with: { type: 'json' } })
  return file.version
}
