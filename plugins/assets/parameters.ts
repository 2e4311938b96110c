/** What a request wants to have done to an image: its parameters, the presets of the project, and whether they are allowed. Pure. */
import { isObject, problems } from 'plinth'
import { assetProblems } from './problems.ts'
import { checkStep, type Step } from './steps.ts'

export const modes = ['all', 'presets', 'none'] as const
export type Mode = (typeof modes)[number]

export const formats = ['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const
export type Format = (typeof formats)[number]
const aliases: Readonly<Record<string, Format>> = { jpg: 'jpeg', jpe: 'jpeg', tif: 'tiff' }

export const fits = ['cover', 'contain', 'inside', 'outside', 'fill'] as const
export type Fit = (typeof fits)[number]

export interface Point {
  readonly x: number
  readonly y: number
}

/** An image as somebody wants it. Sizes are pixels. */
export interface Wish {
  readonly steps: readonly Step[]
  readonly width?: number
  readonly height?: number
  readonly fit?: Fit
  readonly withoutEnlargement?: boolean
  readonly format?: Format | 'auto'
  /** 1 to 100. */
  readonly quality?: number
  readonly focal?: Point
}

export type Values = Readonly<Record<string, unknown>>

export interface Limits {
  /** Pixels that no side may exceed, in no step. */
  readonly dimension: number
  readonly operations: number
}

export const names = [
  'key',
  'transforms',
  'width',
  'height',
  'fit',
  'format',
  'quality',
  'withoutEnlargement',
  'focal_point_x',
  'focal_point_y',
] as const

const systemPreset = (size: number, fit: Fit): Values => ({ transforms: [['resize', { width: size, height: size, fit }]] })

/** What the administration's pages ask for: allowed in every mode. */
const systemPresets: ReadonlyMap<string, Values> = new Map(
  Object.entries({ small: 64, medium: 300, large: 800 }).flatMap(([name, size]) => [
    [`system-${name}-cover`, systemPreset(size, 'cover')],
    [`system-${name}-contain`, systemPreset(size, 'inside')],
  ]),
)

const isNothing = (value: unknown): boolean => value === undefined || value === null || value === ''

/** What the query says of a transform, each value a text, or a list when it is there several times. */
export function parametersOf(query: URLSearchParams): Values {
  const given: Record<string, unknown> = Object.create(null)
  for (const name of names) {
    const [first, ...more] = query.getAll(name)
    if (first !== undefined) given[name] = more.length ? [first, ...more] : first
  }
  if (given.transforms === '[]' && !('key' in given)) delete given.transforms
  return given
}

/**
 * Parameters, and for those left out what the preset says that `key` names.
 * @throws INVALID_QUERY for a key that there is not, and for what the mode does not allow
 */
export function chosenParameters(given: Values, mode: Mode, presets: unknown): Values {
  const asked = Object.keys(given)
  if (asked.length === 0) return given
  const { key, ...own } = given
  const system = typeof key === 'string' ? systemPresets.get(key) : undefined
  const preset = system ?? (Array.isArray(presets) ? presets.find((one) => isObject(one) && one.key === key) : undefined)
  const byKeyAlone = asked.length === 1 && preset !== undefined
  if (mode === 'presets' && !byKeyAlone) throw problems.INVALID_QUERY('This project serves images by the keys of its presets only.')
  if (mode === 'none' && !(byKeyAlone && system)) throw problems.INVALID_QUERY('This project does not transform images.')
  const explicit = Object.fromEntries(Object.entries(own).filter(([, value]) => !isNothing(value)))
  if (isNothing(key)) return explicit
  if (!preset) throw problems.INVALID_QUERY(`There is no preset "${String(key).slice(0, 80)}".`)
  return { ...(preset as Values), ...explicit }
}

/**
 * Undefined: nothing is to be done.
 * @throws INVALID_QUERY, ILLEGAL_ASSET_TRANSFORMATION for a size above the limit
 */
export function parseWish(values: Values, limits: Limits): Wish | undefined {
  const value = (name: string) => (isNothing(values[name]) ? undefined : values[name])
  const x = value('focal_point_x')
  const y = value('focal_point_y')
  const wish = {
    steps: parseSteps(value('transforms'), limits),
    ...defined('width', parseSide('width', value('width'), limits)),
    ...defined('height', parseSide('height', value('height'), limits)),
    ...defined('fit', parseWord('fit', value('fit'), fits)),
    ...defined('format', parseFormat(value('format'))),
    ...defined('quality', parseInteger('quality', value('quality'), 100)),
    ...defined('withoutEnlargement', parseFlag('withoutEnlargement', value('withoutEnlargement'))),
    ...(x !== undefined && y !== undefined && { focal: { x: parseNumber('focal_point_x', x), y: parseNumber('focal_point_y', y) } }),
  }
  const { steps, focal, fit, withoutEnlargement, ...rest } = wish
  return steps.length > 0 || Object.keys(rest).length > 0 ? wish : undefined
}

const defined = <K extends string, V>(key: K, value: V | undefined) => (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }

const wrong = (name: string, expected: string) => problems.INVALID_QUERY(`"${name}" must be ${expected}.`)

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : Number.NaN
}

function parseNumber(name: string, value: unknown): number {
  const number = toNumber(value)
  if (!Number.isFinite(number)) throw wrong(name, 'a number')
  return Math.round(number)
}

function parseInteger(name: string, value: unknown, max: number): number | undefined {
  if (value === undefined) return undefined
  const number = toNumber(value)
  if (!Number.isInteger(number) || number < 1 || number > max) throw wrong(name, `a whole number from 1 to ${max}`)
  return number
}

function parseSide(name: string, value: unknown, { dimension }: Limits): number | undefined {
  const side = parseInteger(name, value, 100_000_000)
  if (side !== undefined && side > dimension) throw tooLarge(dimension)
  return side
}

export const tooLarge = (dimension: number) =>
  assetProblems.ILLEGAL_ASSET_TRANSFORMATION(
    `No side may exceed ${dimension} pixels, nor all frames of a moving image together a square of such sides.`,
    { invalidTransformations: ['width', 'height'] },
  )

function parseWord<const T extends string>(name: string, value: unknown, words: readonly T[]): T | undefined {
  if (value === undefined) return undefined
  const found = words.find((word) => word === value)
  if (!found) throw wrong(name, `one of ${words.join(', ')}`)
  return found
}

export function parseFormat(value: unknown): Format | 'auto' | undefined {
  const word = typeof value === 'string' ? value.toLowerCase() : value
  return parseWord('format', aliases[String(word)] ?? word, [...formats, 'auto'])
}

function parseFlag(name: string, value: unknown): boolean | undefined {
  if (value === undefined) return undefined
  if (/^(true|1|false|0)$/.test(String(value))) return /^(true|1)$/.test(String(value))
  throw wrong(name, 'true or false')
}

function parseSteps(value: unknown, limits: Limits): readonly Step[] {
  if (value === undefined) return []
  let list: unknown = value
  if (typeof value === 'string') {
    try {
      list = JSON.parse(value)
    } catch {
      list = undefined
    }
  }
  if (!Array.isArray(list)) throw wrong('transforms', 'a JSON list of operations, such as [["rotate", 90]]')
  if (list.length > limits.operations) throw wrong('transforms', `a list of ${limits.operations} operations at most`)
  return list.map(checkStep)
}
