/** A running kernel for a test: own database, the default plugins, an admin with a known token. Asked through `fetch`, no port. */
import { createKernel, type Database, definePlugin, type Kernel, type Plugin } from 'plinth'
import { createLog } from '../kernel/log.ts'
import { loadPlugins } from '../plugins/mod.ts'
import { freshDatabase, type TestDatabase } from './database.ts'

export const admin = { token: 'admin-token', email: 'admin@example.com', password: 'Password123!' }

export interface Answer<T = any> {
  readonly status: number
  readonly headers: Headers
  /** The parsed body; text that is no JSON as it is; null when empty. */
  readonly body: any
  /** `body.data`. */
  readonly data: T
  /** The code of the first error. */
  readonly code: string | undefined
}

export interface CallOptions {
  readonly body?: unknown
  /** Sent as it is instead of `body`. */
  readonly text?: string
  /** Default: the admin's. null: nobody. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export interface TestHost {
  readonly kernel: Kernel
  readonly driver: 'postgres' | 'pglite'
  /** Lines that the kernel logged, parsed. */
  readonly logs: Record<string, unknown>[]
  api<T = any>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>
  /**
   * Resolves once the kernel has heard of every change made so far. Its own changes empty its caches at once and again when
   * their notices come, so whoever counts statements waits for those first. Done once at the start.
   */
  settled(): Promise<void>
  close(): Promise<void>
}

export interface TestOptions {
  readonly driver?: 'postgres' | 'pglite'
  /** Words of PLUGINS. */
  readonly change?: readonly string[]
  /** Added to the default plugins. */
  readonly plugins?: readonly Plugin[]
  readonly env?: Readonly<Record<string, string>>
  /** SQL that runs before the kernel starts. */
  readonly sql?: string
  /** Instead of a fresh one; whoever made it drops it. */
  readonly database?: TestDatabase
  /** What the kernel gets in place of the test's database, such as one that counts. */
  readonly wrap?: (db: Database) => Database
}

export async function startKernel(options: TestOptions = {}): Promise<TestHost> {
  const database = options.database ?? (await freshDatabase(options.driver))
  const release = options.database ? async () => {} : () => database.drop()
  if (options.sql) await database.db.execute(options.sql)
  const logs: Record<string, unknown>[] = []
  const here = new URL('./', import.meta.url).href
  let notice = Promise.withResolvers<void>()
  let current: () => Promise<void> | undefined
  const settling = definePlugin({
    name: 'settling',
    setup({ versions }) {
      current = versions.current
      versions.watch('settling', () => notice.resolve())
    },
  })
  const kernel = await createKernel({
    plugins: [...(await loadPlugins(options.change ?? [], here)), ...(options.plugins ?? []), settling],
    environment: {
      SECRET: 'a-secret-for-tests-0123456789abcdef',
      ADMIN_EMAIL: admin.email,
      ADMIN_PASSWORD: admin.password,
      ADMIN_TOKEN: admin.token,
      ...options.env,
    },
    database: options.wrap?.(database.db) ?? database.db,
    log: createLog('info', (line) => logs.push(JSON.parse(line))),
  }).catch(async (error: unknown) => {
    await release()
    throw error
  })

  async function api<T = any>(
    method: string,
    path: string,
    { body, text, token = admin.token, headers = {} }: CallOptions = {},
  ): Promise<Answer<T>> {
    const sent = new Headers(headers)
    if (token !== null) sent.set('authorization', `Bearer ${token}`)
    if (body !== undefined) sent.set('content-type', 'application/json')
    const payload = text ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await kernel.fetch(new Request(`http://localhost${path}`, { method, headers: sent, body: payload }))
    const answered = await response.text()
    const parsed = parse(answered)
    return {
      status: response.status,
      headers: response.headers,
      body: parsed,
      data: parsed?.data,
      code: parsed?.errors?.[0]?.extensions?.code,
    }
  }

  /** Notices come in the order of their commits, so behind this one there is none left. */
  async function settled(): Promise<void> {
    notice = Promise.withResolvers()
    await database.db.execute(`notify plinth, 'settling'`)
    await notice.promise
    await current()
  }
  await settled()

  return {
    kernel,
    driver: database.driver,
    logs,
    api,
    settled,
    async close() {
      await kernel.close()
      await release()
    },
  }
}

function parse(text: string): any {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
