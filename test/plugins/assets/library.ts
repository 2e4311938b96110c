/** Pictures for tests, made here: four quarters of one colour each, moving ones, turned ones; and what is seen of an answer. */
import sharp, { type Sharp } from 'sharp'
import type { TestHost } from '../../host.ts'
import { admin } from '../../host.ts'
import { upload } from '../files/library.ts'

export const memory = { STORAGE_LOCATIONS: 'main', STORAGE_MAIN_DRIVER: 'memory' }

const solid = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer()

/** Red, green, blue, yellow, from the upper left. */
export async function quarters(width = 400, height = 200): Promise<Sharp> {
  const [w, h] = [width / 2, height / 2]
  const parts = await Promise.all(['#f00', '#0f0', '#00f', '#ff0'].map((colour) => solid(w, h, colour)))
  const layers = parts.map((input, i) => ({ input, left: (i % 2) * w, top: i < 2 ? 0 : h }))
  const bytes = await sharp({ create: { width, height, channels: 3, background: '#000' } })
    .composite(layers)
    .png()
    .toBuffer()
  return sharp(bytes)
}

/** Three frames: red, green, blue. */
export async function moving(format: 'gif' | 'webp'): Promise<Buffer> {
  const frames = await Promise.all(['#f00', '#0f0', '#00f'].map((colour) => solid(60, 40, colour)))
  return sharp(frames, { join: { animated: true } })
    .toFormat(format, { delay: [100, 100, 100], loop: 0 })
    .toBuffer()
}

/** Adds a file, answers its key. */
export async function put(
  host: TestHost,
  content: Buffer | string,
  name: string,
  type: string,
  fields: [string, string][] = [],
): Promise<string> {
  const { status, data, body } = await upload(host, [...fields, ['file', { filename: name, type, content }]])
  if (status !== 200) throw new Error(`the upload was answered ${status}: ${JSON.stringify(body)}`)
  return data.id
}

export interface Asked {
  readonly method?: string
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export async function ask(host: TestHost, path: string, { method = 'GET', token = admin.token, headers = {}, body }: Asked = {}) {
  const sent = new Headers(headers)
  if (token !== null) sent.set('authorization', `Bearer ${token}`)
  if (body !== undefined) sent.set('content-type', 'application/json')
  const request = new Request(`http://localhost${path}`, {
    method,
    headers: sent,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const response = await host.kernel.fetch(request)
  const bytes = Buffer.from(await response.arrayBuffer())
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  const json = isJson ? JSON.parse(bytes.toString()) : undefined
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    json,
    code: json?.errors?.[0]?.extensions?.code as string | undefined,
  }
}

const palette = { r: [255, 0, 0], g: [0, 255, 0], b: [0, 0, 255], y: [255, 255, 0], k: [0, 0, 0], w: [255, 255, 255] }

/** `png 100x50 rg/by`: format, size of a frame, frames if there are several, the nearest colours of the four quarters. */
export async function seen(bytes: Buffer): Promise<string> {
  const { format, width, height, pageHeight, pages = 1 } = await sharp(bytes, { animated: true }).metadata()
  const small = await sharp(bytes)
    .flatten()
    .toColourspace('srgb')
    .resize(4, 4, { fit: 'fill', kernel: 'nearest' })
    .removeAlpha()
    .raw()
    .toBuffer()
  const colourAt = (x: number, y: number) => {
    const at = (y * 4 + x) * 3
    const far = (colour: number[]) => colour.reduce((sum, value, i) => sum + Math.abs(value - small[at + i]!), 0)
    return Object.entries(palette).sort(([, a], [, b]) => far(a) - far(b))[0]![0]
  }
  const colours = `${colourAt(0, 0)}${colourAt(3, 0)}/${colourAt(0, 3)}${colourAt(3, 3)}`
  return `${format} ${width}x${pageHeight ?? height}${pages > 1 ? ` ${pages} frames` : ''} ${colours}`
}
