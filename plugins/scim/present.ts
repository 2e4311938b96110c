/** Resources as clients see them: addresses, versions, and those attributes that were asked for (RFC 7644 §3.9). Pure. */
import { isObject } from 'plinth'
import { placeOf } from './places.ts'
import { scimProblems } from './problems.ts'
import { common, type Shape } from './schemas.ts'
import type { Resource } from './source.ts'

/** Which attributes are answered. Names that a schema does not know choose nothing. */
export interface Selection {
  readonly attributes: readonly string[] | null
  readonly excluded: readonly string[]
}

export const everything: Selection = { attributes: null, excluded: [] }

/** @throws SCIM_INVALID_VALUE */
export function toSelection(attributes: unknown, excluded: unknown): Selection {
  const [shown, hidden] = [namesIn('attributes', attributes), namesIn('excludedAttributes', excluded)]
  if (shown && hidden?.length) throw scimProblems.SCIM_INVALID_VALUE('"attributes" and "excludedAttributes" exclude each other.')
  return { attributes: shown, excluded: hidden ?? [] }
}

function namesIn(name: string, value: unknown): string[] | null {
  if (value === undefined || value === null || value === '') return null
  const list = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(list) || list.length > 500 || list.some((one) => typeof one !== 'string'))
    throw scimProblems.SCIM_INVALID_VALUE(`"${name}" must be a list of at most 500 names.`)
  const names = list.map((one: string) => one.trim()).filter(Boolean)
  return names.length ? names : null
}

/** Whether an attribute, by its name in the schema, is shown at least in part. */
export function shows(shape: Shape, { attributes, excluded }: Selection, name: string): boolean {
  const leads = (one: string) => placeOf(shape, one)?.at[0] === name
  return attributes ? attributes.some(leads) : !excluded.some((one) => leads(one) && !placeOf(shape, one)!.sub)
}

/** With what depends on where we are. `found` is used up. */
export function withAddresses({ name, endpoint }: Shape, { schemas, id, meta: stored, ...found }: Resource, base: string): Resource {
  const { version, ...meta } = stored as Record<string, unknown>
  const location = `${base}${endpoint}/${id}`
  const resource: Resource = { schemas, id, ...found, meta: { resourceType: name, ...meta, location, version: `W/"${version}"` } }
  for (const group of (resource.groups ?? []) as Resource[]) group.$ref = `${base}/Groups/${group.value}`
  for (const member of (resource.members ?? []) as Resource[]) member.$ref = `${base}/Users/${member.value}`
  return resource
}

export const versionOf = (resource: Resource): string => (resource.meta as { version: string }).version

/** The version of a group that was told without its members. */
export const withoutMembers = (version: string): string => version.replace(/-[^"]*"$/, '"')

/** A copy with what was asked for; what is always returned stays. */
export function select(shape: Shape, resource: Resource, { attributes, excluded }: Selection): Resource {
  const always = [...common, ...shape.schema.attributes].filter(({ returned }) => returned === 'always').map(({ name }) => name)
  if (attributes) {
    const found: Resource = Object.fromEntries(always.filter((name) => name in resource).map((name) => [name, resource[name]]))
    for (const name of attributes) keep(shape, resource, found, name)
    return found
  }
  const copy = { ...resource }
  for (const name of excluded) {
    const place = placeOf(shape, name)
    if (place && !always.includes(place.at[0]!)) drop(copy, [...place.at, ...(place.sub ? [place.sub.name] : [])])
  }
  return copy
}

function keep(shape: Shape, resource: Resource, found: Resource, name: string): void {
  const place = placeOf(shape, name)
  if (place) copyAt(resource, found, [...place.at, ...(place.sub ? [place.sub.name] : [])])
}

function copyAt(from: Resource, to: Resource, [key, ...rest]: readonly string[]): void {
  const value = from[key!]
  if (value === undefined) return
  if (!rest.length) to[key!] = value
  else if (Array.isArray(value)) {
    const before = (to[key!] ?? value.map(() => ({}))) as Resource[]
    value.forEach((one, i) => {
      if (isObject(one)) copyAt(one, before[i]!, rest)
    })
    to[key!] = before
  } else if (isObject(value)) {
    const part = { ...((to[key!] ?? {}) as Resource) }
    copyAt(value, part, rest)
    if (Object.keys(part).length) to[key!] = part
  }
}

function drop(resource: Resource, [key, ...rest]: readonly string[]): void {
  const value = resource[key!]
  if (value === undefined) return
  if (!rest.length) delete resource[key!]
  else {
    const copy = structuredClone(value)
    for (const one of Array.isArray(copy) ? copy : [copy]) if (isObject(one)) drop(one, rest)
    resource[key!] = copy
  }
}
