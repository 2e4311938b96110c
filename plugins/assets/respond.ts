/** A content as an answer: what the client has already, a part, or the whole, with the headers that keep strangers' contents harmless. */
import type { Context } from 'hono'
import type { Env } from 'plinth'
import { contentPolicy, contentType, disposition, fitsTogether, isActive, isHeld, type Validators } from './headers.ts'
import { assetProblems } from './problems.ts'
import { parseRange, partOf } from './ranges.ts'

export interface Download extends Validators {
  readonly type: string | null
  readonly filename: string
  /** To be saved, not shown. */
  readonly attached: boolean
  /** Anybody's, so that caches on the way may keep it. */
  readonly isPublic: boolean
  /** Seconds that it may be kept. */
  readonly ttl: number
  /** Request headers that another answer may depend on. */
  readonly vary: string
  /** Whether parts of it may be asked for. */
  readonly ranges: boolean
}

export interface Sendable {
  /** Bytes. */
  readonly size: number
  stream(part?: { readonly start: number; readonly end: number }): Promise<BodyInit>
}

/** `find` runs unless the client has it. */
export async function respond(c: Context<Env>, download: Download, find: () => Promise<Sendable>): Promise<Response> {
  const header = (name: string) => c.env.header(name)
  const type = contentType(download.type)
  const headers: Record<string, string> = {
    'cache-control': `${download.isPublic ? 'public' : 'private'}, max-age=${download.ttl}`,
    'content-security-policy': contentPolicy(type),
    'content-disposition': disposition(download.attached || isActive(type) ? 'attachment' : 'inline', download.filename),
    'x-content-type-options': 'nosniff',
    etag: download.etag,
    'last-modified': download.modified.toUTCString(),
    vary: download.vary,
  }
  if (isHeld(download, header)) return new Response(null, { status: 304, headers })
  const content = await find()
  const range = download.ranges && fitsTogether(download, header) ? parseRange(header('range')) : undefined
  const wanted = range && partOf(range, content.size)
  if (wanted === null) return refused(content.size, range)
  headers['content-type'] = type
  headers['accept-ranges'] = 'bytes'
  headers['content-length'] = String(wanted ? wanted.end - wanted.start + 1 : content.size)
  if (wanted) headers['content-range'] = `bytes ${wanted.start}-${wanted.end}/${content.size}`
  // Whoever asks for the head alone must not leave a content open.
  const body = c.req.method === 'HEAD' ? null : await content.stream(wanted)
  return new Response(body, { status: wanted ? 206 : 200, headers })
}

/** RFC 9110 §15.5.17: how much there is stands in a header. */
function refused(size: number, range: unknown): Response {
  const problem = assetProblems.RANGE_NOT_SATISFIABLE(`It has ${size} bytes.`, { range })
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-range': `bytes */${size}` }
  return new Response(JSON.stringify({ errors: [problem] }), { status: problem.status, headers })
}
