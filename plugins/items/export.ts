/**
 * `export`: rows as a file. The first rows are read before anything is sent, so what is wrong is still told as an error; the rest follows as the
 * client takes it, batch by batch, and an error in the middle breaks the file off. Loaded when somebody asks for one.
 */
import type { Log } from 'plinth'
import type { Caller, Item, QueryInput } from './api.ts'
import { csvLayout, hasFlatRows } from './export/csv.ts'
import { json, type Layout, ndjson, yaml } from './export/layout.ts'
import { xml } from './export/xml.ts'
import type { ExportFormat } from './query.ts'
import type { Reader } from './read.ts'

export interface ExportFile {
  readonly body: string | ReadableStream<Uint8Array>
  readonly headers: Readonly<Record<string, string>>
}

type Batches = AsyncIterable<readonly Item[]>

interface Format {
  readonly type: string
  readonly extension: string
  /** `flat`: the first rows tell all columns. `all` reads every row from the start. */
  layout(first: readonly Item[], flat: boolean, all: () => Batches): Layout | Promise<Layout>
}

const csv = (mark: string): Format => ({
  type: 'text/csv',
  extension: 'csv',
  layout: (first, flat, all) => csvLayout(flat ? [first] : all(), mark),
})

const formats: Readonly<Record<ExportFormat, Format>> = {
  csv: csv(''),
  // The byte order mark tells spreadsheets that this is UTF-8.
  csv_utf8: csv('\uFEFF'),
  json: { type: 'application/json', extension: 'json', layout: () => json },
  ndjson: { type: 'application/x-ndjson', extension: 'ndjson', layout: () => ndjson },
  xml: { type: 'text/xml', extension: 'xml', layout: () => xml },
  yaml: { type: 'text/yaml', extension: 'yaml', layout: () => yaml },
}

/** @throws Problem as a list does, while nothing has been sent. */
export async function exportRows(
  reader: Reader,
  log: Log,
  name: ExportFormat,
  collection: string,
  query: QueryInput,
  caller: Caller,
  keys?: readonly unknown[],
): Promise<ExportFile> {
  const plan = reader.plan(collection, query, caller, keys)
  if (plan.table.singleton && !plan.grouping && !keys) {
    return exportItem(name, collection, JSON.parse(await reader.list(collection, query, caller)).data)
  }
  const format = formats[name]
  const batches = reader.batches(collection, query, caller, keys)
  const first = await batches.next()
  const second = first.done ? first : await batches.next()
  const flat = second.done || (!reader.handled && hasFlatRows(plan))
  const layout = await format.layout(first.value ?? [], flat, () => reader.batches(collection, query, caller, keys))
  async function* rows() {
    if (!first.done) yield first.value
    if (!second.done) yield second.value
    yield* batches
  }
  const body = toStream(laidOut(layout, rows()), (error) => log.error('An export broke off.', { collection, error }))
  return { body, headers: headersOf(format, collection) }
}

export async function exportItem(name: ExportFormat, collection: string, item: Item): Promise<ExportFile> {
  const format = formats[name]
  const layout = await format.layout([item], true, async function* () {})
  return { body: layout.one(item), headers: headersOf(format, collection) }
}

async function* laidOut({ open, between, close, none, row }: Layout, batches: Batches): AsyncGenerator<string> {
  let begun = false
  for await (const rows of batches) {
    if (!rows.length) continue
    yield (begun ? between : open) + rows.map(row).join(between)
    begun = true
  }
  yield begun ? close : none
}

/** Nothing is made before it is asked for; when the client goes, reading ends. */
function toStream(texts: AsyncGenerator<string>, failed: (error: unknown) => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await texts.next()
          if (done) controller.close()
          else controller.enqueue(encoder.encode(value))
        } catch (error) {
          failed(error)
          controller.error(error)
        }
      },
      async cancel() {
        await texts.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

function headersOf({ type, extension }: Format, collection: string): Record<string, string> {
  return {
    'content-type': `${type}; charset=utf-8`,
    'content-disposition': attachment(`${collection} ${stampOf(new Date())}.${extension}`),
  }
}

/** YYYYMMDD-HMS in UTC, the time without leading zeros, as the API has it. */
const stampOf = (now: Date): string =>
  `${now.toISOString().slice(0, 10).replaceAll('-', '')}-${now.getUTCHours()}${now.getUTCMinutes()}${now.getUTCSeconds()}`

/** A collection may be called anything: what a quoted text cannot hold is told a second time, encoded (RFC 6266, RFC 8187). */
function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  if (plain === name) return `attachment; filename="${name}"`
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
