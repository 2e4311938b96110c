/** Requests of imports: one file in a form. */
import type { Context } from 'hono'
import { type Access, type Env, type Host, type Problem, parseJson, problems, readJson, type Table } from 'plinth'
import { isForm, readForm } from 'plinth/files'
import type { Items } from 'plinth/items'
import type { Background } from './background.ts'
import { importParts, toPlan } from './batch.ts'
import { csvRows, type Row } from './csv.ts'
import { sparingly } from './heap.node.ts'
import { importRows, isTextAt } from './import.ts'
import { jsonRows } from './json.ts'
import { type Spooled, spool } from './spool.node.ts'

export interface UploadParts {
  readonly host: Host
  readonly items: Items
  /** Bytes. */
  readonly limit: number
  /** The same of a file of several collections, which is held as a whole. */
  readonly batchLimit: number
  readonly mostErrors: number
  readonly background: Background
}

type Read = (texts: AsyncIterable<string>, table: Table) => AsyncIterable<Row>

/** One collection's. @throws SERVICE_UNAVAILABLE, FORBIDDEN, UNSUPPORTED_MEDIA_TYPE, CONTENT_TOO_LARGE, INVALID_PAYLOAD, and what is wrong with the rows */
export async function takeUpload(parts: UploadParts, c: Context<Env>): Promise<Response> {
  const { host, items, mostErrors } = parts
  const { accountability: access } = c.env
  const table = writableTable(items, access, c.req.param('collection') ?? '')
  const csv: Read = (texts, of) => csvRows(texts, (path) => isTextAt(host.registry.snapshot, of, path))
  const formats: Readonly<Record<string, Read>> = { 'text/csv': csv, 'application/vnd.ms-excel': csv, 'application/json': jsonRows }
  const place = c.req.query('background') === undefined ? undefined : parts.background.take()
  try {
    const { format: read, spooled } = await sparingly(() => oneFile(c, formats, parts.limit))
    const work = (gone: () => boolean) =>
      sparingly(() => importRows({ items, access, gone, mostErrors }, table, () => read(spooled.texts(), table)), spooled.size)
    if (!place) await work(c.env.gone).finally(spooled.remove)
    place?.start({
      user: access.user,
      failed: `The import into "${table.name}" has failed`,
      async run(gone) {
        await work(gone)
        return { subject: `The import into "${table.name}" is done` }
      },
      clear: spooled.remove,
    })
  } finally {
    place?.leave()
  }
  return c.body(null, 200)
}

/** Of several collections. @throws the same, and IMPORT_CYCLICAL_RELATION */
export async function takeParts(parts: UploadParts, c: Context<Env>): Promise<Response> {
  const { items } = parts
  const { accountability: access, gone } = c.env
  const sent = isForm(c.env.header('content-type')) ? await uploadedJson(parts, c) : await readJson(c)
  if (sent === undefined) throw noForm(c)
  const plan = toPlan(sent, c.req.queries())
  for (const { collection } of plan.parts)
    writableTable(items, access, collection, plan.mode === 'merge' ? ['create', 'update'] : ['create'])
  const collections = await sparingly(() => importParts(items, plan, { access, gone }))
  return c.json({ data: { applied: !plan.dry, mode: plan.mode, collections } }, 200, { 'cache-control': 'no-cache' })
}

async function uploadedJson({ batchLimit }: UploadParts, c: Context<Env>): Promise<unknown> {
  const { spooled } = await oneFile(c, { 'application/json': true }, batchLimit)
  try {
    let text = ''
    for await (const piece of spooled.texts()) text += piece
    return parseJson(text) ?? []
  } finally {
    await spooled.remove()
  }
}

/** @throws UNSUPPORTED_MEDIA_TYPE for what is none of `formats`, by media type; INVALID_PAYLOAD for a form without a file */
async function oneFile<T>(c: Context<Env>, formats: Readonly<Record<string, T>>, limit: number): Promise<{ format: T; spooled: Spooled }> {
  const contentType = c.env.header('content-type')
  if (!isForm(contentType)) throw noForm(c)
  const [file] = await readForm(c.req.raw.body, contentType, { files: 1, fields: 10_000 }, async ({ type, content }) => {
    if (!Object.hasOwn(formats, type)) {
      throw problems.UNSUPPORTED_MEDIA_TYPE(`Send ${Object.keys(formats).join(' or ')}.`, { mediaType: type, where: 'file import' })
    }
    return { format: formats[type]!, spooled: await spool(content, limit, 'IMPORT_MAX_FILE_SIZE') }
  })
  if (!file) throw problems.INVALID_PAYLOAD('The form holds no file.')
  return file
}

const noForm = (c: Context<Env>): Problem =>
  problems.UNSUPPORTED_MEDIA_TYPE('Send the file in a form.', {
    mediaType: c.env.header('content-type') ?? 'unknown',
    where: 'Content-Type header',
  })

/** @throws FORBIDDEN unless `access` may do all of `actions`. */
function writableTable(
  items: Items,
  access: Access,
  name: string,
  actions: readonly ('create' | 'update')[] = ['create', 'update'],
): Table {
  const visible = items.visible(access)
  const [writable, ...others] = actions.map((action) => visible.writable(action, name))
  const offered = !writable?.table.system || items.served.get(name)?.includes('create')
  if (!writable || others.includes(undefined) || !offered) throw problems.FORBIDDEN()
  return writable.table
}
