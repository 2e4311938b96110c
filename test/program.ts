/** The program as a child process of the present runtime, in a folder of its own: for tests that need sockets, signals or exit codes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { type Driver, freshDatabase } from './database.ts'

const main = fileURLToPath(new URL('../kernel/serve/main.js', import.meta.url))
const runtimeWords = process.versions.deno ? ['run', '-A', '--no-check', '--quiet'] : []
const passed = ['PATH', 'HOME', 'TMPDIR', 'DENO_DIR', 'SSL_CERT_FILE']
const patience = 60_000

export type Variables = Readonly<Record<string, string>>

/** A folder to run in and an empty database, both gone after `remove`. */
export interface Place {
  readonly folder: string
  readonly variables: Variables
  remove(): Promise<void>
}

export async function makePlace(driver?: Driver): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-program-'))
  const database = await freshDatabase(driver)
  await database.db.close()
  return {
    folder,
    variables: {
      HOST: '127.0.0.1',
      PORT: '0',
      SECRET: 'a-secret-for-tests-0123456789abcdef',
      ADMIN_EMAIL: 'admin@example.com',
      ADMIN_TOKEN: 'admin-token',
      ...(database.url ? { DATABASE_URL: database.url } : { DATA_DIR: database.dataDir! }),
    },
    async remove() {
      await database.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A started process: what it has printed so far, and its end. */
interface Run {
  readonly child: ChildProcess
  readonly output: { stdout: string; stderr: string }
  /** The exit code; null after a signal that could not be handled. */
  readonly ended: Promise<number | null>
}

function launch(words: readonly string[], folder: string, variables: Variables): Run {
  const inherited = Object.fromEntries(passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
  const child = spawn(process.execPath, [...runtimeWords, main, ...words], { cwd: folder, env: { ...inherited, ...variables } })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  const ended = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject))
  return { child, output, ended }
}

/** Runs a command to its end. */
export async function runProgram(words: readonly string[], folder: string, variables: Variables = {}) {
  const { child, output, ended } = launch(words, folder, variables)
  const limit = setTimeout(() => child.kill('SIGKILL'), patience)
  const code = await ended
  clearTimeout(limit)
  return { code, ...output }
}

export interface Server extends Run {
  readonly address: string
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

/** `plinth start`, up and answering. */
export async function startProgram({ folder, variables }: Pick<Place, 'folder' | 'variables'>): Promise<Server> {
  const run = launch(['start'], folder, variables)
  const limit = setTimeout(() => run.child.kill('SIGKILL'), patience)
  const address = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const line = /^\{.*"message":"started".*$/m.exec(run.output.stdout)
      if (line) resolve(JSON.parse(line[0]).address)
    }
    run.child.stdout!.on('data', look)
    run.ended.then((code) => reject(new Error(`The program ended with ${code}\n${run.output.stdout}${run.output.stderr}`)), reject)
  }).finally(() => clearTimeout(limit))
  let over = false
  run.ended.finally(() => {
    over = true
  })
  return {
    ...run,
    address,
    signal(name) {
      // Not `child.kill`: Deno's sends one signal at most, and then reports an exit by itself as a death by signal.
      if (!over) process.kill(run.child.pid!, name)
    },
  }
}
