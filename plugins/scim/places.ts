/** Names of attributes → where they are in a resource; filters whose names are looked up. Pure. */
import { type Comparison, type Filter, type Literal, parseFilter, parsePath } from './filter.ts'
import { scimProblems } from './problems.ts'
import { type Attribute, common, type Schema, type Shape } from './schemas.ts'

/** An attribute, or a part of one. */
export interface Place {
  /** Keys from the resource, or from a value of a filtered attribute: an extension's attribute stands below its URN. */
  readonly at: readonly string[]
  /** Undefined: an extension as a whole. */
  readonly attribute: Attribute | undefined
  readonly sub: Attribute | undefined
}

/** A filter whose names are known and whose values fit them. */
export type Bound =
  | { readonly op: 'and' | 'or'; readonly of: readonly Bound[] }
  | { readonly op: 'not'; readonly of: Bound }
  /** Some value of an attribute fulfils it. */
  | { readonly op: 'has'; readonly place: Place; readonly of: Bound }
  | { readonly op: 'pr'; readonly place: Place }
  | { readonly op: Comparison; readonly place: Place; readonly value: Literal; readonly caseExact: boolean }
  /** Of a name that this type of resource does not have, where several types are asked. */
  | { readonly op: 'never' }

export interface BoundPath {
  readonly place: Place
  readonly filter: Bound | null
}

/** How names are looked up: in a resource, or in one value of an attribute. */
type Lookup = (name: string) => Place | undefined

export const attributeNamed = (attributes: readonly Attribute[] | undefined, name: string): Attribute | undefined =>
  attributes?.find((one) => one.name.toLowerCase() === name.toLowerCase())

/** Undefined when there is no such attribute. */
export function placeOf({ schema, extensions }: Shape, name: string): Place | undefined {
  const lower = name.toLowerCase()
  const within = (schemas: readonly Schema[]) =>
    schemas.find(({ id }) => lower === id.toLowerCase() || lower.startsWith(`${id.toLowerCase()}:`))
  const extension = within(extensions)
  if (extension) {
    if (lower === extension.id.toLowerCase()) return { at: [extension.id], attribute: undefined, sub: undefined }
    return below(extension.attributes, name.slice(extension.id.length + 1), [extension.id])
  }
  const core = within([schema])
  const rest = core ? name.slice(core.id.length + 1) : name
  const found = below([...common, ...schema.attributes], rest, [])
  // `manager` alone: what only one extension has need not be spelled out.
  return found ?? extensions.map(({ id, attributes }) => below(attributes, rest, [id])).find(Boolean)
}

function below(attributes: readonly Attribute[], name: string, at: readonly string[]): Place | undefined {
  const [first = '', second, ...more] = name.split('.')
  const attribute = attributeNamed(attributes, first)
  const sub = second === undefined ? undefined : attributeNamed(attribute?.subAttributes, second)
  if (!attribute || more.length || (second !== undefined && !sub)) return undefined
  return { at: [...at, attribute.name], attribute, sub }
}

const lookupIn =
  ({ subAttributes }: Attribute): Lookup =>
  (name) => {
    const attribute = attributeNamed(subAttributes, name)
    return attribute && { at: [attribute.name], attribute, sub: undefined }
  }

/** @param lenient Names that the shape does not have match nothing, instead of being refused. @throws SCIM_INVALID_FILTER */
export const bindFilter = (shape: Shape, text: string, lenient = false): Bound =>
  bind((name) => placeOf(shape, name), parseFilter(text), lenient)

