/** The operations on images that `transforms` may name: those of sharp that make nothing but pixels of pixels. And the sizes they lead to. Pure. */
import { isObject, problems } from 'plinth'
import type { Fit } from './parameters.ts'

/** An operation of sharp and its arguments, all JSON. */
export type Step = readonly [name: string, ...args: readonly unknown[]]

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Resize {
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly fit?: Fit | undefined
  readonly withoutEnlargement?: boolean | undefined
}

type Measure = (size: Size, ...args: readonly any[]) => Size

const same: Measure = (size) => size

const plain = [
  'flip',
  'flop',
  'sharpen',
  'median',
  'blur',
  'flatten',
  'gamma',
  'negate',
  'normalise',
  'normalize',
  'clahe',
  'convolve',
  'threshold',
  'linear',
  'recomb',
  'modulate',
  'tint',
  'greyscale',
  'grayscale',
  'toColourspace',
  'toColorspace',
  'removeAlpha',
  'ensureAlpha',
  'extractChannel',
  'bandbool',
  'trim',
]

/** Operations that only say how the result is written. */
export const encoders: ReadonlySet<string> = new Set(['toFormat', 'jpeg', 'png', 'webp', 'avif', 'tiff'])

const measures: ReadonlyMap<string, Measure> = new Map<string, Measure>([
  ...[...plain, ...encoders].map((name): [string, Measure] => [name, same]),
  ['resize', (size, ...args) => resized(size, resizeOf(args))],
  ['rotate', rotated],
  ['extract', extracted],
  ['extend', extended],
])

/** @throws INVALID_QUERY for what is no operation that we offer */
export function checkStep(step: unknown): Step {
  const name = Array.isArray(step) ? step[0] : undefined
  if (typeof name === 'string' && measures.has(name)) return step as unknown as Step
  throw problems.INVALID_QUERY(`"transforms" does not know the operation ${String(JSON.stringify(name ?? step)).slice(0, 80)}.`)
}

/** The sizes from before the first step to after the last; a trimmed image counts as a whole. @throws INVALID_QUERY for a part outside the image */
export function sizesOf(start: Size, steps: readonly Step[]): readonly Size[] {
  const sizes = [start]
  for (const [name, ...args] of steps) sizes.push(measures.get(name)!(sizes.at(-1)!, ...args))
  return sizes
}

const amount = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
const side = (value: unknown): number | undefined => amount(value) || undefined

function resizeOf(args: readonly unknown[]): Resize {
  const last = args.at(-1)
  const options = isObject(last) ? last : {}
  const sides = isObject(args[0]) ? options : { width: args[0], height: isObject(args[1]) ? undefined : args[1] }
  return { ...(options as Resize), width: side(sides.width ?? options.width), height: side(sides.height ?? options.height) }
}

/** What a resize comes to; with `withoutEnlargement` it may be less. */
export function resized(size: Size, { width, height, fit = 'cover', withoutEnlargement = false }: Resize): Size {
  if (width === undefined && height === undefined) return size
  const across = width === undefined ? undefined : width / size.width
  const down = height === undefined ? undefined : height / size.height
  if (across !== undefined && down !== undefined && fit !== 'inside' && fit !== 'outside') return { width: width!, height: height! }
  const scales = [across, down].filter((scale) => scale !== undefined)
  const wanted = fit === 'inside' ? Math.min(...scales) : Math.max(...scales)
  const scale = withoutEnlargement ? Math.min(1, wanted) : wanted
  return { width: Math.max(1, Math.round(size.width * scale)), height: Math.max(1, Math.round(size.height * scale)) }
}

function rotated({ width, height }: Size, angle: unknown): Size {
  const turn = (amount(angle) * Math.PI) / 180
  const [along, across] = [Math.abs(Math.cos(turn)), Math.abs(Math.sin(turn))]
  return { width: Math.round(width * along + height * across), height: Math.round(width * across + height * along) }
}

function extracted(size: Size, area: unknown): Size {
  const { left, top, width, height } = (isObject(area) ? area : {}) as Record<string, unknown>
  const whole = [left, top, width, height].every((one) => Number.isInteger(one) && (one as number) >= 0)
  const part = { left: amount(left), top: amount(top), width: amount(width), height: amount(height) }
  if (!whole || part.width < 1 || part.height < 1 || part.left + part.width > size.width || part.top + part.height > size.height) {
    throw problems.INVALID_QUERY(`"extract" must name a part of the image, which has ${size.width} by ${size.height} pixels.`)
  }
  return { width: part.width, height: part.height }
}

function extended({ width, height }: Size, edges: unknown): Size {
  const all = amount(edges)
  const { left = all, right = all, top = all, bottom = all } = (isObject(edges) ? edges : {}) as Record<string, unknown>
  return { width: width + amount(left) + amount(right), height: height + amount(top) + amount(bottom) }
}
