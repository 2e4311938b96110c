/**
 * An S3 server (s3rver, which checks signatures) with a bucket, in this process; what it lacks, which is the end of an upload in parts, the list of
 * those, and the first byte alone, is added here as S3 documents it. And whatever goes wrong with such servers, by order.
 */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from '@20minutes/s3rver'

const bucket = 'contents'

export interface S3 {
  readonly port: number
  /** Of a location of STORAGE_LOCATIONS, each with a folder of its own. */
  variables(location: string): Record<string, string>
  /** What was asked: `PUT main/a.txt?partNumber`. */
  readonly asked: string[]
  /** Answers in place of the server; true: it has, or will. */
  fault: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  /** Names of objects that are there, without their folders. */
  objects(): Promise<string[]>
  /** Keys of uploads in parts that have not ended. */
  uploads(): Promise<string[]>
  close(): Promise<void>
}

export async function startS3(): Promise<S3> {
  const directory = await mkdtemp(join(tmpdir(), 'plinth-s3-'))
  const server = new S3rver({ directory, silent: true, vhostBuckets: false, configureBuckets: [{ name: bucket }] })
  await server.configureBuckets()
  const answer = server.callback()
  const unfinished = join(directory, bucket, '._S3rver_uploads')

  async function uploads(): Promise<[id: string, key: string][]> {
    await mkdir(unfinished, { recursive: true })
    const ids = await readdir(unfinished)
    return Promise.all(ids.map(async (id): Promise<[string, string]> => [id, await readFile(join(unfinished, id, 'key'), 'utf8')]))
  }

  /** False for what the server knows itself. */
  async function added({ method, url, headers }: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { pathname, searchParams } = new URL(url!, 'http://s3')
    if (headers.range === 'bytes=0-0') {
      const content = await readFile(join(directory, `${decodeURIComponent(pathname)}._S3rver_object`))
      response.writeHead(206, { 'content-range': `bytes 0-0/${content.byteLength}` }).end(content.subarray(0, 1))
      return true
    }
    const id = searchParams.get('uploadId')
    if (method === 'DELETE' && id !== null) {
      const found = (await uploads()).some(([known]) => known === id)
      await rm(join(unfinished, id), { recursive: true, force: true })
      response.writeHead(found ? 204 : 404).end(found ? undefined : '<Error><Code>NoSuchUpload</Code></Error>')
      return true
    }
    if (method !== 'GET' || !searchParams.has('uploads')) return false
    const wanted = (await uploads()).filter(([, key]) => key.startsWith(searchParams.get('prefix') ?? ''))
    const listed = wanted.map(([known, key]) => `<Upload><Key>${key}</Key><UploadId>${known}</UploadId></Upload>`).join('')
    response.writeHead(200).end(`<ListMultipartUploadsResult>${listed}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`)
    return true
  }

  const front = createServer(async (request, response) => {
    const url = new URL(request.url!, 'http://s3')
    s3.asked.push(`${request.method} ${url.pathname.slice(bucket.length + 2)}${url.search && `?${[...url.searchParams.keys()].join('&')}`}`)
    if (s3.fault?.(request, response) || (await added(request, response))) return
    answer(request, response)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as AddressInfo

  const s3: S3 = {
    port,
    asked: [],
    fault: undefined,
    variables: (location) => {
      const values = {
        DRIVER: 's3',
        KEY: 'S3RVER',
        SECRET: 'S3RVER',
        BUCKET: bucket,
        ENDPOINT: `http://127.0.0.1:${port}`,
        REGION: 'us-east-1',
        ROOT: location,
        FORCE_PATH_STYLE: 'true',
        PART_SIZE: '5mb',
      }
      return Object.fromEntries(Object.entries(values).map(([name, value]) => [`STORAGE_${location.toUpperCase()}_${name}`, value]))
    },
    async objects() {
      const all = await readdir(join(directory, bucket), { recursive: true })
      return all.flatMap((path) => /([^/\\]+)\._S3rver_object$/.exec(path)?.[1] ?? [])
    },
    uploads: async () => (await uploads()).map(([, key]) => key),
    async close() {
      await new Promise<void>((resolve) => {
        front.close(() => resolve())
        front.closeAllConnections()
      })
      server.logger.exceptions.unhandle()
      server.logger.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return s3
}
