/** POST /utils/export/:collection: rows as a file among the files. Both halves are the caller's own requests, so their rights hold. */
import type { Context } from 'hono'
import { type Env, isObject, problems, readJson } from 'plinth'
import type { Items } from 'plinth/items'
import * as v from 'valibot'
import type { Background } from './background.ts'

const formats = ['csv', 'csv_utf8', 'json', 'xml', 'yaml'] as const
const anObject = (name: string) => v.custom<Record<string, unknown>>(isObject, `"${name}" must be an object.`)
export const Wish = v.object(
  {
    format: v.picklist(formats, `"format" must be one of ${formats.join(', ')}.`),
    query: anObject('query'),
    file: v.optional(anObject('file'), {}),
  },
  'Send an object with "format" and "query".',
)

interface Parts {
  readonly items: Items
  readonly background: Background
}

/**
 * Answers 204 when the first rows are read; the file is made behind it, and its owner told. @throws FORBIDDEN for who is not signed in or may make no files,
 * INVALID_PAYLOAD, SERVICE_UNAVAILABLE, and what is wrong with the query
 */
export async function exportToFile(parts: Parts, c: Context<Env>): Promise<Response> {
  const { accountability: access } = c.env
  const { success, output: wish, issues } = v.safeParse(Wish, await readJson(c))
  if (!success) throw problems.INVALID_PAYLOAD(issues[0].message)
  if (!access.user || !parts.items.visible(access).writable('create', 'directus_files')) throw problems.FORBIDDEN()
  const collection = c.req.param('collection') ?? ''
  const { origin } = new URL(c.req.url)
  let isGone = () => false
  const ask = (path: string, init: RequestInit) => c.env.ask(new Request(origin + path, init), () => isGone())
  const place = parts.background.take()
  try {
    // Collections of the system have paths of their own.
    const path = parts.items.served.has(collection) ? collection.replace(/^directus_/, '') : `items/${encodeURIComponent(collection)}`
    const rows = await ask(`/${path}`, {
      method: 'SEARCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: { limit: -1, ...wish.query, export: wish.format } }),
    })
    place.start({
      user: access.user,
      failed: `The export of "${collection}" has failed`,
      async run(gone) {
        isGone = gone
        const boundary = crypto.randomUUID()
        const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
        const init = { method: 'POST', body: form(boundary, wish.file, rows), headers, duplex: 'half' }
        // Whoever may make files need not be able to read them: then there is no answer.
        const kept = await ask('/files?fields=id', init as RequestInit).then((response) => response.text())
        const leads = kept ? { collection: 'directus_files', item: String(JSON.parse(kept).data.id) } : {}
        return { subject: `The export of "${collection}" is ready`, ...leads }
      },
      // What has been read is read by nobody else.
      clear: async () => void (rows.body?.locked || (await rows.body?.cancel())),
    })
  } finally {
    place.leave()
  }
  return c.body(null, 204)
}

/** RFC 7578, as a stream. */
function form(boundary: string, fields: Readonly<Record<string, unknown>>, { headers, body }: Response): ReadableStream<Uint8Array> {
  const [, of = '', stamp = ''] = /filename="([^"]*) ([^" ]*)"/.exec(headers.get('content-disposition') ?? '') ?? []
  const name = `export-${of}-${stamp}`
  const part = (head: string) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n`
  const escaped = (text: string) => text.replace(/["\r\n]/g, (sign) => encodeURIComponent(sign))
  const texts = Object.entries({ title: name.replace(/\.\w+$/, ''), ...fields })
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => `${part(`name="${escaped(key)}"`)}\r\n${typeof value === 'object' ? JSON.stringify(value) : value}\r\n`)
  const type = headers.get('content-type')?.split(';')[0]
  const head = `${texts.join('')}${part(`name="file"; filename="${escaped(name)}"`)}Content-Type: ${type}\r\n\r\n`
  const encoder = new TextEncoder()
  const pieces = (async function* () {
    yield encoder.encode(head)
    if (body) yield* body as unknown as AsyncIterable<Uint8Array>
    yield encoder.encode(`\r\n--${boundary}--\r\n`)
  })()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: async () => void (await pieces.return(undefined)),
    },
    { highWaterMark: 0 },
  )
}
