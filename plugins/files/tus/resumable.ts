/**
 * Uploads that go on where they broke off. What arrives is kept as parts in the storage that the file is for, each noted in the upload's row once it is
 * whole, so that any process may go on, and nothing but a part under way is lost with one. Nothing is locked: of two who write from the same offset
 * the first to end its part wins, the other hears of it.
 */
import { type Accountability, type Host, Problem, problems } from 'plinth'
import type { Items } from 'plinth/items'
import type { Place, Storage } from '../api.ts'
import { hashBy } from '../digest.node.ts'
import { type Leftovers, partName } from '../leftovers.ts'
import { isAllowed } from '../sniff.ts'
import { observed, streamOf } from '../streams.ts'
import { inTitleCase } from '../title.ts'
import { type Along, checkedFilename, type UploadLimits, type Uploads } from '../uploads.ts'
import { parseMetadata } from './metadata.ts'
import { Pieces } from './pieces.ts'
import { tusProblems } from './problems.ts'

export interface ResumableOptions {
  /** Bytes of a part. */
  readonly part: number
  /** ms that an upload may be left alone. */
  readonly expiration: number
  readonly limits: UploadLimits
}

export interface ResumableParts extends ResumableOptions {
  readonly host: Host
  readonly items: Items
  readonly storage: Storage
  readonly leftovers: Leftovers
  readonly uploads: Uploads
}

/** A row of plinth.file_uploads. */
export interface Upload {
  readonly id: string
  /** Bytes. */
  readonly size: number
  readonly received: number
  /** As it was sent. */
  readonly metadata: string
  readonly storage: string
  /** Names of contents, in order. */
  readonly parts: readonly string[]
  /** The file whose content it is to replace. */
  readonly replaces: string | null
  /** The file that came of it. */
  readonly file: string | null
  readonly expires: Date
}

export interface Checksum {
  readonly algorithm: string
  readonly digest: Uint8Array
}

const table = 'plinth.file_uploads'
const columns = 'id, size, received, metadata, storage, parts, replaces, file, due'
const collection = 'directus_files'

/** So many parts an upload may have at most, and of such that are full. */
const most = { parts: 10_000, full: 1000 }
/** ms after which a part ends, so that little is lost of what comes slowly. */
const patience = 30_000

export class Resumable {
  readonly #parts: ResumableParts

  constructor(parts: ResumableParts) {
    this.#parts = parts
  }

  /** @throws FORBIDDEN, CONTENT_TOO_LARGE, INVALID_METADATA, UNSUPPORTED_MEDIA_TYPE, and whatever the row of the file would be refused for */
  async begin(size: number, metadata: string, access: Accountability): Promise<Upload> {
    const { host, items, storage, uploads, limits, expiration } = this.#parts
    if (size > limits.size) throw problems.CONTENT_TOO_LARGE(`A file may have ${limits.size} bytes (FILES_MAX_UPLOAD_SIZE).`)
    const { filename, type, id, ...said } = sourceOf(metadata)
    const replaced = id === undefined ? undefined : await this.#replaced(id, access)
    const fields = replaced ? {} : said.fields
    await uploads.check(access, replaced?.id)
    if (!isAllowed(type, limits.types)) throw problems.UNSUPPORTED_MEDIA_TYPE(`Files of the type "${type}" are not allowed.`)
    const row = uploads.announced({ filename, type }, fields, replaced)
    storage.at(String(row.storage))
    await items.attempt(collection, replaced?.id ?? null, row, { access })
    const [begun] = await host.db.query<Row>(
      `insert into ${table} (id, owner, size, metadata, storage, replaces, due)
       values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 ms') returning ${columns}`,
      [crypto.randomUUID(), ownerOf(access), size, metadata, String(row.storage), replaced?.id ?? null, expiration],
    )
    return toUpload(begun!)
  }

