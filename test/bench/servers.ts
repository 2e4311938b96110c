/** The servers under load, each a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const token = 'a-static-token-for-the-benchmark'

export interface Target {
  readonly name: string
  readonly address: string
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  /** Articles in its database, where it is not the usual number. */
  readonly rows?: number
}

export interface Server extends Target {
  readonly pid: number
  /** From the process's start to its first answer, ms. */
  readonly started: number
  stop(): Promise<void>
}

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const passed = ['PATH', 'HOME', 'TMPDIR', 'NODE_OPTIONS']
const inherited = Object.fromEntries(passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))

/** Plinth as `npm start` runs it, on PostgreSQL at `url`, or embedded in `folder`, with other `settings`. The token is an administrator's. */
export async function startOurs(
  place: { readonly url: string } | { readonly folder: string },
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const data = 'url' in place ? { DATABASE_URL: place.url } : { DATA_DIR: place.folder }
  const variables = {
    PORT: '0',
    SECRET: 'a-secret-for-the-benchmark-0123456789',
    ADMIN_EMAIL: 'admin@example.com',
    ADMIN_TOKEN: token,
    ...data,
    ...settings,
  }
  return start('ours', [fileOf('../../kernel/serve/main.ts'), 'start'], variables, /address\s+(http\S+)/, bearer(token))
}

/** Articles list their comments: foreign keys alone say nothing of that. */
export async function declare({ address, headers }: Target): Promise<void> {
  const send = (method: string, path: string, body: object) =>
    answered(fetch(address + path, { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }))
  if ((await fetch(`${address}/fields/articles/comments`, { headers })).ok) return
  await send('PATCH', '/relations/comments/article', { meta: { one_field: 'comments' } })
  await send('POST', '/fields/articles', { field: 'comments', type: 'alias', meta: { special: ['o2m'] } })
}

export const startBare = (url: string): Promise<Server> => start('bare', [fileOf('bare.ts')], { DATABASE_URL: url }, /(http\S+)/, {})

export const bearer = (text: string) => ({ authorization: `Bearer ${text}` })

async function start(name: string, words: string[], variables: object, form: RegExp, headers: Target['headers']): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-bench-'))
  const since = performance.now()
  const child = spawn(process.execPath, words, { cwd: folder, env: { ...inherited, ...variables } })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const address = await said(child, form)
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await answered(fetch(`${address}/server/ping`))
  } catch (error) {
    await stop()
    throw error
  }
  return { name, address, headers, pid: child.pid!, started: performance.now() - since, stop }
}

/** The first group of `form` in what a process prints. */
function said(child: ChildProcess, form: RegExp): Promise<string> {
  let output = ''
  return new Promise((resolve, reject) => {
    const look = (text: string) => {
      output += text
      const found = form.exec(output)
      if (found) resolve(found[1]!.replace(/,$/, ''))
    }
    child.stdout!.setEncoding('utf8').on('data', look)
    child.stderr!.setEncoding('utf8').on('data', look)
    child.on('error', reject).on('close', (code) => reject(new Error(`A server ended with ${code}:\n${output}`)))
  })
}

/** @throws Error for any status but 2xx. */
export async function answered(response: Promise<Response>): Promise<string> {
  const { ok, status, url, ...rest } = await response.then(async (r) => ({ ok: r.ok, status: r.status, url: r.url, text: await r.text() }))
  if (!ok) throw new Error(`${url} answered ${status}: ${rest.text.slice(0, 500)}`)
  return rest.text
}
