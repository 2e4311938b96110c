/** What answers below /assets: files, images as they are wanted, archives, signed addresses. Loaded by the first request. */
import type { Context } from 'hono'
import { type Accountability, type Env, type Host, isUuid, Problem, problems, readJson } from 'plinth'
import type { Accounts } from 'plinth/access'
import { parseBody } from 'plinth/auth'
import type { FileRow, Storage } from 'plinth/files'
import type { Items } from 'plinth/items'
import { ownAddress } from 'plinth/mail'
import type { ProjectSettings } from 'plinth/settings'
import { folder, type Selection, selected } from './archives.ts'
import { Chosen, Lending } from './bodies.ts'
import { acceptedFormat, sourceFormat } from './choose-format.ts'
import { missing, openContent, placeOf, unreachable } from './contents.ts'
import { createDerived, type Kept, nameOf, withFocal } from './derive.ts'
import { createFiles } from './files-of.ts'
import { disposition } from './headers.ts'
import type { AssetOptions } from './mod.ts'
import { chosenParameters, type Format, type Mode, parametersOf, parseWish, type Values, type Wish } from './parameters.ts'
import { namedFormat } from './plan.ts'
import { type Download, respond } from './respond.ts'
import { createSigner } from './sign.ts'

export interface HandlerParts {
  readonly host: Host
  readonly items: Items
  readonly storage: Storage
  readonly settings: ProjectSettings | undefined
  readonly accounts: Accounts | undefined
  readonly options: AssetOptions
}

/** An image to be made: what of it, and as what. */
interface Order {
  readonly wish: Wish
  readonly format: Format
  /** The answer depends on what the client takes. */
  readonly negotiated: boolean
}

export interface AssetHandlers extends Readonly<Record<'one' | 'selection' | 'folder' | 'sign', (c: Context<Env>) => Promise<Response>>> {
  /** When all that was made is kept. */
  settled(): Promise<void>
}

