/** /files/tus: resumable uploads, TUS 1.0 (https://tus.io/protocols/resumable-upload) with creation, creation-with-upload, termination, expiration, checksum. */
import type { Context, Hono } from 'hono'
import { type Env, problems } from 'plinth'
import { bytesIn } from './metadata.ts'
import { tusProblems, tusVersion } from './problems.ts'
import type { Checksum, Resumable, Upload } from './resumable.ts'

type C = Context<Env>

export interface TusParts {
  /** Made when first asked for. */
  open(): Promise<Resumable>
  /** Of a file, bytes. */
  readonly size: number
  /** Where uploads are, without their ids. */
  readonly address: string
}

/** Of checksums. */
const algorithms = ['sha1', 'sha256', 'sha512', 'md5']
const bodyType = 'application/offset+octet-stream'

export function tusRoutes(routes: Hono<Env>, { open, size, address }: TusParts): void {
  const offers = {
    'tus-resumable': tusVersion,
    'tus-version': tusVersion,
    'tus-extension': 'creation,creation-with-upload,termination,expiration,checksum',
    'tus-checksum-algorithm': algorithms.join(','),
    'tus-max-size': String(size),
  }
  const offer = () => new Response(null, { status: 204, headers: offers })
  routes.options('/', offer)
  routes.options('/:id', offer)

  routes.post('/', async (c) => {
    checkVersion(c)
    const length = numberIn(c, 'upload-length')
    if (length === undefined) throw problems.INVALID_PAYLOAD('"Upload-Length" is required.')
    const uploads = await open()
    const begun = await uploads.begin(length, c.env.header('upload-metadata') ?? '', c.env.accountability)
    const headers = { location: `${address}/${begun.id}` }
    if (length > 0 && c.env.header('content-type') !== bodyType) return c.body(null, 201, { ...toldOf(begun), ...headers })
    const now = await uploads.append(begun, bodyOf(c, begun), c.env.accountability, checksumOf(c))
    return c.body(null, 201, { ...toldOf(now), ...headers })
  })

  routes.get('/:id', async (c) => {
    if (c.req.method !== 'HEAD') throw problems.ROUTE_NOT_FOUND()
    checkVersion(c)
    const upload = await (await open()).find(c.req.param('id'), c.env.accountability)
    return c.body(null, 200, {
      ...toldOf(upload),
      'upload-length': String(upload.size),
      'upload-metadata': upload.metadata,
      'cache-control': 'no-store',
    })
  })

  routes.patch('/:id', async (c) => {
    checkVersion(c)
    if (c.env.header('content-type') !== bodyType) throw problems.UNSUPPORTED_MEDIA_TYPE(`The body must be ${bodyType}.`)
    const offset = numberIn(c, 'upload-offset')
    if (offset === undefined) throw problems.FORBIDDEN('"Upload-Offset" is required.')
    const uploads = await open()
    const upload = await uploads.find(c.req.param('id'), c.env.accountability)
    if (offset !== upload.received) throw tusProblems.UPLOAD_CONFLICT()
    return c.body(null, 204, toldOf(await uploads.append(upload, bodyOf(c, upload), c.env.accountability, checksumOf(c))))
  })

  routes.delete('/:id', async (c) => {
    checkVersion(c)
    const uploads = await open()
    await uploads.end(await uploads.find(c.req.param('id'), c.env.accountability))
    return c.body(null, 204, { 'tus-resumable': tusVersion })
  })
}

function checkVersion(c: C): void {
  if (c.env.header('tus-resumable') !== tusVersion) throw tusProblems.UNSUPPORTED_VERSION()
}

/** @throws INVALID_PAYLOAD for what is no whole number */
function numberIn(c: C, name: string): number | undefined {
  const value = c.env.header(name)
  if (value === null) return undefined
  if (!/^\d{1,15}$/.test(value)) throw problems.INVALID_PAYLOAD(`"${name}" must be a whole number.`)
  return Number(value)
}

/** @throws CONTENT_TOO_LARGE for one that says itself that it is too long */
function bodyOf(c: C, { size, received }: Upload): ReadableStream<Uint8Array> | null {
  if (Number(c.env.header('content-length')) > size - received) throw problems.CONTENT_TOO_LARGE(`The upload was to have ${size} bytes.`)
  return c.req.raw.body
}

/** @throws INVALID_PAYLOAD */
function checksumOf(c: C): Checksum | undefined {
  const header = c.env.header('upload-checksum')
  if (header === null) return undefined
  const [algorithm = '', digest = ''] = header.split(' ')
  if (!algorithms.includes(algorithm)) throw problems.INVALID_PAYLOAD(`"upload-checksum" may be of ${algorithms.join(', ')}.`)
  try {
    return { algorithm, digest: bytesIn(digest) }
  } catch (cause) {
    throw problems.INVALID_PAYLOAD('"upload-checksum" is no Base64.', {}, cause)
  }
}

const toldOf = ({ received, expires, file }: Upload): Record<string, string> => ({
  'tus-resumable': tusVersion,
  'upload-offset': String(received),
  'upload-expires': expires.toUTCString(),
  ...(file !== null && { 'directus-file-id': file }),
})
