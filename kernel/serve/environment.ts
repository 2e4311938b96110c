/** What the program stands in: its variables and its config file. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { type ConfigFile, type Environment, StartError } from '../config.ts'
import { parseDotenv } from './dotenv.ts'

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
