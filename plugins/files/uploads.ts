/** Uploads: a content goes to its storage as it arrives, is looked at, and then its row is written; or nothing of it stays. */
import { type Accountability, type Host, isUuid, problems, quoteTable, system, type Transaction } from 'plinth'
import type { Caller, Item, Items, Key } from 'plinth/items'
import type { FileRow, Place, Storage } from './api.ts'
import { type Description, describe, isDescribed, nothing } from './describe.ts'
import type { FileDetails } from './details.ts'
import { type Hash, hashBy } from './digest.node.ts'
import type { Leftovers } from './leftovers.ts'
import { headSize, isAllowed, typeOf } from './sniff.ts'
import { observed, peek } from './streams.ts'
import { extensionOf, toTitle } from './title.ts'

export interface UploadLimits {
  /** Bytes of a file. */
  readonly size: number
  /** Types that may be kept. */
  readonly types: readonly string[]
  /** Bytes of a picture that are looked at. */
  readonly described: number
  /** Tags of a picture that are kept: `ifd0.Make`; `*` for all. */
  readonly tags: readonly string[]
}

export interface Source {
  readonly filename: string
  readonly type: string
  readonly content: ReadableStream<Uint8Array>
}

/** Of a content to come. */
export interface Announced {
  readonly filename: string
  readonly type: string
  /** What it says itself. */
  readonly title?: string | undefined
}

/** What is to be written in the same transaction. */
export type Along = (db: Transaction) => Promise<void>

/** A content that is there, and what its row gets. */
export interface Uploaded extends Place {
  readonly id: string
  /** Of the content, hexadecimal. */
  readonly sha256: string
  /** As sent, of the fields that there are, and what the upload itself says: for all of these the writer needs the right. */
  readonly given: Item
  /** The server's own: whatever is sent does not count. */
  readonly kept: Item
  /** Where nothing is sent. */
  readonly otherwise: Item
}

export interface UploadParts {
  readonly host: Host
  readonly items: Items
  readonly storage: Storage
  readonly leftovers: Leftovers
  readonly details: FileDetails
  readonly limits: UploadLimits
  /** What the hooks of the table add to the rows of a transaction. */
  readonly additions: WeakMap<Transaction, readonly Uploaded[]>
}

const collection = 'directus_files'
/** Fields of a form that do not count: what the server keeps, and says for itself. */
const ignored = new Set([
  'filename_disk',
  'filesize',
  'type',
  'metadata',
  'uploaded_on',
  'uploaded_by',
  'created_on',
  'modified_by',
  'modified_on',
  'tus_id',
  'tus_data',
])

export class Uploads {
  readonly #parts: UploadParts

  constructor(parts: UploadParts) {
    this.#parts = parts
  }

  /** Before anything is read. @throws FORBIDDEN where `access` may do this to no file, or not to this one. */
  async check(access: Accountability, replaces?: string): Promise<void> {
    const { items } = this.#parts
    if (!items.visible(access).writable(replaces === undefined ? 'create' : 'update', collection)) throw problems.FORBIDDEN()
    if (replaces !== undefined && !(await items.rules.touches(access, collection, replaces)).update.access) throw problems.FORBIDDEN()
  }

  /** Keeps a content under a name of its own, for a new file, or for one that is there. */
  async take(source: Source, fields: Item, current?: Pick<FileRow, 'id' | 'storage' | 'filename_disk'>): Promise<Uploaded> {
    const { storage, leftovers } = this.#parts
    const filename = checkedFilename(source.filename)
    if (fields.id !== undefined && !isUuid(String(fields.id))) throw problems.INVALID_PAYLOAD('"id" must be a UUID.', { field: 'id' })
    const id = current?.id ?? String(fields.id ?? crypto.randomUUID()).toLowerCase()
    const location = this.#locationOf(fields, current)
    const driver = storage.at(location)
    const head = await peek(source.content, headSize)
    const type = await this.#typeOf(head.bytes, source.type, head.whole)

    // A content that takes another's place gets a name of its own: until the row says so, and if it never does, the other one is there.
    const name = `${current ? crypto.randomUUID() : id}${extensionOf(filename) || (await extensionFor(type))}`
    const place = { storage: location, name }
    const taken = () => problems.RECORD_NOT_UNIQUE('There is such a file.', { collection, field: 'id', value: id })
    if (!(await leftovers.claim(place, id))) throw taken()
    if (fields.id !== undefined && (await driver.stat(name))) {
      await leftovers.abandon(place)
      throw taken()
    }
    try {
      const hash = hashBy('sha256')
      const size = await driver.put(name, bounded(head.whole, this.#parts.limits.size, hash), type)
      const { width, height, metadata, ...said } = await this.#describe(location, name, type, size)
      return {
        ...place,
        id,
        sha256: toHex(hash.digest()),
        given: this.announced({ filename, type, title: said.title }, fields, current),
        kept: { id, storage: location, filename_disk: name, type, filesize: size, uploaded_on: new Date().toISOString() },
        otherwise: { width, height, metadata, ...(current ? {} : said) },
      }
    } catch (error) {
      await leftovers.abandon(place)
      throw error
    }
  }

  /** What its writer says of a file, in so many words or by the upload itself. @throws INVALID_PAYLOAD for a location that is not configured */
  announced({ filename, type, title }: Announced, fields: Item, current?: Pick<FileRow, 'id' | 'storage'>): Item {
    const known = this.#parts.host.registry.snapshot.tables.get(collection)!.fields
    const given = Object.fromEntries(Object.entries(fields).filter(([name]) => known.has(name) && !ignored.has(name)))
    return {
      ...given,
      storage: this.#locationOf(fields, current),
      type,
      filename_download: given.filename_download || filename,
      ...(current ? {} : { title: given.title || (title ?? toTitle(filename)) }),
    }
  }

  /** Writes the rows of what was taken, all or none, and what comes along with them. */
  async create(uploads: readonly Uploaded[], caller: Caller, along?: Along): Promise<Key[]> {
    return this.#write(uploads, caller, async (inside) => {
      const rows = uploads.map(({ given }) => given)
      const keys = await this.#parts.items.create(collection, rows, inside)
      await along?.(inside.db!)
      return keys
    })
  }

