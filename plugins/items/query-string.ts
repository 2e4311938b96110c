/** Query strings with brackets → nested data: `filter[title][_eq]=x&fields[]=a`. Maps have no prototype, so no key is special. Pure. */
import { problems } from 'plinth'

export type Raw = string | Raw[] | RawMap
export type RawMap = { [name: string]: Raw }

/** More of any of these is an attack or a mistake (security: bound before running). */
const bounds = { parameters: 1000, depth: 30, index: 500 }

const isList = (value: Raw | undefined): value is Raw[] => Array.isArray(value)

/** @throws INVALID_QUERY beyond the bounds, or where one name is used as text and as a map. */
export function parseQueryString(text: string): RawMap {
  const root: RawMap = Object.create(null)
  if (text === '') return root
  const pairs = text.split('&')
  if (pairs.length > bounds.parameters) throw problems.INVALID_QUERY(`There are more than ${bounds.parameters} parameters.`)
  for (const pair of pairs) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    insert(root, segmentsOf(name), equals < 0 ? '' : decode(pair.slice(equals + 1)), name)
  }
  // Parameters themselves are never a list, whatever they are called.
  for (const name of Object.keys(root)) root[name] = listsIn(root[name]!)
  return root
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    throw problems.INVALID_QUERY('The query string holds a broken percent-encoding.')
  }
}

/** `a[b][]` → ['a', 'b', '']. @throws INVALID_QUERY for brackets that do not add up: a filter that is misread would show too much. */
function segmentsOf(name: string): string[] {
  const open = name.indexOf('[')
  if (open <= 0) return [name]
  const segments = [name.slice(0, open)]
  const form = /\[([^[\]]*)\]/gy
  form.lastIndex = open
  let end = open
  for (let match = form.exec(name); match; match = form.exec(name)) {
    segments.push(match[1]!)
    end = form.lastIndex
  }
  if (end !== name.length) throw problems.INVALID_QUERY(`The brackets of "${name.slice(0, 60)}" do not add up.`)
  return segments
}

function insert(root: RawMap, segments: readonly string[], value: string, name: string): void {
  if (segments.length > bounds.depth) throw problems.INVALID_QUERY(`"${name.slice(0, 60)}" is nested deeper than ${bounds.depth} levels.`)
  let map = root
  for (const [i, segment] of segments.entries()) {
    const key = segment === '' && i > 0 ? String(Object.keys(map).length) : segment
    if (/^\d+$/.test(key) && i > 0 && Number(key) > bounds.index) {
      throw problems.INVALID_QUERY(`"${name.slice(0, 60)}" has an index beyond ${bounds.index}.`)
    }
    const present = map[key]
    if (i === segments.length - 1) {
      map[key] =
        present === undefined ? value : isList(present) ? [...present, value] : typeof present === 'string' ? [present, value] : clash(name)
    } else if (present === undefined) {
      const next: RawMap = Object.create(null)
      map[key] = next
      map = next
    } else {
      map = typeof present === 'object' && !isList(present) ? present : clash(name)
    }
  }
}

function clash(name: string): never {
  throw problems.INVALID_QUERY(`"${name.slice(0, 60)}" is given both as a value and as a group.`)
}

/** Maps whose names are all numbers are lists, in the order of their numbers. */
function listsIn(value: Raw): Raw {
  if (typeof value === 'string') return value
  if (isList(value)) return value.map(listsIn)
  const names = Object.keys(value)
  for (const name of names) value[name] = listsIn(value[name]!)
  return names.length && names.every((name) => /^\d+$/.test(name))
    ? names.sort((a, b) => Number(a) - Number(b)).map((name) => value[name]!)
    : value
}
