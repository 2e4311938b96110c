/**
 * PATCH (RFC 7644 §3.5.2), as identity providers send it: operations in any letter case, with and without paths, with dotted and URN keys, and
 * filters that make what they say. Pure.
 */
import { isObject } from 'plinth'
import { checkCount, lowerKeys, toOne, toValue } from './coerce.ts'
import { fulfils, isEmpty } from './evaluate.ts'
import { type Bound, type BoundPath, bindPath, placeOf } from './places.ts'
import { scimProblems } from './problems.ts'
import type { Attribute, Shape } from './schemas.ts'
import type { Resource } from './source.ts'
import { isNamed, joinValues } from './values.ts'

export interface Operation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: BoundPath
  readonly value: unknown
}

/** Operations a request, and conditions in all their paths. */
const operationsMax = 1000
const conditionsMax = 1200

/** Operations with one path each. @throws SCIM_INVALID_SYNTAX, SCIM_INVALID_PATH, SCIM_INVALID_FILTER, SCIM_NO_TARGET, SCIM_MUTABILITY */
export function parseOperations(shape: Shape, body: Resource): Operation[] {
  const list = lowerKeys(body).operations
  if (!Array.isArray(list) || !list.length) throw scimProblems.SCIM_INVALID_SYNTAX('"Operations" must be a list of at least one.')
  if (list.length > operationsMax) throw scimProblems.SCIM_INVALID_SYNTAX(`There may be ${operationsMax} operations.`)
  const operations = list.flatMap((one) => {
    if (!isObject(one)) throw scimProblems.SCIM_INVALID_SYNTAX('An operation must be an object.')
    const { op: written, path, value } = lowerKeys(one)
    const op = typeof written === 'string' ? written.toLowerCase() : written
    if (op !== 'add' && op !== 'replace' && op !== 'remove') throw scimProblems.SCIM_INVALID_SYNTAX('"op" must be add, replace or remove.')
    if (!isEmpty(path)) {
      if (typeof path !== 'string') throw scimProblems.SCIM_INVALID_PATH('"path" must be text.')
      // A schema as a whole is what stands below its name.
      if (op !== 'remove' && isObject(value) && isSchema(shape, path.trim())) return spread(shape, op, { [path.trim()]: value }, '')
      return [toOperation(shape, op, path, value)]
    }
    if (op === 'remove') throw scimProblems.SCIM_NO_TARGET('"remove" needs a path.')
    if (!isObject(value)) throw scimProblems.SCIM_INVALID_VALUE('Without a path the value must be an object.')
    return spread(shape, op, value, '')
  })
  if (operations.reduce((sum, { path: { filter } }) => sum + (filter ? conditionsIn(filter) : 0), 0) > conditionsMax)
    throw scimProblems.SCIM_INVALID_SYNTAX(`The paths of the operations may have ${conditionsMax} conditions.`)
  return operations
}

function conditionsIn(filter: Bound): number {
  if (filter.op === 'and' || filter.op === 'or') return filter.of.reduce((sum, one) => sum + conditionsIn(one), 0)
  return filter.op === 'not' || filter.op === 'has' ? conditionsIn(filter.of) : 1
}

const isSchema = ({ schema, extensions }: Shape, name: string): boolean =>
  [schema, ...extensions].some(({ id }) => id.toLowerCase() === name.toLowerCase())

function toOperation(shape: Shape, op: Operation['op'], path: string, value: unknown): Operation {
  const bound = bindPath(shape, path)
  const { attribute, sub } = bound.place
  if ((sub ?? attribute)?.mutability === 'readOnly' || attribute?.mutability === 'readOnly')
    throw scimProblems.SCIM_MUTABILITY(`"${path}" is read only.`)
  if (op !== 'remove' && value === undefined) throw scimProblems.SCIM_INVALID_VALUE(`"${op}" needs a value.`)
  return { op, path: bound, value }
}

/** Keys are attributes, dotted or filtered paths, or URNs with an object below. What is not known, or not the client's to say, is left out as in POST. */
function spread(shape: Shape, op: 'add' | 'replace', value: Resource, prefix: string): Operation[] {
  return Object.entries(value).flatMap(([key, one]): Operation[] => {
    const name = prefix + key
    if (name.toLowerCase() === shape.schema.id.toLowerCase() && isObject(one)) return spread(shape, op, one, '')
    const found = name.includes('[') ? bindPath(shape, name) : { place: placeOf(shape, name), filter: null }
    const { place } = found
    if (!place) return []
    if (!place.attribute) return isObject(one) ? spread(shape, op, one, `${name}:`) : [{ op, path: { place, filter: null }, value: one }]
    if (place.attribute.mutability === 'readOnly' || place.sub?.mutability === 'readOnly') return []
    return [{ op, path: { place, filter: found.filter }, value: one }]
  })
}

/** A changed copy. @throws SCIM_NO_TARGET, SCIM_INVALID_VALUE, SCIM_MUTABILITY */
export function applyOperations(resource: Resource, operations: readonly Operation[]): Resource {
  const copy = structuredClone(resource)
  for (const operation of operations) apply(copy, operation)
  return copy
}

