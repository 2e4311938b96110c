/** Contents of files, where their rows say that they are. */
import { problems } from 'plinth'
import type { ByteRange, Storage, StorageDriver } from 'plinth/files'

/** @throws SERVICE_UNAVAILABLE for a location that is configured no more */
export function placeOf(storage: Storage, location: string): StorageDriver {
  if (storage.locations.includes(location)) return storage.at(location)
  throw unreachable()
}

/** @throws FORBIDDEN when it is not there, SERVICE_UNAVAILABLE when nobody can tell */
export async function openContent(driver: StorageDriver, name: string, part?: ByteRange): Promise<ReadableStream<Uint8Array>> {
  const found = await driver.get(name, part)
  if (!found) throw missing()
  return found
}

export const missing = () => problems.FORBIDDEN('The content of this file is not there.')

export const unreachable = (error?: unknown) =>
  problems.SERVICE_UNAVAILABLE('The content of this file cannot be read from its storage.', { service: 'assets' }, error)
