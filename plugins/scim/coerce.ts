/** What clients send → resources as schemas have them: canonical names, types that fit, nothing that a client may not say. Pure. */
import { isObject } from 'plinth'
import { isEmpty } from './evaluate.ts'
import { attributeNamed } from './places.ts'
import { scimProblems } from './problems.ts'
import { type Attribute, common, type Shape } from './schemas.ts'
import type { Resource } from './source.ts'

/** Values that an attribute may have; characters of what is kept of a resource, as a page may hold a thousand. */
const valuesMax = 1000
export const keptMax = 100_000

/**
 * A resource without what only the server says, without attributes that its schemas do not know, and without empty values. What is required may be missing.
 * @throws SCIM_INVALID_VALUE
 */
export function toResource({ schema, extensions }: Shape, body: Resource): Resource {
  const found = partsOf([...common, ...schema.attributes], body)
  for (const { id, attributes } of extensions) {
    const sent = Object.entries(body).find(([key]) => key.toLowerCase() === id.toLowerCase())?.[1]
    if (isEmpty(sent)) continue
    if (!isObject(sent)) throw scimProblems.SCIM_INVALID_VALUE(`"${id}" must be an object.`)
    const parts = partsOf(attributes, sent)
    if (!isEmpty(parts)) found[id] = parts
  }
  return found
}

/** Names are the same in any letter case (RFC 7643 §2.1), those of a message too. */
export const lowerKeys = (message: Resource): Resource =>
  Object.fromEntries(Object.entries(message).map(([key, value]) => [key.toLowerCase(), value]))

function partsOf(attributes: readonly Attribute[], sent: Resource): Resource {
  const found: Resource = {}
  for (const [key, value] of Object.entries(sent)) {
    const attribute = attributeNamed(attributes, key)
    if (!attribute || attribute.mutability === 'readOnly') continue
    const fitting = toValue(attribute, value)
    if (!isEmpty(fitting)) found[attribute.name] = fitting
  }
  return found
}

/** Undefined for what clears an attribute: null, an empty text, list or object. @throws SCIM_INVALID_VALUE */
export function toValue(attribute: Attribute, value: unknown): unknown {
  if (isEmpty(value)) return undefined
  if (!attribute.multiValued) return toOne(attribute, value)
  const list = (Array.isArray(value) ? value : [value]).map((one) => toOne(attribute, one)).filter((one) => !isEmpty(one))
  checkCount(attribute, list)
  if (list.filter((one) => isObject(one) && one.primary === true).length > 1)
    throw scimProblems.SCIM_INVALID_VALUE(`Only one of "${attribute.name}" may be primary.`)
  return list.length ? list : undefined
}

/** Filters of a PATCH look at each of them. Members of a group are looked up instead. @throws SCIM_INVALID_VALUE */
export function checkCount({ name }: Attribute, list: readonly unknown[]): void {
  if (list.length > valuesMax && name !== 'members') throw scimProblems.SCIM_INVALID_VALUE(`"${name}" may have ${valuesMax} values.`)
}

/** One value of an attribute. @throws SCIM_INVALID_VALUE */
export function toOne(attribute: Attribute, value: unknown): unknown {
  const { name, type, subAttributes = [] } = attribute
  if (isEmpty(value)) return undefined
  const refuse = (what: string): never => {
    throw scimProblems.SCIM_INVALID_VALUE(`"${name}" must be ${what}.`)
  }
  if (type === 'complex') {
    // A list of one stands for it, and so does the value alone.
    if (Array.isArray(value) && value.length === 1 && !attribute.multiValued) return toOne(attribute, value[0])
    if (isObject(value)) return partsOf(subAttributes, value)
    return typeof value === 'string' && attributeNamed(subAttributes, 'value') ? { value: toText(name, value) } : refuse('an object')
  }
  if (type === 'boolean') {
    const known = typeof value === 'string' ? { true: true, false: false }[value.toLowerCase()] : value
    return typeof known === 'boolean' ? known : refuse('true or false')
  }
  return typeof value === 'string' ? toText(name, value) : refuse('text')
}

function toText(name: string, text: string): string {
  if (text.length > keptMax) throw scimProblems.SCIM_INVALID_VALUE(`"${name}" is longer than ${keptMax} characters.`)
  if (text.includes('\0') || !text.isWellFormed()) throw scimProblems.SCIM_INVALID_VALUE(`"${name}" holds what no text may hold.`)
  return text
}

/** @throws SCIM_INVALID_VALUE for a missing attribute that is required */
export function checkRequired({ schema }: Shape, resource: Resource): void {
  const missing = schema.attributes.find(({ name, required }) => required && isEmpty(resource[name]))
  if (missing) throw scimProblems.SCIM_INVALID_VALUE(`"${missing.name}" is required.`)
}
