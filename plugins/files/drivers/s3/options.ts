/** What STORAGE_<NAME>_* says of a bucket, and the address that comes of it. Pure. */
import { canonicalAddress, env } from 'plinth'
import * as v from 'valibot'

const endpoint = /^(https?:\/\/)?(\[[\da-f:]+\]|[a-z\d.-]+)(:\d+)?(\/[\w./~-]*)?$/i
const word = /^[\w.:/-]+$/

export const S3Options = v.object({
  KEY: v.string(),
  SECRET: v.string(),
  BUCKET: v.pipe(v.string(), v.regex(/^[\w.-]+$/, 'the name of a bucket')),
  /** Without it: that of the endpoint's name, else `us-east-1`. */
  REGION: v.optional(v.pipe(v.string(), v.regex(word, 'a region such as eu-central-1'))),
  ENDPOINT: v.optional(v.pipe(v.string(), v.regex(endpoint, 'an address such as https://s3.example.com'))),
  /** A folder of the bucket. */
  ROOT: env.text(''),
  FORCE_PATH_STYLE: env.boolean(false),
  ACL: v.optional(v.pipe(v.string(), v.regex(word, 'an ACL such as private'))),
  SERVER_SIDE_ENCRYPTION: v.optional(v.pipe(v.string(), v.regex(word, 'AES256 or aws:kms'))),
  SERVER_SIDE_ENCRYPTION_KMS_KEY_ID: v.optional(v.pipe(v.string(), v.regex(word, 'the id of a key'))),
  /** ms that the other end may be silent, beside the time that it takes to send something to it. */
  SOCKET_TIMEOUT: env.duration('30s'),
  /** Bytes that are sent at once; an upload holds two of these. S3 takes 5 MB at least, and 10,000 of them. */
  PART_SIZE: v.pipe(env.size('5mb'), v.minValue(5 * 1024 ** 2, '5mb at least')),
})

export type S3Options = v.InferOutput<typeof S3Options>

/** Of the bucket, with a slash at its end. */
export function bucketAddress({ BUCKET, REGION, ENDPOINT, FORCE_PATH_STYLE }: S3Options): URL {
  const said = ENDPOINT ?? `s3.${REGION ? `${REGION}.` : ''}amazonaws.com`
  const url = new URL(said.includes('://') ? said : `https://${said}`)
  const path = url.pathname.replace(/\/+$/, '')
  // A name with dots has no certificate as a host, an address no hosts below it.
  const inPath = FORCE_PATH_STYLE || !/^[a-z\d-]+$/.test(BUCKET) || canonicalAddress(url.hostname.replace(/^\[|\]$/g, '')) !== undefined
  if (!inPath) url.hostname = `${BUCKET}.${url.hostname}`
  url.pathname = inPath ? `${path}/${BUCKET}/` : `${path}/`
  return url
}
