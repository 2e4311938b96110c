/** What other plugins may import of files, as `plinth/files`: where contents are kept, and how a third party keeps them elsewhere. */
import { type Host, hookPoint, service } from 'plinth'
import type { readForm as ReadForm } from './multipart.node.ts'

export interface Stored {
  /** Bytes. */
  readonly size: number
  readonly modified: Date
}

/** Bytes from `start` to `end`, both counted from 0, `end` included; without it to the last one. */
export interface ByteRange {
  readonly start: number
  readonly end?: number
}

/**
 * A place for contents, by names that hold no path. What is there never changes under its name but by another `put`, and is there as a whole
 * or not at all. Whatever a driver throws is logged, and answered as SERVICE_UNAVAILABLE.
 */
export interface StorageDriver {
  /** Keeps all of `content`, in place of what had this name; answers its bytes. When it fails nothing is left, and what was there is. */
  put(name: string, content: ReadableStream<Uint8Array>, type?: string): Promise<number>
  /** Undefined when it is not there. Whoever stops reading cancels the stream; one that breaks off ends in an error. */
  get(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array> | undefined>
  stat(name: string): Promise<Stored | undefined>
  /** What is not there is no fault. */
  delete(name: string): Promise<void>
  /** Names that begin with `prefix`, in no order. */
  list(prefix: string): AsyncIterable<string>
  /** Where contents are files of this machine: the one of this name, for whoever need not have it in memory. */
  path?(name: string): string
  /** Where a `put` whose process ends can leave something behind: removes that, of this name. */
  tidy?(name: string): Promise<void>
  /** For /server/health: throws when the place does not work. Without it `stat` is asked. */
  check?(): Promise<void>
}

/** A content: where it is, and what it is called there. */
export interface Place {
  /** A location. */
  readonly storage: string
  readonly name: string
}

export interface Storage {
  /** Names of STORAGE_LOCATIONS. New files go to the first. */
  readonly locations: readonly [string, ...string[]]
  /** @throws INVALID_PAYLOAD for a location that is not configured. */
  at(location: string): StorageDriver
  /**
   * Before a content is derived of a file: true for one process, which puts it there and releases it; false for all others until then.
   * Whoever takes longer than a minute may be overtaken.
   */
  claim(place: Place, file: string): Promise<boolean>
  release(place: Place): Promise<void>
}

/** What its owner makes of STORAGE_<NAME>_*: `ROOT`, `BUCKET`… without that prefix. */
export type LocationOptions = Readonly<Record<string, string>>

/** Makes a location. A message that it throws stops the start, with the location's name before it. */
export type DriverFactory = (options: LocationOptions, location: string) => StorageDriver | Promise<StorageDriver>

/** Run once at the start: handlers add drivers by the name that STORAGE_<NAME>_DRIVER gives. */
export interface DriversEvent {
  readonly drivers: Map<string, DriverFactory>
}

/** Work on contents that an answer waits for: what a storage does, what is made of an image. */
export interface StageEvent {
  readonly name: 'store' | 'transform'
}

export const storage = service<Storage>('files.storage')
export const storageDrivers = hookPoint<DriversEvent>('files.drivers')
/** Handlers go around the work: they measure it. */
export const contentStage = hookPoint<StageEvent>('files.stage')

export async function inStage<T>(host: Pick<Host, 'run' | 'hooked'>, name: StageEvent['name'], work: () => Promise<T>): Promise<T> {
  if (!host.hooked(contentStage)) return work()
  let result!: T
  await host.run(contentStage, { name }, async () => {
    result = await work()
  })
  return result
}

/** Whatever is derived of a file, such as a smaller image, is kept where its content is, under a name that begins with this; it goes with the content. */
export const derivedPrefix = (filenameDisk: string): string => `${filenameDisk.replace(/\.[^.]*$/, '')}__`

/** What the columns of directus_files hold, of what others need. */
export interface FileRow {
  readonly id: string
  readonly storage: string
  /** Null: there is no content. Contents that take another's place get a new name. */
  readonly filename_disk: string | null
  readonly filename_download: string
  readonly title: string | null
  readonly type: string | null
  /** Bytes, in digits. */
  readonly filesize: string | null
  readonly width: number | null
  readonly height: number | null
  readonly folder: string | null
  readonly focal_point_x: number | null
  readonly focal_point_y: number | null
  readonly uploaded_on: string | null
  readonly modified_on: string
}

export type { FormLimits, SentFile } from './multipart.node.ts'

export const isForm = (contentType: string | null): contentType is string => /^multipart\/form-data\s*(;|$)/i.test(contentType ?? '')

/** Forms with files, read as they arrive; the parser is loaded with the first of them. Works also where the plugin is off. */
export const readForm = (async (...asked: Parameters<typeof ReadForm>) =>
  (await import('./multipart.node.ts')).readForm(...asked)) as typeof ReadForm

/** The library for images, set to open nothing but what it may. */
export const loadSharp = async () => (await import('./sharp.ts')).sharp
