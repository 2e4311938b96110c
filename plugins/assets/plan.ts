/** From a wish and an image to what sharp is told, in order; and everything that follows from sizes. Pure. */
import { problems } from 'plinth'
import { type Format, type Limits, type Point, parseFormat, tooLarge, type Wish } from './parameters.ts'
import { encoders, type Resize, resized, type Size, type Step, sizesOf } from './steps.ts'

/** A part of an image, in pixels. */
export interface Area extends Size {
  readonly left: number
  readonly top: number
}

export interface Plan {
  readonly steps: readonly Step[]
  readonly resize?: Resize
  /** Taken after the resize. */
  readonly crop?: Area
  /** Pixels of a frame: the most of any step, and those of the result. */
  readonly most: number
  readonly result: number
}

export const isCropped = ({ width, height, fit = 'cover' }: Wish): boolean => width !== undefined && height !== undefined && fit === 'cover'

/** The format that the wish itself names: its own, else that of its last step that names one. */
export function namedFormat({ format, steps }: Wish): Wish['format'] {
  const [name, first] = steps.findLast(([step]) => encoders.has(step)) ?? []
  return format ?? (name === 'toFormat' ? parseFormat(first) : parseFormat(name))
}

/**
 * `size`: of one frame, upright.
 * @throws ILLEGAL_ASSET_TRANSFORMATION when a side is too long, before, after or in between; INVALID_QUERY for a part outside the image
 */
export function planOf(wish: Wish, size: Size, limits: Pick<Limits, 'dimension'>): Plan {
  const steps = wish.steps.filter(([name]) => !encoders.has(name))
  const sizes = sizesOf(size, steps)
  const last = sizes.at(-1)!
  const { width, height, fit, withoutEnlargement, focal } = wish
  const resize = width === undefined && height === undefined ? undefined : { width, height, fit, withoutEnlargement }
  const turned = focal && isCropped(wish) && !steps.some(([name]) => name === 'trim') ? around(focal, wish, last) : undefined
  const all = [...sizes, ...(resize ? [resized(last, resize)] : []), ...(turned ? [turned.resize as Size] : [])]
  if (all.some((one) => Math.max(one.width, one.height) > limits.dimension)) throw tooLarge(limits.dimension)
  const pixels = all.map((one) => one.width * one.height)
  const result = turned ? turned.crop!.width * turned.crop!.height : pixels.at(-1)!
  return { steps, ...(resize && { resize }), ...turned, most: Math.max(...pixels), result }
}

/** As large as needed to cover the wanted size, then the part around the point, as far as the edges let it. */
function around({ x, y }: Point, { width = 0, height = 0, withoutEnlargement }: Wish, size: Size): Pick<Plan, 'resize' | 'crop'> {
  const needed = Math.max(width / size.width, height / size.height)
  const scale = withoutEnlargement ? Math.min(1, needed) : needed
  const whole = { width: Math.max(1, Math.round(size.width * scale)), height: Math.max(1, Math.round(size.height * scale)) }
  const part = { width: Math.min(width, whole.width), height: Math.min(height, whole.height) }
  const start = (point: number, side: number, room: number) => Math.max(0, Math.min(Math.round(point * scale - side / 2), room - side))
  return {
    resize: { ...whole, fit: 'fill' },
    crop: { left: start(x, part.width, whole.width), top: start(y, part.height, whole.height), ...part },
  }
}

/**
 * What the wish says of how the result, of so many pixels, is written, past its format.
 * @throws INVALID_QUERY for what would take much longer than it is worth
 */
export function encoding({ steps, quality }: Wish, format: Format, pixels: number): Readonly<Record<string, unknown>> {
  const [name, ...args] = steps.findLast(([step]) => encoders.has(step)) ?? []
  const given = args[name === 'toFormat' ? 1 : 0]
  const options = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {}
  if (Number(options.effort) > 6) throw problems.INVALID_QUERY('"effort" may be 6 at most.')
  const all: Record<string, unknown> = { ...options, ...(quality !== undefined && { quality }) }
  const most = mostEffort(format, pixels)
  const isPlain = format === 'png' && !paletteOptions.some((option) => all[option]) // an effort would give it a palette
  return isPlain || Number(all.effort ?? 7) <= most ? all : { ...all, effort: most }
}

const paletteOptions = ['palette', 'quality', 'effort', 'colours', 'colors', 'dither']

/**
 * What counts the colours of a palette, or makes AVIF, does not stop when its time is over: a million pixels of noise take AVIF 9 s of a processor by
 * effort 4, 0.7 s by 2 and 0.1 s by 0; a palette 3 s by 7, its default, and 0.4 s by 1.
 */
function mostEffort(format: Format, pixels: number): number {
  if (format === 'avif') return pixels > 4e6 ? 0 : pixels > 5e5 ? 2 : 4
  return (format === 'gif' || format === 'png') && pixels > 1e6 ? 1 : 7
}
