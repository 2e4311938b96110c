/** Files of items become rows, and rows a file: POST /utils/import/:collection and /utils/export/:collection. Loaded when somebody asks for it. */
import { definePlugin, env } from 'plinth'
import { storage } from 'plinth/files'
import { items } from 'plinth/items'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { Background } from './background.ts'
import { problems } from './problems.ts'

const Options = v.object({
  /** Bytes of a file; of one of several collections, which is held as a whole. */
  IMPORT_MAX_FILE_SIZE: env.size('100mb'),
  IMPORT_BATCH_MAX: env.size('10mb'),
  /** Different things wrong that are told of one file. */
  MAX_IMPORT_ERRORS: env.integer(1000, 1),
  /** Imports and exports behind their answers: at once, and how many may wait. */
  BACKGROUND_MAX_CONCURRENT: env.integer(2, 1),
  BACKGROUND_MAX_WAITING: env.integer(20),
})

const flag = v.optional(v.string())
const UploadQuery = v.object({ background: flag })
const BatchQuery = v.object({ mode: v.optional(v.picklist(['add', 'merge'])), dryRun: flag, dangerouslyAllowDelete: flag })
const Form = v.object({ file: v.pipe(v.string(), v.description('CSV or JSON')) })

export const importPlugin = definePlugin({
  name: 'import',
  needs: [items],
  // They are there until what goes on in the background is told.
  after: ['files', 'mail', 'notifications'],
  options: Options,
  problems,
  setup(host, options) {
    const engine = host.use(items)
    const background = new Background(host, engine, { running: options.BACKGROUND_MAX_CONCURRENT, waiting: options.BACKGROUND_MAX_WAITING })
    host.onClose(() => background.close(host.config.shutdownTimeout))
    const parts = {
      host,
      items: engine,
      limit: options.IMPORT_MAX_FILE_SIZE,
      batchLimit: Math.min(options.IMPORT_MAX_FILE_SIZE, options.IMPORT_BATCH_MAX),
      mostErrors: options.MAX_IMPORT_ERRORS,
      background,
    }
    host.hook(openapi, async function describeImports({ describe }, next) {
      const [{ Parts }, { Wish }] = await Promise.all([import('./batch.ts'), import('./export.ts')])
      describe('POST /utils/import', {
        summary: 'Import several collections',
        query: BatchQuery,
        body: Parts,
        response: v.object({ data: v.looseObject({}) }),
      })
      describe('POST /utils/import/:collection', { summary: 'Import a file', query: UploadQuery, body: Form, type: 'multipart/form-data' })
      describe('POST /utils/export/:collection', { summary: 'Export to a file', body: Wish, status: 204, audience: 'users' })
      await next()
    })
    const routes = host.routes('/utils/import')
    routes.post('/', async (c) => (await import('./upload.ts')).takeParts(parts, c))
    routes.post('/:collection', async (c) => (await import('./upload.ts')).takeUpload(parts, c))
    // Without the files plugin there is nowhere to keep a file.
    if (host.maybe(storage))
      host.routes('/utils/export').post('/:collection', async (c) => (await import('./export.ts')).exportToFile(parts, c))
  },
})
