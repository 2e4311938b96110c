/** Contents as objects of a bucket: Amazon S3, and whatever speaks its protocol (https://docs.aws.amazon.com/AmazonS3/latest/API). */
import * as v from 'valibot'
import type { LocationOptions, StorageDriver } from '../../api.ts'
import { checkedName, isName } from '../names.ts'
import { bucketAddress, S3Options } from './options.ts'
import { inParts } from './parts.ts'
import { createBucket, Refusal, type Send } from './requests.ts'
import { escaped, textIn, textsIn } from './xml.ts'

/** A bucket that is missing is a fault, an object is not. */
const isMissing = (error: unknown): boolean => error instanceof Refusal && error.status === 404 && error.code !== 'NoSuchBucket'

const orMissing = (error: unknown): undefined => {
  if (!isMissing(error)) throw error
}

/** @throws ValiError */
export function s3Driver(given: LocationOptions): StorageDriver {
  const options = v.parse(S3Options, given)
  const { KEY: key, SECRET: secret, REGION: region, SOCKET_TIMEOUT: timeout, PART_SIZE: partSize } = options
  const send = createBucket({ address: bucketAddress(options), key, secret, region, timeout })
  const root = options.ROOT.split('/').filter(Boolean).join('/')
  const folder = root && `${root}/`
  const keyOf = (name: string) => folder + checkedName(name)
  const kept = Object.fromEntries(
    Object.entries({
      'x-amz-acl': options.ACL,
      'x-amz-server-side-encryption': options.SERVER_SIDE_ENCRYPTION,
      'x-amz-server-side-encryption-aws-kms-key-id': options.SERVER_SIDE_ENCRYPTION_KMS_KEY_ID,
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )

  return {
    async put(name, content, type = 'application/octet-stream') {
      const object = { key: keyOf(name), headers: { ...kept, 'content-type': type } }
      const parts = inParts(content, partSize)
      const { value: first = new Uint8Array() } = await parts.next()
      if (first.byteLength < partSize) {
        await send({ method: 'PUT', ...object, body: first })
        return first.byteLength
      }
      return putInParts(send, object, first, parts)
    },
    async get(name, range) {
      if (!isName(name)) return undefined
      const headers = range && { range: `bytes=${range.start}-${range.end ?? ''}` }
      const answer = await send({ method: 'GET', key: keyOf(name), ...(headers && { headers }) }).catch(orMissing)
      if (!answer || !range) return answer?.body
      const [, start, end] = /^bytes (\d+)-(\d+)\//.exec(answer.headers.get('content-range') ?? '') ?? []
      if (Number(start) === range.start && Number(end) <= (range.end ?? Number.POSITIVE_INFINITY)) return answer.body
      await answer.body.cancel()
      throw new Error('the bucket answered with another part than was asked for')
    },
    async stat(name) {
      if (!isName(name)) return undefined
      const answer = await send({ method: 'HEAD', key: keyOf(name) }).catch(orMissing)
      return answer && { size: Number(answer.headers.get('content-length')), modified: new Date(answer.headers.get('last-modified') ?? 0) }
    },
    async delete(name) {
      if (isName(name)) await send({ method: 'DELETE', key: keyOf(name) }).catch(orMissing)
    },
    async *list(prefix) {
      for (let token = ''; ; ) {
        const more: Record<string, string> = token === '' ? {} : { 'continuation-token': token }
        const answer = await send({ method: 'GET', query: { 'list-type': '2', delimiter: '/', prefix: folder + prefix, ...more } })
        const text = await answer.text()
        for (const found of textsIn(text, 'Key')) {
          const name = found.slice(folder.length)
          if (isName(name)) yield name
        }
        if (textIn(text, 'IsTruncated') !== 'true') return
        const next = textIn(text, 'NextContinuationToken')
        if (!next || next === token) throw new Error('the bucket does not say where its list goes on')
        token = next
      }
    },
    async tidy(name) {
      const object = keyOf(name)
      const text = await send({ method: 'GET', query: { uploads: '', prefix: object } }).then((answer) => answer.text())
      for (const upload of text.split('<Upload>').slice(1)) {
        if (textIn(upload, 'Key') === object) await abort(send, object, textIn(upload, 'UploadId') ?? '')
      }
    },
    async check() {
      const answer = await send({ method: 'GET', query: { 'list-type': '2', 'max-keys': '1', prefix: `${folder}health` } })
      await answer.text()
    },
  }
}

interface NewObject {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
}

/** One part is sent while the next one arrives. Whatever fails, nothing of the upload stays. */
async function putInParts(
  send: Send,
  { key, headers }: NewObject,
  first: Uint8Array<ArrayBuffer>,
  rest: AsyncGenerator<Uint8Array<ArrayBuffer>>,
): Promise<number> {
  const begun = await send({ method: 'POST', key, headers, query: { uploads: '' }, once: true })
  const uploadId = textIn(await begun.text(), 'UploadId')
  if (!uploadId) throw new Error('the bucket does not say which upload this is')
  const tags: string[] = []
  let size = 0
  const sendPart = async (body: Uint8Array<ArrayBuffer>): Promise<void> => {
    size += body.byteLength
    const number = String(tags.push('')) // counted before it is sent
    const { headers: told } = await send({ method: 'PUT', key, query: { partNumber: number, uploadId }, body })
    tags[Number(number) - 1] = told.get('etag') ?? ''
  }
  let sending = sendPart(first)
  try {
    for (;;) {
      sending.catch(() => {}) // looked at below
      const { value: part, done } = await rest.next()
      await sending
      if (done) break
      sending = sendPart(part)
    }
    const listed = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`).join('')
    const body = new TextEncoder().encode(`<CompleteMultipartUpload>${listed}</CompleteMultipartUpload>`)
    const ended = await (await send({ method: 'POST', key, query: { uploadId }, body, once: true })).text()
    // It may take so long that the status is sent before it is known: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    if (!ended.includes('<CompleteMultipartUploadResult'))
      throw new Error(`the bucket did not put the parts together: ${textIn(ended, 'Code') ?? ''}`)
    return size
  } catch (error) {
    await rest.return(undefined)
    await sending.catch(() => {}) // a part that arrives later would stay
    await abort(send, key, uploadId).catch((cause) => {
      throw new Error(`an upload in parts failed, and its parts could not be removed: ${String(error)}`, { cause })
    })
    throw error
  }
}

const abort = async (send: Send, key: string, uploadId: string): Promise<void> => {
  await send({ method: 'DELETE', key, query: { uploadId } }).catch(orMissing)
}
