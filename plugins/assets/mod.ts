/** Assets: files to those who may see them, images in the sizes and formats that they are wanted in. Owns no table. */
import { definePlugin, env } from 'plinth'
import { accounts } from 'plinth/access'
import { storage } from 'plinth/files'
import { items } from 'plinth/items'
import { projectSettings } from 'plinth/settings'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import type { AssetHandlers } from './handlers.ts'
import { assetProblems } from './problems.ts'

const Options = v.object({
  ASSETS_CACHE_TTL: env.duration('30d'),
  /** Images being worked on at once, no more than there are processors. */
  ASSETS_TRANSFORM_MAX_CONCURRENT: env.integer(25, 1),
  /** Millions of pixels being worked on at once. */
  ASSETS_TRANSFORM_MEGAPIXELS: env.integer(72, 1),
  /** Images that may wait. */
  ASSETS_TRANSFORM_MAX_WAITING: env.integer(1000, 1),
  ASSETS_TRANSFORM_IMAGE_MAX_DIMENSION: env.integer(6000, 1, 30_000),
  ASSETS_TRANSFORM_IMAGE_MAX_SIZE: env.size('128mb'),
  ASSETS_TRANSFORM_MAX_OPERATIONS: env.integer(5, 0, 100),
  ASSETS_TRANSFORM_TIMEOUT: env.duration('7500ms'),
  ASSETS_INVALID_IMAGE_SENSITIVITY_LEVEL: env.oneOf(['warning', 'error', 'truncated', 'none'], 'warning'),
  /** Bytes of results that are held at hand. */
  ASSETS_MEMORY: env.size('16mb'),
  /** Files of one archive. */
  ASSETS_ZIP_MAX_FILES: env.integer(10_000, 1, 100_000),
  ASSETS_SIGN_MAX_TTL: env.duration('30d'),
})

export type AssetOptions = v.InferOutput<typeof Options>

export const assets = definePlugin({
  name: 'assets',
  needs: [items, storage],
  after: ['access', 'settings'],
  options: Options,
  problems: assetProblems,
  setup(host, options) {
    const parts = {
      host,
      items: host.use(items),
      storage: host.use(storage),
      settings: host.maybe(projectSettings),
      accounts: host.maybe(accounts),
      options,
    }
    let loaded: Promise<AssetHandlers> | undefined
    const handlers = () => {
      loaded ??= import('./handlers.ts').then(({ createHandlers }) => createHandlers(parts))
      return loaded
    }
    host.onClose(async () => (await loaded)?.settled())
    host.hook(openapi, async function describeRoutes(event, next) {
      ;(await import('./openapi.ts')).describeAssets(event, options)
      await next()
    })
    const routes = host.routes('/assets')
    routes.get('/:id/:filename?', async (c) => (await handlers()).one(c))
    routes.post('/files', async (c) => (await handlers()).selection(c))
    routes.post('/folder/:id', async (c) => (await handlers()).folder(c))
    routes.post('/:id/sign', async (c) => (await handlers()).sign(c))
  },
})