  /** Only whoever began it goes on. @throws UPLOAD_NOT_FOUND, UPLOAD_EXPIRED, FORBIDDEN for who makes no files */
  async find(id: string, access: Accountability): Promise<Upload> {
    if (!/^[0-9a-f]{32}$/.test(id)) throw tusProblems.UPLOAD_NOT_FOUND()
    const [found] = await this.#parts.host.db.query<Row & { over: boolean }>(
      `select ${columns}, due <= now() as over from ${table} where id = $1::uuid and owner is not distinct from $2::uuid`,
      [id, ownerOf(access)],
    )
    if (!found) {
      await this.#parts.uploads.check(access)
      throw tusProblems.UPLOAD_NOT_FOUND()
    }
    if (found.over) throw tusProblems.UPLOAD_EXPIRED()
    return toUpload(found)
  }

  /**
   * Takes what a body holds; with a checksum all of it or nothing. With the last byte the file is there.
   * @throws CONTENT_TOO_LARGE, CHECKSUM_MISMATCH, UPLOAD_CONFLICT, and whatever the file is refused for
   */
  async append(upload: Upload, body: ReadableStream<Uint8Array> | null, access: Accountability, checksum?: Checksum): Promise<Upload> {
    const { storage, leftovers, part, uploads } = this.#parts
    if (upload.file !== null) return upload
    await uploads.check(access, upload.replaces ?? undefined)
    const driver = storage.at(upload.storage)
    const pieces = new Pieces(body)
    const full = checksum ? upload.size : Math.max(part, Math.ceil(upload.size / most.full))
    let current = upload
    try {
      while (current.received < current.size && (await pieces.more())) {
        if (current.parts.length >= most.parts) throw problems.INVALID_PAYLOAD(`An upload may come in ${most.parts} pieces at most.`)
        const place = { storage: current.storage, name: partName() }
        await leftovers.claim(place, current.id)
        try {
          const piece = pieces.next(Math.min(full, current.size - current.received), checksum ? Number.POSITIVE_INFINITY : patience)
          const hash = checksum && hashBy(checksum.algorithm)
          const bytes = await driver.put(place.name, hash ? observed(piece, (chunk) => hash.update(chunk)) : piece)
          if (hash && (pieces.broken || !equal(hash.digest(), checksum!.digest))) throw tusProblems.CHECKSUM_MISMATCH()
          const isLast = current.received + bytes === current.size
          if ((isLast || hash) && (await pieces.more())) throw tooMuch(upload)
          current = isLast ? await this.#finish(current, place, access) : await this.#keep(current, place, bytes)
        } catch (error) {
          await leftovers.abandon(place)
          throw error
        }
      }
      if (upload.size === 0 && !(await pieces.more())) current = await this.#finish(current, undefined, access)
      if (current.file === null && pieces.broken === undefined && (await pieces.more())) throw tooMuch(upload)
      return current
    } catch (error) {
      pieces.stop()
      throw error
    }
  }

  /** Ends it; what came of it stays. */
  async end({ id }: Upload): Promise<void> {
    await this.#remove('id = $1::uuid', [id])
    await this.#parts.leftovers.clear([id])
  }

  /** Ends all that were left alone for too long. */
  async expire(): Promise<void> {
    await this.#remove('due <= now()', [])
    await this.#parts.leftovers.clear()
  }

  async #remove(which: string, values: string[]): Promise<void> {
    await this.#parts.host.db.query(
      `with gone as (delete from ${table} where ${which} returning id, storage, parts)
       insert into plinth.file_leftovers (storage, name, file) select storage, unnest(parts), id from gone
       on conflict (storage, name) do update set due = now()`,
      values,
    )
  }

  /** Notes a part that is whole. */
  async #keep(upload: Upload, { name }: Place, bytes: number): Promise<Upload> {
    const [kept] = await this.#parts.host.db.query<Row>(
      `with moved as (
         update ${table} set received = received + $3, parts = parts || $4::text, due = now() + $5 * interval '1 ms'
         where id = $1 and received = $2 and file is null returning *
       ), known as (delete from plinth.file_leftovers l using moved where l.storage = moved.storage and l.name = $4)
       select ${columns} from moved`,
      [upload.id, upload.received, bytes, name, this.#parts.expiration],
    )
    if (!kept) throw tusProblems.UPLOAD_CONFLICT()
    return toUpload(kept)
  }

  /** Puts the parts together, the last one among them, which is noted with the file alone: if this process ends before, the client sends it again. */
  async #finish(upload: Upload, last: Place | undefined, access: Accountability): Promise<Upload> {
    const { uploads, leftovers } = this.#parts
    const names = [...upload.parts, ...(last ? [last.name] : [])]
    try {
      const { filename, type, ...said } = sourceOf(upload.metadata)
      const replaced = upload.replaces === null ? undefined : await uploads.current(upload.replaces)
      const fields = replaced ? {} : said.fields
      if (upload.replaces !== null && !replaced) throw problems.FORBIDDEN()
      const content = this.#whole(upload.storage, names)
      const taken = await uploads.take({ filename, type, content }, fields, replaced)
      let done: Row | undefined
      const along: Along = async (db) => {
        ;[done] = await db.query<Row>(
          `update ${table} set received = size, parts = '{}', file = $3, due = now() + $4 * interval '1 ms' where id = $1 and received = $2 and file is null returning ${columns}`,
          [upload.id, upload.received, taken.id, this.#parts.expiration],
        )
        if (!done) throw tusProblems.UPLOAD_CONFLICT()
        await leftovers.drop(
          db,
          names.map((name) => ({ storage: upload.storage, name, file: upload.id })),
        )
      }
      if (replaced) await uploads.replace(taken, { access }, along)
      else await uploads.create([taken], { access }, along)
      await leftovers.clear([upload.id])
      return toUpload(done!)
    } catch (error) {
      if (isRefusal(error)) await this.end(upload)
      throw error
    }
  }

  #whole(location: string, names: readonly string[]): ReadableStream<Uint8Array> {
    const driver = this.#parts.storage.at(location)
    async function* contents(): AsyncGenerator<Uint8Array> {
      for (const name of names) {
        const content = await driver.get(name)
        if (!content) throw tusProblems.UPLOAD_CONFLICT('Its parts are not there any more: another request has ended it.')
        yield* content as unknown as AsyncIterable<Uint8Array>
      }
    }
    const whole = contents()
    return streamOf(whole, () => void whole.return(undefined).catch(() => {})) // lets go of the part that is open
  }

  /** The file of an `id` among the metadata. One that there is not stands for a new file, but that is for those to hear who see all. */
  async #replaced(id: string, access: Accountability) {
    const found = await this.#parts.uploads.current(id)
    if (!found && !access.admin) throw problems.FORBIDDEN()
    return found
  }
}

