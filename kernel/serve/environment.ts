/** What the program stands in: its runtime, variables, config file and standard output. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { setImmediate } from 'node:timers'
import { pathToFileURL } from 'node:url'
import { type ConfigFile, type Environment, StartError } from '../config.ts'
import { parseDotenv } from './dotenv.ts'

export type RuntimeName = 'node' | 'deno' | 'bun'

export interface Runtime {
  readonly name: RuntimeName
  readonly version: string
}

export function readRuntime(): Runtime {
  const { bun, deno, node } = process.versions
  if (bun) return { name: 'bun', version: bun }
  if (deno) return { name: 'deno', version: deno }
  return { name: 'node', version: node }
}

/** Variables of the process, and those of `.env` in the working folder that the process does not have. */
export function readEnvironment(): Environment {
  return existsSync('.env') ? { ...parseDotenv(readFileSync('.env', 'utf8')), ...process.env } : process.env
}

/** The default export of `plinth.config.ts` in the working folder, if there is one. */
export async function readConfigFile(): Promise<ConfigFile | undefined> {
  const path = resolve('plinth.config.ts')
  if (!existsSync(path)) return undefined
  const file = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    throw new StartError(`plinth.config.ts cannot be loaded: ${messageOf(cause)}. Correct it, or remove it.`, { cause })
  })
  if (!file.default) throw new StartError('plinth.config.ts has no default export. It should hold "export default defineConfig({ … })".')
  return file.default
}

/** The first line of what was thrown, without the full stop. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.replace(/\.$/, '')

let waiting = ''

/** Lines are written together once a tick, the last ones when the process exits. */
export function printLine(line: string): void {
  if (!waiting) setImmediate(flush)
  waiting += line + '\n'
}

function flush(): void {
  const text = waiting
  waiting = ''
  if (text) process.stdout.write(text)
}

process.on('exit', flush)
// Whoever read our output has gone (`plinth start | head`); those who send requests have not.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