export function createHandlers(parts: HandlerParts): AssetHandlers {
  const { host, storage, items, settings, options } = parts
  const limits = { dimension: options.ASSETS_TRANSFORM_IMAGE_MAX_DIMENSION, operations: options.ASSETS_TRANSFORM_MAX_OPERATIONS }
  const packed = options.ASSETS_ZIP_MAX_FILES
  const files = createFiles(items, settings)
  const signer = createSigner(host.config.secret)
  const derived = createDerived(host, storage, {
    dimension: limits.dimension,
    seconds: Math.max(1, Math.ceil(options.ASSETS_TRANSFORM_TIMEOUT / 1000)),
    failOn: options.ASSETS_INVALID_IMAGE_SENSITIVITY_LEVEL,
    megapixels: options.ASSETS_TRANSFORM_MEGAPIXELS,
    running: Math.min(options.ASSETS_TRANSFORM_MAX_CONCURRENT, navigator.hardwareConcurrency),
    waiting: options.ASSETS_TRANSFORM_MAX_WAITING,
    bytes: options.ASSETS_TRANSFORM_IMAGE_MAX_SIZE,
    memory: options.ASSETS_MEMORY,
  })

  async function packSelection(c: Context<Env>): Promise<Response> {
    const { ids } = parseBody(Chosen(packed), await readJson(c))
    return pack(await selected(files, ids, c.env.accountability, packed))
  }

  async function packFolder(c: Context<Env>): Promise<Response> {
    return pack(await folder(files, items, c.req.param('id')!, c.env.accountability, packed))
  }

  async function pack({ name, folders, entries }: Selection): Promise<Response> {
    const { folderPath, zipOf } = await import('./zip.ts')
    const [day, time] = new Date()
      .toISOString()
      .replace(/[-:]|\..*/g, '')
      .split('T')
    return new Response(await zipOf(folders.map(folderPath), entries, storage), {
      headers: { 'content-type': 'application/zip', 'content-disposition': disposition('attachment', `${name}-${day}-${time}.zip`) },
    })
  }

  /** Only whoever may see it now may lend it; later their rights of that time count. */
  async function lend(c: Context<Env>): Promise<Response> {
    const { expires, ...given } = parseBody(Lending(options.ASSETS_SIGN_MAX_TTL / 1000), await readJson(c))
    const { user } = c.env.accountability
    if (!user) throw problems.FORBIDDEN('Only users sign addresses.')
    const file = await files.one(idOf(c), c.env.accountability)
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(given)) query.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value))
    const values = parametersOf(query)
    await orderOf(file, values, c.env.header('accept'))
    for (const name of [...query.keys()]) if (!(name in values)) query.delete(name)
    query.set('sign', await signer.sign(file.id, values, user, Date.now() + expires * 1000))
    return c.json({ data: { url: `${ownAddress(host.config)}/assets/${file.id}?${query}` } })
  }

  async function download(c: Context<Env>): Promise<Response> {
    const query = new URL(c.req.url).searchParams
    const values = parametersOf(query)
    const sign = query.get('sign')
    const lent = sign === null ? undefined : await borrow(c, sign, values)
    const ttl = Math.min(options.ASSETS_CACHE_TTL, lent ? lent.expires - Date.now() : Number.POSITIVE_INFINITY)
    const find = () => files.one(idOf(c), lent?.rights ?? c.env.accountability)
    const answer = async (file: FileRow) => {
      const order = await orderOf(file, values, c.env.header('accept'), lent && 'all')
      if (file.filename_disk === null) throw unreachable()
      return send(c, file as Kept, order, { attached: query.has('download'), ttl: Math.floor(ttl / 1000) })
    }
    const file = await find()
    return answer(file).catch(async (error: unknown) => {
      if (error instanceof Problem && error.status === 400) throw error
      const now = await find()
      if (now.filename_disk === file.filename_disk) throw error
      return answer(now) // another content took its place in the meantime
    })
  }

  /** With whose rights, and until when (ms). @throws FORBIDDEN */
  async function borrow(c: Context<Env>, sign: string, values: Values): Promise<{ rights: Accountability; expires: number }> {
    const loan = await signer.verify(sign, idOf(c), values, Date.now())
    const rights = loan && (await parts.accounts?.byId(loan.user, c.env.ip))
    if (!rights) throw problems.FORBIDDEN('This address was not signed, is over, or its signer may not see it any more.')
    return { rights, expires: loan.expires }
  }

  /** What the parameters come to; undefined: the file as it is. @throws INVALID_QUERY, ILLEGAL_ASSET_TRANSFORMATION */
  async function orderOf(file: FileRow, values: Values, accept: string | null, allowed?: Mode): Promise<Order | undefined> {
    if (!Object.keys(values).length) return undefined
    const project = await settings?.current()
    const mode = allowed ?? ((project?.storage_asset_transform ?? 'all') as Mode)
    const chosen = chosenParameters(values, mode, project?.storage_asset_presets)
    const source = sourceFormat(file.type)
    const wish = source && parseWish(chosen, limits)
    if (!wish) return undefined
    const named = namedFormat(wish) ?? source
    return {
      wish: withFocal(wish, file),
      format: named === 'auto' ? acceptedFormat(source, accept) : named,
      negotiated: named === 'auto',
    }
  }

  async function send(
    c: Context<Env>,
    file: Kept,
    order: Order | undefined,
    { attached, ttl }: Pick<Download, 'attached' | 'ttl'>,
  ): Promise<Response> {
    const { user, share } = c.env.accountability
    const modified = new Date(file.modified_on)
    const name = order && nameOf(file, order.wish, order.format)
    const told = {
      type: order ? `image/${order.format}` : file.type,
      filename: c.req.param('filename') ?? file.filename_download,
      attached,
      isPublic: user === null && share === null,
      ttl,
      vary: order?.negotiated ? 'Origin, Accept' : 'Origin',
      ranges: order === undefined,
      etag: `"${modified.getTime().toString(36)}-${name ? name.slice(-40).replace(/^.*__|\..*$/g, '') : (file.filesize ?? '')}"`,
      modified,
    }
    return respond(c, told, async () => {
      if (order) return derived.get(file, name!, order.wish, order.format)
      const driver = placeOf(storage, file.storage)
      const found = await driver.stat(file.filename_disk)
      if (!found) throw missing()
      return { size: found.size, stream: (part) => openContent(driver, file.filename_disk, part) }
    })
  }

  return { one: download, selection: packSelection, folder: packFolder, sign: lend, settled: derived.settled }
}

/** The key may bear an extension, so that an address looks like a file. @throws FORBIDDEN */
function idOf(c: Context<Env>): string {
  const id = c.req.param('id')!.replace(/\.[^.]*$/, '')
  if (!isUuid(id)) throw problems.FORBIDDEN()
  return id.toLowerCase()
}