function apply(resource: Resource, { op, path: { place, filter }, value }: Operation): void {
  const { at, attribute, sub } = place
  const key = at.at(-1)!
  if (at.length > 1 && !isObject(resource[at[0]!])) resource[at[0]!] = {}
  const owner = at.length > 1 ? (resource[at[0]!] as Resource) : resource
  if (!attribute) clearExtension(resource, key, op, value)
  else if (attribute.multiValued) owner[key] = changedList(attribute, sub, filter, (owner[key] as unknown[] | undefined) ?? [], op, value)
  else if (attribute.type === 'complex') owner[key] = changedObject(attribute, sub, owner[key], op, value)
  else owner[key] = op === 'remove' ? undefined : toValue(attribute, value)
  if (isEmpty(owner[key])) {
    if (attribute?.required) throw scimProblems.SCIM_MUTABILITY(`"${attribute.name}" is required.`)
    delete owner[key]
  }
  if (at.length > 1 && isEmpty(owner)) delete resource[at[0]!]
}

/** Parts of it have operations of their own. */
function clearExtension(resource: Resource, id: string, op: Operation['op'], value: unknown): void {
  if (op === 'remove' || isEmpty(value)) delete resource[id]
  else throw scimProblems.SCIM_INVALID_VALUE(`"${id}" must be an object.`)
}

/** Of an attribute with one value that has parts: what is sent is merged. */
function changedObject(attribute: Attribute, sub: Attribute | undefined, old: unknown, op: Operation['op'], value: unknown): unknown {
  const before = isObject(old) ? old : {}
  if (!sub) {
    const sent = op === 'remove' ? undefined : (toOne(attribute, value) as Resource | undefined)
    if (!sent) return undefined
    // Another manager has another address.
    const base = 'value' in sent && sent.value !== before.value ? {} : before
    const cleared = isObject(value) ? Object.keys(value).filter((key) => isEmpty(value[key])) : []
    return without({ ...base, ...sent }, cleared)
  }
  if (op === 'remove' || isEmpty(value)) return sub.name === 'value' ? undefined : without(before, [sub.name])
  return { ...(sub.name === 'value' ? {} : before), [sub.name]: toOne(sub, value) }
}

const without = (object: Resource, keys: readonly string[]): Resource =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.some((one) => one.toLowerCase() === key.toLowerCase())))

function changedList(
  attribute: Attribute,
  sub: Attribute | undefined,
  filter: Bound | null,
  old: readonly unknown[],
  op: Operation['op'],
  value: unknown,
): unknown[] | undefined {
  const chosen = (one: unknown) => !filter || fulfils(one, filter)
  if (op === 'remove') {
    if (sub) return old.map((one) => (chosen(one) ? cleared(one as Resource, sub) : one)).filter((one) => !isEmpty(one))
    // A list of nothing is no wish to remove all.
    const goes = isEmpty(value) && !Array.isArray(value) ? () => true : isNamed(attribute, (toValue(attribute, value) ?? []) as Resource[])
    return old.filter((one) => !(chosen(one) && goes(one as Resource)))
  }
  if (!filter && !sub) return wholeList(attribute, old, op, value)
  const made = filter ? madeBy(filter) : {}
  const changed = (one: Resource): Resource => {
    if (sub) return isEmpty(value) ? cleared(one, sub) : { ...one, [sub.name]: toOne(sub, value) }
    const sent = (toOne(attribute, value) ?? {}) as Resource
    return op === 'add' ? { ...one, ...sent } : isEmpty(sent) ? {} : { ...made, ...sent }
  }
  const hit = old.some(chosen)
  if (!hit && isEmpty(value)) return [...old]
  if (!hit && !made) throw scimProblems.SCIM_NO_TARGET('The filter chooses nothing, and does not say what to make.')
  const before = old as readonly Resource[]
  const results = hit ? before.map((one) => (chosen(one) ? changed(one) : one)) : [...before, changed(made!)]
  const touched = hit ? results.filter((_, i) => chosen(before[i])) : results.slice(-1)
  return onePrimary(results, touched).filter((one) => !isEmpty(one))
}

/** One value less that part: nothing where only what it would be for is left. */
function cleared(one: Resource, { name }: Attribute): Resource {
  const rest = without(one, [name])
  return Object.keys(rest).every((key) => key === 'type' || key === 'primary') ? {} : rest
}

function wholeList(attribute: Attribute, old: readonly unknown[], op: Operation['op'], value: unknown): unknown[] | undefined {
  const sent = toValue(attribute, value) as Resource[] | undefined
  if (op === 'replace') return sent
  const { list, touched } = joinValues(attribute, old as readonly Resource[], sent ?? [])
  checkCount(attribute, list)
  return onePrimary(list, touched)
}

/** What is made primary takes that from the others. */
function onePrimary(list: readonly Resource[], touched: readonly Resource[]): Resource[] {
  const primary = touched.findLast((one) => one.primary === true)
  return primary ? list.map((one) => (one !== primary && one.primary === true ? { ...one, primary: false } : one)) : [...list]
}

/** `type eq "work"` says what is to be made; undefined for a filter that leaves it open. */
function madeBy(filter: Bound): Resource | undefined {
  if (filter.op === 'eq' && filter.value !== null) return { [filter.place.at[0]!]: filter.value }
  if (filter.op !== 'and') return undefined
  const parts = filter.of.map(madeBy)
  return parts.every((part) => part !== undefined) ? Object.assign({}, ...parts) : undefined
}
