/** /files: uploads as forms, beside the usual routes. */
import type { Context, Hono } from 'hono'
import { type Env, type Log, Problem, problems } from 'plinth'
import type { Caller, Items, Key } from 'plinth/items'
import { type FileRow, type FormLimits, isForm as isFormType, readForm } from './api.ts'
import type { FileDetails } from './details.ts'
import type { ImportOptions } from './import.ts'
import { inTitleCase } from './title.ts'
import type { Uploaded, Uploads } from './uploads.ts'

type C = Context<Env>

export interface RouteParts {
  readonly items: Items
  /** Made when first asked for. */
  uploads(): Promise<Uploads>
  details(): Promise<FileDetails>
  /** Of one form. */
  readonly files: number
  readonly imports: ImportOptions
  readonly log: Log
}

const collection = 'directus_files'
const isForm = (c: C) => isFormType(c.env.header('content-type'))
const callerOf = (c: C): Caller => ({ access: c.env.accountability, gone: c.env.gone })
const queryOf = (c: C) => new URL(c.req.url).search.slice(1)

export function fileRoutes(routes: Hono<Env>, { items, uploads: open, details, files, imports, log }: RouteParts): void {
  /** All files of the form are there afterwards, or none. */
  async function takeAll(
    c: C,
    uploads: Uploads,
    most: number,
    current?: Pick<FileRow, 'id' | 'storage' | 'filename_disk'>,
  ): Promise<Uploaded[]> {
    const limits: FormLimits = { files: most, fields: c.env.maxPayload }
    const done: Uploaded[] = []
    try {
      const taken = await readForm(c.req.raw.body, c.env.header('content-type')!, limits, async ({ fields, ...source }) => {
        const upload = await uploads.take(source, { ...fields }, current)
        done.push(upload)
        return upload
      })
      if (!taken.length) throw problems.INVALID_PAYLOAD('The form holds no file.')
      return taken
    } catch (error) {
      await uploads.abandon(done)
      throw error
    }
  }

  routes.get('/details', async (c) => {
    const ids = (c.req.query('ids') ?? '').split(',').filter(Boolean)
    return c.json({ data: await (await details()).of(ids, callerOf(c)) }, 200, { 'cache-control': 'no-cache' })
  })

  routes.post('/', async (c, next) => {
    if (!isForm(c)) return next()
    const uploads = await open()
    await uploads.check(c.env.accountability)
    items.check(queryOf(c))
    const taken = await takeAll(c, uploads, files)
    const keys = await uploads.create(taken, callerOf(c))
    return show(c, () => (keys.length === 1 ? one(c, keys[0]!) : items.listText(collection, queryOf(c), callerOf(c), keys)))
  })

  routes.patch('/:key', async (c, next) => {
    if (!isForm(c)) return next()
    const key = c.req.param('key')!
    const uploads = await open()
    await uploads.check(c.env.accountability, key)
    items.check(queryOf(c))
    const current = await uploads.current(key)
    if (!current) return c.body(null, 204) // who may change all files changes none
    const [upload] = await takeAll(c, uploads, 1, current)
    await uploads.replace(upload!, callerOf(c))
    return show(c, () => one(c, key))
  })

  routes.post('/import', async (c) => {
    const uploads = await open()
    await uploads.check(c.env.accountability)
    const { fetchImport, importOf } = await import('./import.ts')
    const { url, fields } = await importOf(c)
    items.check(queryOf(c))
    const source = await fetchImport(url, imports, (reason) =>
      log.info('an import was refused', { host: URL.parse(url)?.host, reason: String((reason as Error)?.message ?? reason) }),
    )
    const [key] = await uploads.create(
      [await uploads.take(source, { ...fields, title: fields.title || inTitleCase(source.filename) })],
      callerOf(c),
    )
    return show(c, () => one(c, key!))
  })

  const one = (c: C, key: Key) => items.oneText(collection, key, queryOf(c), callerOf(c))
}

/** What is written stands, although its writer may not see it. */
async function show(c: C, read: () => Promise<string>): Promise<Response> {
  try {
    return new Response(await read(), { headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' } })
  } catch (error) {
    if (error instanceof Problem && error.code === 'FORBIDDEN') return c.body(null, 204)
    throw error
  }
}