interface Row {
  readonly id: string
  readonly size: string
  readonly received: string
  readonly metadata: string
  readonly storage: string
  readonly parts: readonly string[]
  readonly replaces: string | null
  readonly file: string | null
  readonly due: string
}

const toUpload = ({ id, size, received, due, ...rest }: Row): Upload => ({
  ...rest,
  id: id.replaceAll('-', ''),
  size: Number(size),
  received: Number(received),
  expires: new Date(due),
})

/** Somebody with an account, or with a share; all others are one. */
const ownerOf = ({ user, share }: Accountability): string | null => user ?? share

/** A file that gets another content keeps its `fields`. */
function sourceOf(metadata: string) {
  const { filename_download: name = '', type = '', id, ...fields } = parseMetadata(metadata)
  if (!name) throw tusProblems.INVALID_METADATA('"filename_download" is required.')
  const filename = checkedFilename(name)
  const title = fields.title || inTitleCase(filename)
  return { filename, type: type.toLowerCase() || 'application/octet-stream', id, fields: { ...fields, title } }
}

const tooMuch = ({ size }: Upload) => problems.CONTENT_TOO_LARGE(`The upload was to have ${size} bytes.`)

const equal = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i])

/** What would be refused again. */
const isRefusal = (error: unknown): boolean =>
  (error instanceof AggregateError ? error.errors : [error]).some(
    (one) => one instanceof Problem && one.status < 500 && one.code !== 'UPLOAD_CONFLICT',
  )
