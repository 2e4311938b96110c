/** Transformed images: found where an earlier request left them, else made, once for all who ask at the same time, and left there. */
import { LRUCache } from 'lru-cache'
import { type Host, Problem, problems, quoteTable } from 'plinth'
import { derivedPrefix, type FileRow, inStage, type Place, type Storage, type StorageDriver } from 'plinth/files'
import { openContent, placeOf, unreachable } from './contents.ts'
import { digest } from './digest.node.ts'
import { createGate } from './gate.ts'
import type { Format, Wish } from './parameters.ts'
import { isCropped } from './plan.ts'
import type { Sendable } from './respond.ts'
import type { TransformLimits } from './transform.ts'

export interface DeriveLimits extends TransformLimits {
  /** Millions of pixels being worked on at once. */
  readonly megapixels: number
  /** Images being worked on at once. */
  readonly running: number
  readonly waiting: number
  /** Bytes that a source may have. */
  readonly bytes: number
  /** Bytes of results that are held at hand. */
  readonly memory: number
}

/** Written into the names: a change of what the same parameters make takes another number. */
const edition = 1

/** A file whose content is there, as far as its row knows. */
export type Kept = FileRow & { readonly filename_disk: string }

/** With the focal point of the file where it has one and the wish has none. */
export function withFocal(wish: Wish, { focal_point_x: x, focal_point_y: y }: FileRow): Wish {
  if (!isCropped(wish)) return { ...wish, focal: undefined } as Wish
  return wish.focal || x === null || y === null ? wish : { ...wish, focal: { x, y } }
}

/** Differs with everything that the result depends on. */
export function nameOf(file: Kept, wish: Wish, format: Format): string {
  const { focal, ...rest } = wish
  const said = [edition, Object.entries({ ...rest, ...(focal && { focal }), format }).sort(), file.uploaded_on, file.filesize]
  return `${derivedPrefix(file.filename_disk)}${digest(JSON.stringify(said))}.${format}`
}

export interface Derived {
  get(file: Kept, name: string, wish: Wish, format: Format): Promise<Sendable>
  /** When all that was made is kept. */
  settled(): Promise<void>
}

/** What is to be made, and where it is to be kept. */
interface Work {
  readonly place: Place
  readonly driver: StorageDriver
  readonly file: Kept
  readonly wish: Wish
  readonly format: Format
}

