/** POST /files/import: a content by its address. */
import type { Context } from 'hono'
import { type Env, isObject, problems, readJson } from 'plinth'
import type { Item } from 'plinth/items'
import { deniedBy } from './addresses.ts'
import type { FetchOptions } from './import.node.ts'
import { streamOf } from './streams.ts'
import type { Source } from './uploads.ts'

export interface ImportOptions extends Omit<FetchOptions, 'denied'> {
  /** Entries of IMPORT_IP_DENY_LIST. */
  readonly denied: readonly string[]
}

/** `{url, data}`. @throws INVALID_PAYLOAD for anything else. */
export async function importOf(c: Context<Env>): Promise<{ url: string; fields: Item }> {
  const body = await readJson(c)
  if (!isObject(body)) throw problems.INVALID_PAYLOAD('The body must be an object with "url".')
  const { url, data = {}, ...other } = body
  const [more] = Object.keys(other)
  if (more !== undefined) throw problems.INVALID_PAYLOAD(`"${more}" is not a member of this body; there are "url" and "data".`)
  if (typeof url !== 'string' || url === '') throw problems.INVALID_PAYLOAD('"url" must be an address.')
  if (!isObject(data)) throw problems.INVALID_PAYLOAD('"data" must be an object.')
  return { url, fields: data }
}

/** The same answer whatever went wrong: what differs would tell what there is inside. @throws SERVICE_UNAVAILABLE */
export async function fetchImport(url: string, options: ImportOptions, told: (reason: unknown) => void): Promise<Source> {
  const { fetchGuarded } = await import('./import.node.ts')
  const unreachable = (cause: unknown) => {
    told(cause)
    return problems.SERVICE_UNAVAILABLE('The file could not be fetched from its address.', { service: 'external-file' }, cause)
  }
  async function* parts(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* content
    } catch (cause) {
      throw unreachable(cause)
    }
  }
  try {
    const { filename, type, ...fetched } = await fetchGuarded(url, { ...options, denied: deniedBy(options.denied) })
    return { filename, type, content: streamOf(parts(fetched.content), fetched.stop) }
  } catch (cause) {
    throw unreachable(cause)
  }
}