  /** Gives a file the content that was taken; what it had goes. */
  async replace(upload: Uploaded, caller: Caller, along?: Along): Promise<void> {
    const { items, leftovers } = this.#parts
    await this.#write([upload], caller, async (inside) => {
      const before = await inside.db!.query<Place & { file: string }>(
        `select id as file, storage, filename_disk as name from ${this.filesPath} where id = $1 and filename_disk is not null for update`,
        [upload.id],
      )
      const found = await items.update(collection, [upload.id], upload.given, inside)
      if (!found.length) throw problems.FORBIDDEN()
      await leftovers.drop(inside.db!, before)
      await along?.(inside.db!)
    })
    await leftovers.clear([upload.id])
  }

  /** Where the content of a file is; undefined where there is no such file. @throws FORBIDDEN for what is no key. */
  async current(key: string): Promise<Pick<FileRow, 'id' | 'storage' | 'filename_disk'> | undefined> {
    const { items } = this.#parts
    if (!isUuid(key)) throw problems.FORBIDDEN()
    const fields = ['id', 'storage', 'filename_disk']
    const [row] = await items.list<FileRow>(collection, { fields, filter: { id: { _eq: key } } }, { access: system })
    return row
  }

  /** Of uploads whose rows are not to be written after all. */
  async abandon(uploads: readonly Uploaded[]): Promise<void> {
    for (const upload of uploads) await this.#parts.leftovers.abandon(upload)
  }

  get filesPath(): string {
    return quoteTable(this.#parts.host.registry.snapshot.tables.get(collection)!)
  }

  async #write<T>(uploads: readonly Uploaded[], caller: Caller, work: (inside: Caller) => Promise<T>): Promise<T> {
    const { items, leftovers, details, additions } = this.#parts
    try {
      const result = await items.within(caller, async (inside) => {
        additions.set(inside.db!, uploads)
        const done = await work(inside)
        await leftovers.keep(inside.db!, uploads)
        await details.note(inside.db!, uploads)
        return done
      })
      for (const { kept } of uploads) details.enqueue(kept as unknown as FileRow & { filename_disk: string })
      return result
    } catch (error) {
      await this.abandon(uploads)
      throw error
    }
  }

  /** A file whose location is configured no more gets its new content at the first one. */
  #locationOf(fields: Item, current?: Pick<FileRow, 'storage'>): string {
    const { locations } = this.#parts.storage
    return String(fields.storage ?? locations.find((one) => one === current?.storage) ?? locations[0])
  }

  async #typeOf(head: Uint8Array, declared: string, rest: ReadableStream): Promise<string> {
    const type = await typeOf(head, declared)
    if (isAllowed(type, this.#parts.limits.types)) return type
    await rest.cancel()
    throw problems.INVALID_PAYLOAD(`Files of the type "${type}" are not allowed (FILES_MIME_TYPE_ALLOW_LIST).`)
  }

  async #describe(location: string, name: string, type: string, size: number): Promise<Description> {
    if (!isDescribed(type) || size === 0) return nothing
    const range = { start: 0, end: Math.min(size, this.#parts.limits.described) - 1 }
    const stream = await this.#parts.storage.at(location).get(name, range)
    return describe(new Uint8Array(await new Response(stream).arrayBuffer()), this.#parts.limits.tags)
  }
}

/** Of a name, what is no path. @throws VALUE_TOO_LONG */
export function checkedFilename(sent: string): string {
  const name = (sent.split(/[/\\]/).at(-1) ?? '').replace(/\p{Cc}/gu, '').toWellFormed()
  if (name.length > 255)
    throw problems.VALUE_TOO_LONG('The name of the file has more than 255 characters.', {
      collection,
      field: 'filename_download',
      value: null,
    })
  return /^\.*$/.test(name) ? 'file' : name
}

async function extensionFor(type: string): Promise<string> {
  const { mimes } = await import('mrmime')
  const preferred: Record<string, string> = { 'image/jpeg': 'jpg', 'text/plain': 'txt', 'video/quicktime': 'mov', 'audio/mpeg': 'mp3' }
  const extension = preferred[type] ?? Object.keys(mimes).find((candidate) => mimes[candidate] === type)
  return extension && type !== 'application/octet-stream' ? `.${extension}` : ''
}

function bounded(stream: ReadableStream<Uint8Array>, limit: number, hash: Hash): ReadableStream<Uint8Array> {
  let size = 0
  return observed(stream, (chunk) => {
    size += chunk.byteLength
    if (size > limit) throw problems.CONTENT_TOO_LARGE(`A file may have ${limit} bytes (FILES_MAX_UPLOAD_SIZE).`)
    hash.update(chunk)
  })
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