export function createDerived(host: Host, storage: Storage, limits: DeriveLimits): Derived {
  const gate = createGate({ weight: limits.megapixels, running: limits.running, waiting: limits.waiting })
  const making = new Map<string, Promise<Uint8Array>>()
  const keeping = new Set<Promise<void>>()
  const largest = Math.ceil(limits.memory / 32)
  // Names tell contents apart, so that what is held under one is never out of date.
  const held = new LRUCache<string, Uint8Array>({
    maxSize: Math.max(1, limits.memory),
    maxEntrySize: Math.max(1, largest),
    sizeCalculation: ({ byteLength }) => byteLength || 1,
  })
  const { log } = host

  /** Nobody waits for what becomes of a result in the storage. */
  function begin(key: string, work: Work): Promise<Uint8Array> {
    const made = makeOnce(work)
    const result = made.then(({ bytes }) => bytes)
    making.set(key, result)
    const kept = made
      .then(
        ({ bytes, isNew }) => {
          held.set(key, bytes)
          return isNew ? keep(work, bytes) : release(work.place)
        },
        () => {}, // whoever asked hears of it
      )
      .finally(() => {
        making.delete(key)
        keeping.delete(kept)
      })
    keeping.add(kept)
    return result
  }

  /** Of several processes that are asked for the same at the same time one makes it; the others wait until it is there, or that one has failed. */
  async function makeOnce(work: Work): Promise<{ readonly bytes: Uint8Array; readonly isNew: boolean }> {
    const { place, driver, file } = work
    let weight = Math.max(1, ((file.width ?? 0) * (file.height ?? 0)) / 1e6, Number(file.filesize ?? 0) / 4e6)
    let mine = false
    const attempt = async () => {
      if (!mine) {
        mine = await storage.claim(place, file.id)
        if (!mine) return undefined
        if (await driver.stat(place.name)) return { bytes: await readAll(host, driver, place.name, limits.bytes), isNew: false }
      }
      return make(host, work, weight, limits)
    }
    try {
      for (let pause = 20; ; pause = Math.min(2 * pause, 500)) {
        const result = await gate.run(weight, attempt)
        if (typeof result === 'object') return result
        if (result) weight = result
        else await new Promise((resolve) => setTimeout(resolve, pause))
      }
    } catch (error) {
      if (mine) await release(place)
      throw error
    }
  }

  async function release(place: Place): Promise<void> {
    await storage
      .release(place)
      .catch((error: unknown) => log.warn('others wait a minute for an image that nobody makes', { ...place, error }))
  }

  /** What cannot be kept is sent all the same. The file may have gone, or got another content, in the meantime: then nothing stays. */
  async function keep({ place, driver, file, format }: Work, bytes: Uint8Array): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve)) // the answer goes first
    try {
      await driver.put(place.name, new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(), `image/${format}`)
      const files = quoteTable(host.registry.snapshot.tables.get('directus_files')!)
      const [still] = await host.db.query(`select 1 as one from ${files} where id = $1::uuid and filename_disk = $2`, [
        file.id,
        file.filename_disk,
      ])
      if (!still) await driver.delete(place.name)
    } catch (error) {
      log.warn('a transformed image could not be kept; it is made anew when it is asked for again', { file: file.id, error })
    }
    await release(place)
  }

  return {
    async get(file, name, wish, format) {
      const place = { storage: file.storage, name }
      const key = `${file.storage}/${name}`
      const near = held.get(key) ?? (await making.get(key))
      if (near) return whole(near)
      const driver = placeOf(storage, file.storage)
      const found = await driver.stat(name)
      // No image is empty: such a one is being written, by a storage that shows it before it is whole. Whoever writes it has the claim.
      if (!found?.size) return whole(await (making.get(key) ?? begin(key, { place, driver, file, wish, format })))
      if (found.size > largest) return { size: found.size, stream: () => openContent(driver, name) }
      const bytes = await readAll(host, driver, name, largest)
      held.set(key, bytes)
      return whole(bytes)
    },
    async settled() {
      await Promise.all(keeping)
    },
  }
}

const whole = (bytes: Uint8Array): Sendable => ({ size: bytes.byteLength, stream: async () => bytes as Uint8Array<ArrayBuffer> })

/** Rows may be wrong about sizes: what turns out to be heavier answers its weight, leaves and waits again. */
async function make(host: Host, { driver, file, wish, format }: Work, weight: number, limits: DeriveLimits) {
  const { open, transform } = await import('./transform.ts')
  const source = await sourceOf(host, driver, file.filename_disk, limits.bytes)
  return inStage(host, 'transform', async () => {
    const opened = await open(source, wish, format, limits)
    const weighed = opened.pixels / 1e6
    if (weighed > weight * 1.01 && weight < limits.megapixels) return weighed
    return { bytes: await transform(source, opened, wish, format, limits), isNew: true }
  })
}

/** @throws what `readAll` does */
async function sourceOf(host: Pick<Host, 'log'>, driver: StorageDriver, name: string, most: number): Promise<Uint8Array | string> {
  const found = driver.path && (await driver.stat(name))
  if (!found) return readAll(host, driver, name, most)
  if (found.size > most) throw tooHeavy(most)
  return driver.path!(name)
}

const tooHeavy = (most: number) => problems.UNPROCESSABLE_CONTENT(`Images of more than ${most} bytes are not transformed.`)

/** @throws FORBIDDEN when it is not there, SERVICE_UNAVAILABLE when it breaks off, UNPROCESSABLE_CONTENT when it is more than `most` bytes */
async function readAll({ log }: Pick<Host, 'log'>, driver: StorageDriver, name: string, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const content = await openContent(driver, name)
  try {
    for await (const chunk of content as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength
      if (size > most) break
      chunks.push(chunk)
    }
  } catch (error) {
    log.warn('a content broke off', { name, error })
    throw error instanceof Problem ? error : unreachable(error)
  }
  if (size > most) throw tooHeavy(most)
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