/** @throws SCIM_INVALID_PATH, SCIM_INVALID_FILTER */
export function bindPath(shape: Shape, text: string): BoundPath {
  const { name, filter, sub: subName } = parsePath(text)
  const place = placeOf(shape, name)
  if (!place) throw scimProblems.SCIM_INVALID_PATH(`There is no attribute "${name}".`)
  if (!filter) return { place, filter: null }
  const { attribute } = place
  if (!attribute?.multiValued || !attribute.subAttributes || place.sub)
    throw scimProblems.SCIM_INVALID_PATH(`"${name}" has not several values to choose from.`)
  const sub = subName === null ? undefined : attributeNamed(attribute.subAttributes, subName)
  if (subName !== null && !sub) throw scimProblems.SCIM_INVALID_PATH(`"${name}" has no "${subName}".`)
  return { place: { ...place, sub }, filter: bind(lookupIn(attribute), filter, false) }
}

function bind(lookup: Lookup, filter: Filter, lenient: boolean): Bound {
  const deeper = (one: Filter) => bind(lookup, one, lenient)
  if (!('name' in filter)) return filter.op === 'not' ? { op: 'not', of: deeper(filter.of) } : { op: filter.op, of: filter.of.map(deeper) }
  const place = lookup(filter.name)
  if (!place) {
    if (lenient) return { op: 'never' }
    throw scimProblems.SCIM_INVALID_FILTER(`There is no attribute "${filter.name}".`)
  }
  if (isAddress(place)) throw scimProblems.SCIM_INVALID_FILTER(`"${filter.name}" is an address that depends on where it is asked for.`)
  if (filter.op === 'pr') return { op: 'pr', place }
  if (filter.op === 'has') {
    if (place.attribute?.type !== 'complex' || place.sub)
      throw scimProblems.SCIM_INVALID_FILTER(`"${filter.name}" has no values to choose from.`)
    return { op: 'has', place, of: bind(lookupIn(place.attribute), filter.of, lenient) }
  }
  const compared = comparedPlace(place, filter.name)
  const { type, caseExact } = (compared.sub ?? compared.attribute)!
  return { op: filter.op, place: compared, value: fit(filter, type), caseExact }
}

/** What is made of our own address, when a resource is told. */
export function isAddress({ attribute, sub }: Place): boolean {
  const { name, type, mutability } = sub ?? attribute ?? {}
  return type === 'reference' && mutability !== 'readWrite' && name !== 'schemas'
}

/** `emails eq "…"`, `manager eq "…"`: its value is meant. */
function comparedPlace(place: Place, name: string): Place {
  const { attribute, sub } = place
  if (attribute && (sub || attribute.type !== 'complex')) return place
  const value = attributeNamed(attribute?.subAttributes, 'value')
  if (!value) throw scimProblems.SCIM_INVALID_FILTER(`"${name}" has several parts: say which one is compared.`)
  return { ...place, sub: value }
}

const isText = (op: Comparison) => op === 'co' || op === 'sw' || op === 'ew'
export const isOrder = (op: Comparison) => op === 'gt' || op === 'ge' || op === 'lt' || op === 'le'

/** @throws SCIM_INVALID_FILTER where operator, value and type do not go together */
function fit({ op, name, value }: { op: Comparison; name: string; value: Literal }, type: Attribute['type']): Literal {
  const refuse = (reason: string): never => {
    throw scimProblems.SCIM_INVALID_FILTER(`"${name}" (${type}) ${reason}.`)
  }
  if (value === null) return isText(op) || isOrder(op) ? refuse(`does not take "${op}" with null`) : null
  if (type === 'boolean') {
    if (isText(op) || isOrder(op)) return refuse(`does not take "${op}"`)
    const known = typeof value === 'string' ? { true: true, false: false }[value.toLowerCase()] : value
    return typeof known === 'boolean' ? known : refuse('is compared with true or false')
  }
  if (typeof value !== 'string') return refuse('is compared with text')
  if (type === 'dateTime') {
    if (isText(op)) return refuse(`does not take "${op}"`)
    if (!/^\d{4}-\d\d-\d\d/.test(value) || Number.isNaN(Date.parse(value)))
      return refuse('is compared with a time such as "2030-01-31T12:00:00Z"')
    return new Date(value).toISOString()
  }
  return value
}
