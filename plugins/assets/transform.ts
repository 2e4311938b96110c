/** The one place where images are taken apart and put together, by sharp: imported when there is one to transform. */
import { problems } from 'plinth'
import { loadSharp } from 'plinth/files'
import type { Metadata, Sharp } from 'sharp'
import { moves } from './choose-format.ts'
import { type Format, tooLarge, type Wish } from './parameters.ts'
import { encoding, type Plan, planOf } from './plan.ts'

const sharp = await loadSharp()

export interface TransformLimits {
  /** Pixels that no side may exceed. */
  readonly dimension: number
  /** Seconds, a whole number. */
  readonly seconds: number
  /** What counts as broken: `none` means nothing but what cannot be opened. */
  readonly failOn: 'none' | 'truncated' | 'error' | 'warning'
}

export interface Opened {
  readonly plan: Plan
  /** 1 for what does not move, or not any more. */
  readonly frames: number
  /** The most of any step: of all frames. */
  readonly pixels: number
}

/** An image's bytes, or the path of its file: sharp alone reads that, as much of it as it needs. */
export type Source = Uint8Array | string

/** @throws UNPROCESSABLE_CONTENT for what is no image, ILLEGAL_ASSET_TRANSFORMATION for one that is, or gets, too large, INVALID_QUERY */
export async function open(source: Source, wish: Wish, format: Format, { dimension }: Pick<TransformLimits, 'dimension'>): Promise<Opened> {
  const { pages = 1, autoOrient } = await headOf(source)
  const plan = planOf(wish, autoOrient, { dimension })
  const frames = moves(format) ? pages : 1
  const pixels = frames * plan.most
  if (pixels > dimension * dimension) throw tooLarge(dimension)
  return { plan, frames, pixels }
}

async function headOf(source: Source): Promise<Metadata> {
  try {
    return await sharp(source, { failOn: 'none', limitInputPixels: false }).metadata()
  } catch (error) {
    throw broken(error)
  }
}

/** @throws UNPROCESSABLE_CONTENT, INVALID_QUERY, SERVICE_UNAVAILABLE when it takes too long */
export async function transform(
  source: Source,
  { plan, frames }: Opened,
  wish: Wish,
  format: Format,
  { dimension, seconds, failOn }: TransformLimits,
): Promise<Uint8Array> {
  const image = sharp(source, { autoOrient: true, animated: frames > 1, failOn, limitInputPixels: dimension * dimension })
  try {
    follow(image, plan)
    image.toFormat(format, encoding(wish, format, frames * plan.result)).timeout({ seconds })
  } catch (error) {
    throw refused(error)
  }
  return image.toBuffer().catch((error: unknown) => {
    const message = (error as Error).message
    if (/timeout/i.test(message)) throw problems.SERVICE_UNAVAILABLE(`To make this image takes longer than ${seconds} s.`, {}, error)
    throw wish.steps.length && !/^(Input|Vips(Jpeg|Png)|.*load)/i.test(message) ? refused(error) : broken(error)
  })
}

function follow(image: Sharp, { steps, resize, crop }: Plan): void {
  const methods = image as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const [name, ...args] of steps) methods[name]!(...args)
  if (resize) image.resize(given(resize))
  if (crop) image.extract(crop)
}

const given = (options: object) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

const refused = (error: unknown) =>
  error instanceof Error && error.name === 'Problem' ? error : problems.INVALID_QUERY(`${firstLine(error)}.`, {}, error)
const broken = (error: unknown) => problems.UNPROCESSABLE_CONTENT(`The image cannot be read: ${firstLine(error)}.`, {}, error)
const firstLine = (error: unknown) =>
  String((error as Error).message)
    .split('\n')[0]!
    .slice(0, 200)
