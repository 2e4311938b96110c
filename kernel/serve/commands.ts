/** The command line: finds the command, runs it, and turns what stops it into one line that says what to do. */
import process from 'node:process'
import { type Environment, StartError } from '../config.ts'
import { redact } from '../log.ts'
import type { CommandSpec } from '../plugin.ts'
import { messageOf, readEnvironment } from './environment.ts'
import { createProgram, type LoadPlugins, type OwnProgram } from './program.ts'

/** @returns the exit code. */
export async function runCommandLine(given: readonly string[], loadPlugins: LoadPlugins): Promise<number> {
  let environment: Environment = process.env
  try {
    environment = readEnvironment()
    const program = await createProgram(environment, loadPlugins)
    return await run(given, program).finally(() => program.close())
  } catch (error) {
    console.error(faultOf(error, /^(debug|trace)$/.test(environment.LOG_LEVEL ?? '')))
    return 1
  }
}

async function run([word = 'help', ...args]: readonly string[], program: OwnProgram): Promise<number> {
  const name = shorthands[word] ?? word
  if (name === 'help') return args[0] ? help(args[0], await find(args[0], program)) : usage(program)
  const command = await find(name, program)
  if (args.some((arg) => arg === '--help' || arg === '-h')) return help(name, command)
  if (args.length && !command.usage) throw new StartError(`"plinth ${name}" takes no "${args[0]}". See "plinth help ${name}".`)
  return (await command.run(args, program)) ?? 0
}

const shorthands: Readonly<Record<string, string | undefined>> = { '--help': 'help', '-h': 'help', '--version': 'version', '-v': 'version' }

async function find(name: string, program: OwnProgram): Promise<CommandSpec> {
  const command = (await all(program)).find(([known]) => known === name)?.[1]
  if (!command) throw new StartError(`There is no command "${name}". See "plinth help".`)
  return command
}

/** Plugins bring them. */
const all = async (program: OwnProgram): Promise<[name: string, command: CommandSpec][]> =>
  (await program.plugins()).flatMap(({ commands = {} }) => Object.entries(commands))

function help(name: string, { summary, usage = '', details = '' }: CommandSpec): number {
  console.log([`Usage: plinth ${name} ${usage}`.trimEnd(), '', summary, details].join('\n').trimEnd())
  return 0
}

async function usage(program: OwnProgram): Promise<number> {
  const lines = (await all(program)).map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`)
  console.log(`Plinth: a complete API on your PostgreSQL database.

Usage: plinth <command>

${lines.join('\n')}
  ${'help'.padEnd(11)}print this, or more on a command: plinth help <command>

Settings are environment variables, read from .env too.`)
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
