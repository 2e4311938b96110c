/** The servers under load, each a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { LoadRequest } from 'autocannon'

export const token = 'a-static-token-for-the-benchmark'

export interface Target {
  readonly name: string
  readonly address: string
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  /** Articles in its database, where it is not the usual number. */
  readonly rows?: number
  /** Asked of it in place of the case's own. */
  readonly requests?: readonly LoadRequest[]
  /** Its answer in our form, where it has one of its own. */
  readonly shown?: (answer: any) => unknown
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
  return start(
    'ours',
    ['--max-semi-space-size=8', fileOf('../../kernel/serve/main.js'), 'start'],
    variables,
    /address\s+(http\S+)/,
    bearer(token),
  )
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

export const startBareFiles = (folder: string): Promise<Server> =>
  start('bare', [fileOf('bare-files.ts')], { FOLDER: folder }, /(http\S+)/, {})

/** PostGraphile, where the benchmark's own packages are installed. */
export async function startPostgraphile(url: string): Promise<Server | undefined> {
  try {
    import.meta.resolve('postgraphile')
  } catch {
    return undefined
  }
  const server = await start(
    'postgraphile',
    [fileOf('postgraphile.ts')],
    { DATABASE_URL: url, GRAPHILE_ENV: 'production' },
    /(http\S+)/,
    {},
  )
  return { ...server, requests: [postgraphileRequest], shown: plainRows }
}

const query = `{ articles: allArticles(first: 50, orderBy: [PRIMARY_KEY_ASC]) { nodes {
  id: rowId title body status featured rating views published_at: publishedAt author: authorByAuthor { id: rowId name email }
  comments: commentsByArticle(orderBy: [PRIMARY_KEY_ASC]) { nodes { id: rowId text likes } } } } }`
const postgraphileRequest: LoadRequest = {
  method: 'POST',
  path: '/graphql',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query }),
}

/** Lists without `nodes` around them; keys as text, numbers as numbers, times as we write them. */
function plainRows(value: any): unknown {
  if (Array.isArray(value)) return value.map(plainRows)
  if (typeof value !== 'object' || value === null) return value
  if (value.nodes) return plainRows(value.nodes)
  const shown = (name: string, one: any) => {
    if (one === null) return one
    if (name === 'id') return String(one)
    if (name === 'rating') return Number(one)
    return name === 'published_at' ? new Date(one).toISOString() : plainRows(one)
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shown(name, one)]))
}

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
