/** What parameters are made of: words between commas, paths between dots, objects or their JSON text. Pure. */
import { problems } from 'plinth'
import type { FieldPath } from './query.ts'

export interface Limits {
  readonly defaultLimit: number
  /** -1: none. */
  readonly maxLimit: number
  /** Levels of relations, the field counted. */
  readonly depth: number
  readonly fields: number
  readonly filterNodes: number
  readonly aliases: number
}

export type Params = Readonly<Record<string, unknown>>

/** Text with commas (none inside parentheses), or a list of such texts. */
export function wordsOf(name: string, raw: unknown): string[] {
  if (raw === undefined || raw === null || raw === '') return []
  const texts = Array.isArray(raw) ? raw : [raw]
  return texts.flatMap((text) => {
    if (typeof text !== 'string') throw problems.INVALID_QUERY(`"${name}" must be text or a list of texts.`)
    const words = text.split(/,(?![^()]*\))/).map((word) => word.trim())
    if (words.includes('')) throw problems.INVALID_QUERY(`"${name}" has an empty name between commas.`)
    return words
  })
}

/** At the dots outside parentheses. @throws INVALID_QUERY for parentheses that do not add up. */
export function pathOf(name: string, word: string, limits: Limits): FieldPath {
  if (/[()]/.test(word) && !/^[^()]*\([^()]+\)$/.test(word)) throw problems.INVALID_QUERY(`"${name}" does not understand "${word}".`)
  const path = word.split(/\.(?![^()]*\))/)
  checkDepth(name, path.length, limits)
  return path
}

export function checkDepth(name: string, depth: number, limits: Limits): void {
  if (depth > limits.depth) throw problems.INVALID_QUERY(`"${name}" goes deeper than ${limits.depth} levels.`)
}

/** An object, or JSON text of one. */
export function objectOf(name: string, raw: unknown): Params | null {
  if (raw === undefined || raw === null || raw === '') return null
  let value = raw
  if (typeof raw === 'string') {
    try {
      value = JSON.parse(raw)
    } catch {
      throw problems.INVALID_QUERY(`"${name}" is not valid JSON.`)
    }
  }
  if (typeof value !== 'object' || value === null) throw problems.INVALID_QUERY(`"${name}" must be an object.`)
  if (Array.isArray(value)) {
    if (!/filter$/.test(name)) throw problems.INVALID_QUERY(`"${name}" must be an object.`)
    if (value.length === 0) return null
    throw problems.FORBIDDEN(`"${name}" is a list: there is no field "0".`)
  }
  return value as Params
}
