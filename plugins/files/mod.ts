/** Files and folders: uploads at /files, contents in storages, all else as items. */
import { definePlugin, env, isAddressEntry, points } from 'plinth'
import { graphqlSchema } from 'plinth/graphql'
import { items } from 'plinth/items'
import { ownAddress } from 'plinth/mail'
import { healthChecks, serverInfo } from 'plinth/server'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { type Storage, storage, storageDrivers } from './api.ts'
import type { FileDetails } from './details.ts'
import { importField } from './graphql.ts'
import { watchFiles } from './hooks.ts'
import { createLeftovers } from './leftovers.ts'
import { createStorage, type Location, openLocations } from './locations.ts'
import { fileRoutes } from './routes.ts'
import { detailsTable, filesTable, foldersTable, leftoversTable, uploadsTable } from './tables.ts'
import { render, tusProblems } from './tus/problems.ts'
import type { Resumable } from './tus/resumable.ts'
import type { UploadParts, Uploads } from './uploads.ts'

const Options = v.object({
  STORAGE_LOCATIONS: env.list(['local']),
  /** STORAGE_<NAME>_DRIVER and what that driver takes. */
  'STORAGE_*': env.group(),
  FILES_MAX_UPLOAD_SIZE: env.size('10gb'),
  FILES_MIME_TYPE_ALLOW_LIST: env.list(['*/*']),
  /** Files of one form. */
  FILES_MAX_COUNT: env.integer(100, 1, 10_000),
  /** Where imports may not go; `0.0.0.0` is every network that is not public. */
  IMPORT_IP_DENY_LIST: v.pipe(env.list(['0.0.0.0']), v.everyItem(isAddressEntry, 'addresses and networks, separated by commas')),
  IMPORT_TIMEOUT: env.duration('5s'),
  IMPORT_MAX_REDIRECTS: env.integer(5, 0, 20),
  /** Bytes of a picture that are looked at for its size and tags. */
  FILES_METADATA_BYTES: env.size('16mb'),
  /** Tags of pictures that are kept in `metadata`; `*` for all. */
  FILE_METADATA_ALLOW_LIST: env.list([
    'ifd0.Make',
    'ifd0.Model',
    'exif.FNumber',
    'exif.ExposureTime',
    'exif.FocalLength',
    'exif.ISOSpeedRatings',
  ]),
  TUS_ENABLED: env.boolean(false),
  /** Bytes: what clients are told to send at once, and what is kept at once of what they send. */
  TUS_CHUNK_SIZE: env.size('8mb'),
  TUS_UPLOAD_EXPIRATION: env.duration('10m'),
  TUS_CLEANUP_SCHEDULE: env.matching(/^\s*(\S+\s+){4,5}\S+\s*$/, 'a cron expression such as 0 * * * *', '0 * * * *'),
})

export const files = definePlugin({
  name: 'files',
  needs: [items],
  after: ['settings'],
  gives: storage,
  options: Options,
  tables: [foldersTable, filesTable, leftoversTable, uploadsTable, detailsTable],
  problems: tusProblems,
  async setup(host, options): Promise<Storage> {
    const engine = host.use(items)
    const [first = 'local', ...more] = options.STORAGE_LOCATIONS
    let opened: ReadonlyMap<string, Location> = new Map()
    const places = createStorage([first, ...more], () => opened)
    const leftovers = createLeftovers(host, places)
    const contents: Storage = { ...places, claim: leftovers.claimDerived, release: leftovers.release }
    const additions: UploadParts['additions'] = new WeakMap()
    const limits = {
      size: options.FILES_MAX_UPLOAD_SIZE,
      types: options.FILES_MIME_TYPE_ALLOW_LIST,
      described: options.FILES_METADATA_BYTES,
      tags: options.FILE_METADATA_ALLOW_LIST,
    }
    let known: Promise<FileDetails> | undefined
    const details = () => {
      const parts = { host, items: engine, storage: contents, described: limits.described }
      known ??= import('./details.ts').then(({ FileDetails }) => new FileDetails(parts))
      return known
    }
    host.onClose(async () => (await known)?.close())
    let made: Promise<Uploads> | undefined
    const uploads = () => {
      made ??= Promise.all([import('./uploads.ts'), details()]).then(
        ([{ Uploads }, noted]) => new Uploads({ host, items: engine, storage: contents, leftovers, details: noted, limits, additions }),
      )
      return made
    }

    const routes = host.routes('/files')
    const imports = {
      denied: options.IMPORT_IP_DENY_LIST,
      timeout: options.IMPORT_TIMEOUT,
      redirects: options.IMPORT_MAX_REDIRECTS,
    }
    fileRoutes(routes, { items: engine, uploads, details, files: options.FILES_MAX_COUNT, imports, log: host.log })
    engine.crud(routes, filesTable.name, { single: true })
    engine.crud(host.routes('/folders'), foldersTable.name)
    host.hook(graphqlSchema, importField(engine))
    host.hook(openapi, async (event, next) => (await import('./openapi.ts')).describeRoutes(event, next))
    watchFiles(host, { leftovers, additions })
    host.schedule('17 * * * *', () => leftovers.clear())

    if (options.TUS_ENABLED) {
      const { tusRoutes } = await import('./tus/routes.ts')
      let resumable: Promise<Resumable> | undefined
      const open = () => {
        const given = { part: options.TUS_CHUNK_SIZE, expiration: options.TUS_UPLOAD_EXPIRATION, limits }
        resumable ??= Promise.all([import('./tus/resumable.ts'), uploads()]).then(
          ([{ Resumable }, taker]) => new Resumable({ ...given, host, items: engine, storage: contents, leftovers, uploads: taker }),
        )
        return resumable
      }
      const prefix = '/files/tus'
      tusRoutes(host.routes(prefix, { render }), { open, size: limits.size, address: `${ownAddress(host.config)}${prefix}` })
      host.schedule(options.TUS_CLEANUP_SCHEDULE, async () => (await open()).expire())
    }
    host.hook(serverInfo, async function tellUploads({ accountability, info }, next) {
      if (accountability.user) {
        info.files = { mimeTypeAllowList: options.FILES_MIME_TYPE_ALLOW_LIST }
        if (options.TUS_ENABLED) info.uploads = { tus: true, chunkSize: options.TUS_CHUNK_SIZE }
      }
      await next()
    })

    host.hook(healthChecks, async function checkStorages({ checks }, next) {
      for (const [location, { driver, threshold }] of opened)
        checks.push({ name: `storage:${location}:responseTime`, componentType: 'objectstore', threshold, run: () => driver.check!() })
      await next()
    })
    host.hook(storageDrivers, async function ownDrivers({ drivers }, next) {
      drivers.set('local', async ({ ROOT = `${host.config.dataDir}/uploads` }) => {
        const { localDriver } = await import('./drivers/local.node.ts')
        return localDriver(ROOT)
      })
      drivers.set('s3', async (options) => (await import('./drivers/s3/mod.ts')).s3Driver(options))
      drivers.set('memory', async () => (await import('./drivers/memory.ts')).memoryDriver())
      await next()
    })
    host.hook(points.start, async function openStorages(_, next) {
      const event = { drivers: new Map() }
      await host.run(storageDrivers, event)
      opened = await openLocations(contents.locations, options['STORAGE_*'], event.drivers, host)
      await next()
    })
    return contents
  },
})
