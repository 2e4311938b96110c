/** What a content is, by its first bytes. A client's word counts where they tell nothing else. */

/** As many bytes as are looked at. */
export const headSize = 4100

/** What the bytes show of these is their wrapping alone: an office document is a zip, an SVG is XML. */
const wrappings = new Set([
  'application/zip',
  'application/xml',
  'application/x-cfb',
  'application/gzip',
  'application/ogg',
  'application/x-ole-storage',
])

const unknown = 'application/octet-stream'

/** Types whose bytes would show them: a content that is declared so and shows nothing is none. */
const shown =
  /^(image\/(?!svg)|audio\/(?!midi)|video\/|font\/|application\/(pdf|zip|gzip|wasm|x-7z-compressed|x-rar-compressed|vnd\.(ms-|openxml)))/

export async function typeOf(head: Uint8Array, declared: string): Promise<string> {
  const { fileTypeFromBuffer } = await import('file-type')
  const said = /^[\w.+-]+\/[\w.+-]+$/.test(declared) ? declared : unknown
  const found = (await fileTypeFromBuffer(head).catch(() => undefined))?.mime // it throws on some broken contents
  if (!found) return shown.test(said) ? unknown : said
  if (wrappings.has(found) && said !== unknown && !/^(image\/(?!svg)|audio|video)/.test(said)) return said
  return sameFamily(found, said) ? said : found
}

/** Names of one and the same: `image/x-icon` and `image/vnd.microsoft.icon`, audio and video in one container. */
const sameFamily = (found: string, said: string): boolean =>
  found.replace(/^(audio|video)\/(x-)?/, '').replace(/-.*$/, '') === said.replace(/^(audio|video)\/(x-)?/, '').replace(/-.*$/, '')

/** A list such as `image/*,application/pdf`. */
export const isAllowed = (type: string, list: readonly string[]): boolean =>
  list.some((entry) => entry === '*/*' || entry === '*' || entry === type || (entry.endsWith('/*') && type.startsWith(entry.slice(0, -1))))
