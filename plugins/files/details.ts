/**
 * What is known of contents beyond the columns of directus_files: a checksum, made while they arrive, and of pictures a ThumbHash
 * (https://evanw.github.io/thumbhash), made one by one after them, and of files that came otherwise when it is first asked for.
 */
import { type Host, isUuid, type Log, problems, type Queryable, quoteTable } from 'plinth'
import type { Caller, Items } from 'plinth/items'
import type { FileRow, Storage, StorageDriver } from './api.ts'
import { isDescribed } from './describe.ts'
import type { Uploaded } from './uploads.ts'

const table = 'plinth.file_details'
const collection = 'directus_files'

/** Files that one request may ask about, and pictures that may wait. */
const most = { asked: 100, waiting: 10_000 }
/** Pixels of a picture. */
const largest = 36e6

export interface Details {
  readonly id: string
  /** Hexadecimal; null for a content that did not arrive here. */
  readonly sha256: string | null
  /** Base64; null for what is no picture, or not yet. */
  readonly thumbhash: string | null
}

export interface DetailsParts {
  readonly host: Host
  readonly items: Items
  readonly storage: Storage
  /** Bytes that a picture may have. */
  readonly described: number
}

type Kept = Pick<FileRow, 'id' | 'storage' | 'type' | 'filesize'> & { readonly filename_disk: string }

export class FileDetails {
  readonly #parts: DetailsParts
  readonly #waiting = new Set<string>()
  #work: Promise<void> = Promise.resolve()
  #over = false

  constructor(parts: DetailsParts) {
    this.#parts = parts
  }

  /** Of the files among `ids` that the caller may read, in this order. @throws INVALID_QUERY, FORBIDDEN */
  async of(ids: readonly string[], caller: Caller): Promise<Details[]> {
    if (!ids.length || ids.length > most.asked || !ids.every(isUuid))
      throw problems.INVALID_QUERY(`"ids" must be 1 to ${most.asked} keys, separated by commas.`)
    const keys = ids.map((id) => id.toLowerCase())
    const fields = ['id']
    const readable = await this.#parts.items.list<{ id: string }>(collection, { fields, filter: { id: { _in: keys } }, limit: -1 }, caller)
    const found = await this.#parts.host.db.query<Details & Kept>(
      `select f.id, f.storage, f.filename_disk, f.type, f.filesize, d.sha256, d.thumbhash
       from ${this.#files} f left join ${table} d on d.file = f.id and d.name = f.filename_disk where f.id = any($1::uuid[])`,
      [readable.map(({ id }) => id)],
    )
    for (const file of found) if (file.thumbhash === null) this.enqueue(file)
    const byId = new Map(found.map(({ id, sha256, thumbhash }) => [id, { id, sha256, thumbhash: thumbhash || null }]))
    return [...new Set(keys)].flatMap((id) => byId.get(id) ?? [])
  }

  /** Notes what an upload says itself, in its transaction, and has the rest made. */
  async note(db: Queryable, uploads: readonly Uploaded[]): Promise<void> {
    await db.query(
      `insert into ${table} (file, name, sha256) select * from unnest($1::uuid[], $2::text[], $3::text[])
       on conflict (file) do update set name = excluded.name, sha256 = excluded.sha256, thumbhash = null`,
      [uploads.map(({ id }) => id), uploads.map(({ name }) => name), uploads.map(({ sha256 }) => sha256)],
    )
  }

  /** Whatever cannot be made now is made when it is asked for. */
  enqueue({ id, storage, filename_disk, type, filesize }: Kept): void {
    if (!isDescribed(type ?? '') || Number(filesize) > this.#parts.described || !filename_disk) return
    if (this.#waiting.has(filename_disk) || this.#waiting.size >= most.waiting) return
    this.#waiting.add(filename_disk)
    this.#work = this.#work.then(async () => {
      if (!this.#over) await this.#make(id, storage, filename_disk)
      this.#waiting.delete(filename_disk)
    })
  }

  /** Nothing more is begun. */
  async close(): Promise<void> {
    this.#over = true
    await this.#work
  }

  async #make(id: string, location: string, name: string): Promise<void> {
    const { host, storage } = this.#parts
    const log: Log = host.log
    try {
      const driver = storage.at(location)
      const hash = await thumbhashOf(driver, name)
      // The empty one stands for a picture that cannot be read, so that nobody tries again.
      await host.db.query(
        `insert into ${table} as d (file, name, thumbhash) select id, filename_disk, $3 from ${this.#files} where id = $1 and filename_disk = $2
         on conflict (file) do update set thumbhash = excluded.thumbhash where d.name = excluded.name`,
        [id, name, hash ?? ''],
      )
    } catch (error) {
      log.warn('a thumbhash could not be made; it is tried again when it is asked for', { file: id, error })
    }
  }

  get #files(): string {
    return quoteTable(this.#parts.host.registry.snapshot.tables.get(collection)!)
  }
}

/** Undefined for what cannot be read as a picture. */
async function thumbhashOf(driver: StorageDriver, name: string): Promise<string | undefined> {
  const source = driver.path?.(name) ?? new Uint8Array(await new Response(await driver.get(name)).arrayBuffer())
  const [{ sharp }, { rgbaToThumbHash }] = await Promise.all([import('./sharp.ts'), import('thumbhash')])
  const small = sharp(source, { failOn: 'none', limitInputPixels: largest, autoOrient: true }).timeout({ seconds: 10 })
  const made = await small
    .resize(100, 100, { fit: 'inside' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(() => undefined) // broken pictures have none
  return made && btoa(String.fromCharCode(...rgbaToThumbHash(made.info.width, made.info.height, made.data)))
}
