/** Requests to a bucket: signed (Signature Version 4), bounded in time, led nowhere else, and sent again where that does no harm. */
import { AwsV4Signer } from 'aws4fetch'
import { hashBy } from '../../digest.node.ts'
import { streamOf } from '../../streams.ts'

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Of an object; without it the bucket is asked. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
  /** A second time it would do something else. */
  readonly once?: boolean
}

export interface BucketOptions {
  /** With a slash at its end. */
  readonly address: URL
  readonly key: string
  readonly secret: string
  readonly region: string | undefined
  /** ms that the other end may be silent. */
  readonly timeout: number
}

/** An answer that says no. Its text is not told: it may hold what was signed, and with which key. */
export class Refusal extends Error {
  readonly status: number
  /** Such as `NoSuchKey`; empty when it says none. */
  readonly code: string

  constructor({ method }: Ask, status: number, code: string) {
    super(`the bucket answered ${method} with ${status} ${code}`.trim())
    this.name = 'Refusal'
    this.status = status
    this.code = code
  }
}

/** Nothing came for too long. */
class Silence extends Error {
  override readonly name = 'Silence'
}

export interface Answer {
  readonly headers: Headers
  /** Breaks off with an error when it is less than was announced. */
  readonly body: ReadableStream<Uint8Array>
  text(): Promise<string>
}

/** As signatures want it: RFC 3986. */
const encoded = (values: readonly string[], between: string): string =>
  values
    .map((value) => encodeURIComponent(value).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`))
    .join(between)

/** ms between tries, about. */
const pauses = [50, 250]
/** Bytes that are sent in a ms at least: a slow line is no silence. */
const slowest = 64
/** Bytes of a text. */
const longest = 4 * 1024 ** 2

export function createBucket({ address, key: accessKeyId, secret: secretAccessKey, region, timeout }: BucketOptions) {
  const keys = new Map<string, ArrayBuffer>()

  async function exchange(ask: Ask): Promise<Answer> {
    const { method, key, query = {}, headers = {}, body = new Uint8Array() } = ask
    const path = key === undefined ? address.href.replace(/\/$/, '') : address.href + encoded(key.split('/'), '/')
    const asked = Object.entries(query).map((pair) => encoded(pair, '='))
    const signer = new AwsV4Signer({
      ...{ method, url: `${path}?${asked.join('&')}`, accessKeyId, secretAccessKey, service: 's3', cache: keys, ...(region && { region }) },
      // What TLS does not protect is signed as well.
      headers: { ...headers, 'x-amz-content-sha256': address.protocol === 'https:' ? 'UNSIGNED-PAYLOAD' : await sha256(body) },
    })
    const signed = await signer.sign()
    signed.headers.set('accept-encoding', 'identity') // unsigned: proxies change it
    const sends = method === 'PUT' || method === 'POST'
    if (sends) signed.headers.set('content-length', String(body.byteLength))
    const silence = new AbortController()
    const heard = <T>(work: Promise<T>, sent = 0): Promise<T> => within(timeout + Math.floor(sent / slowest), silence, work)
    const request = { method, headers: signed.headers, redirect: 'manual', signal: silence.signal } as const
    const response = await heard(fetch(signed.url, sends ? { ...request, ...bodyOf(body) } : request), body.byteLength)
    const whole = method === 'HEAD' || response.headers.has('content-encoding') ? null : response.headers.get('content-length')
    const answer: Answer = {
      headers: response.headers,
      body: watched(response.body, whole === null ? undefined : Number(whole), heard),
      text: () => textOf(answer.body),
    }
    if (response.ok) {
      if (method === 'PUT' || method === 'DELETE') await answer.text() // says nothing, and holds the connection until it is read
      return answer
    }
    const said = method === 'HEAD' ? '' : await answer.text().catch(() => '') // the status tells enough
    throw new Refusal(ask, response.status, /<Code>(\w{1,64})<\/Code>/.exec(said)?.[1] ?? '')
  }

  /** @throws Refusal, or what the connection failed with */
  return async function send(ask: Ask): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      try {
        return await exchange(ask)
      } catch (error) {
        const pause = pauses[tries]
        if (pause === undefined || ask.once || !mayPass(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())))
      }
    }
  }
}

export type Send = ReturnType<typeof createBucket>

/**
 * Large bodies as streams: fetch copies bytes, and does not let go of them for long. Small ones need no stream, and Deno would send one without its
 * length, which S3 refuses.
 */
function bodyOf(bytes: Uint8Array<ArrayBuffer>): Pick<RequestInit, 'body'> & { duplex?: 'half' } {
  if (bytes.byteLength < 1024 ** 2 || 'Deno' in globalThis) return { body: bytes }
  async function* slices() {
    for (let at = 0; at < bytes.byteLength; at += 65_536) yield bytes.subarray(at, at + 65_536)
  }
  return { body: streamOf(slices(), () => {}), duplex: 'half' }
}

/** After silence nobody has the patience for more of it. */
function mayPass(error: unknown): boolean {
  if (error instanceof Refusal) return (error.status >= 500 && error.status !== 501) || error.status === 429
  return !(error instanceof Silence)
}

async function within<T>(ms: number, silence: AbortController, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => silence.abort(new Silence(`nothing came for ${ms} ms`)), ms)
  try {
    return await work
  } catch (error) {
    throw silence.signal.aborted ? silence.signal.reason : error
  } finally {
    clearTimeout(timer)
  }
}

/** `size`: bytes that are to come, if that is known. */
function watched(
  body: ReadableStream<Uint8Array> | null,
  size: number | undefined,
  heard: <T>(work: Promise<T>) => Promise<T>,
): ReadableStream<Uint8Array> {
  const reader = body?.getReader()
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let came = 0
    for (;;) {
      const { done, value } = (await (reader && heard(reader.read()))) ?? { done: true }
      if (done || !value) break
      came += value.byteLength
      yield value
    }
    if (size !== undefined && came !== size) throw new Error(`the answer broke off after ${came} of ${size} bytes`)
  }
  return streamOf(chunks(), (reason) => void reader?.cancel(reason).catch(() => {})) // the connection may have gone already
}

async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > longest) throw new Error(`the answer has more than ${longest} bytes`)
  }
  return text + decoder.decode()
}

/** By slices: all at once would be copied, and keep others waiting. */
async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = hashBy('sha256')
  const slice = 1024 ** 2
  for (let at = 0; at < bytes.byteLength; at += slice) {
    if (at) await new Promise((resolve) => setTimeout(resolve))
    hash.update(bytes.subarray(at, at + slice))
  }
  return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
