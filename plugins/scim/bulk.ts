/** Many operations at once (RFC 7644 §3.7): what one makes is named by its bulkId in others, before it as well as after it, and in circles. */
import { isObject, type Problem, problems } from 'plinth'
import { lowerKeys } from './coerce.ts'
import { scimProblems, statusOf, toError } from './problems.ts'
import type { Resource } from './source.ts'

export interface Performed {
  readonly method: string
  readonly path: string
  readonly data: Resource
  readonly version: string | null
}

interface Outcome {
  readonly status: number
  readonly location?: string
  readonly id?: string
  readonly version?: string
}

interface Operation extends Performed {
  readonly bulkId: string | null
  /** bulkIds that it names. */
  readonly names: readonly string[]
}

export interface BulkParts {
  readonly perform: (operation: Performed) => Promise<Outcome>
  /** What is told of whatever was thrown. */
  readonly problemOf: (thrown: unknown) => Problem
  /** Operations a request. */
  readonly most: number
  /** Address of /scim/v2. */
  readonly base: string
}

const responseSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const reference = /^bulkId:(.+)$/s

/** Each operation is kept or not by itself; after `failOnErrors` failures the rest is left out. */
export async function bulkRequest(body: Resource, { perform, problemOf, most, base }: BulkParts): Promise<Resource> {
  const { operations, failOnErrors } = parse(body, most)
  const made = new Map<string, string>()
  const results = new Map<Operation, Resource>()
  const closing: { operation: Operation; path: string; later: Resource }[] = []
  let failures = 0
  const fail = (operation: Operation, thrown: unknown) => {
    failures++
    results.set(operation, failed(operation, problemOf(thrown), base))
  }
  const yetToBeMade = new Set(operations.flatMap(({ method, bulkId }) => (method === 'POST' && bulkId ? [bulkId] : [])))
  for (const operation of inOrder(operations)) {
    if (failures >= failOnErrors) break
    const { method, bulkId, version } = operation
    try {
      const [now, later] = method === 'POST' ? parted(operation.data, yetToBeMade) : [operation.data, {}]
      const path = String(resolve(operation.path, made))
      const { id, status, ...rest } = await perform({ method, version, path, data: resolve(now, made) as Resource })
      if (bulkId !== null && id !== undefined) made.set(bulkId, id)
      if (Object.keys(later).length) closing.push({ operation, path: `${path}/${id}`, later })
      results.set(operation, { ...toldOf(operation), ...rest, status: String(status) })
    } catch (thrown) {
      fail(operation, thrown)
    }
    if (bulkId !== null) yetToBeMade.delete(bulkId)
  }
  // A circle is closed when all of it is there. Who cannot be made as was asked is not made at all.
  for (const { operation, path, later } of closing) {
    try {
      const data = { schemas: [patchSchema], Operations: [{ op: 'add', value: resolve(later, made) }] }
      const { id: _, status: __, ...rest } = await perform({ method: 'PATCH', version: null, path, data })
      results.set(operation, { ...results.get(operation), ...rest })
    } catch (thrown) {
      fail(operation, thrown)
      // What settings keep stays, and is told of as failed all the same.
      await perform({ method: 'DELETE', version: null, path, data: {} }).catch(problemOf)
    }
  }
  return { schemas: [responseSchema], Operations: operations.flatMap((one) => results.get(one) ?? []) }
}

const toldOf = ({ method, bulkId }: Operation): Resource => ({ method, ...(bulkId === null ? {} : { bulkId }) })

const failed = (operation: Operation, problem: Problem, base: string): Resource => ({
  ...toldOf(operation),
  ...(operation.method === 'POST' ? {} : { location: base + operation.path }),
  status: String(statusOf(problem)),
  response: toError(problem),
})

function parse(body: Resource, most: number): { operations: Operation[]; failOnErrors: number } {
  const { operations: list, failonerrors: failOnErrors = null } = lowerKeys(body)
  if (!Array.isArray(list) || !list.length) throw scimProblems.SCIM_INVALID_SYNTAX('"Operations" must be a list of at least one.')
  if (list.length > most) throw problems.CONTENT_TOO_LARGE(`There may be ${most} operations (SCIM_BULK_MAX).`)
  if (failOnErrors !== null && !(Number.isInteger(failOnErrors) && Number(failOnErrors) >= 1))
    throw scimProblems.SCIM_INVALID_SYNTAX('"failOnErrors" must be a whole number from 1 on.')
  const operations = list.map(toOperation)
  const ids = operations.flatMap(({ bulkId }) => bulkId ?? [])
  if (new Set(ids).size !== ids.length) throw scimProblems.SCIM_INVALID_SYNTAX('Every "bulkId" stands once.')
  return { operations, failOnErrors: failOnErrors === null ? Number.POSITIVE_INFINITY : Number(failOnErrors) }
}

function toOperation(sent: unknown): Operation {
  if (!isObject(sent)) throw scimProblems.SCIM_INVALID_SYNTAX('An operation must be an object.')
  const { method: written, path, bulkid: bulkId = null, data: sentData, version = null } = lowerKeys(sent)
  const data = sentData ?? {}
  const method = typeof written === 'string' ? written.toUpperCase() : ''
  if (!['POST', 'PUT', 'PATCH', 'DELETE'].includes(method))
    throw scimProblems.SCIM_INVALID_SYNTAX('"method" must be POST, PUT, PATCH or DELETE.')
  if (typeof path !== 'string') throw scimProblems.SCIM_INVALID_SYNTAX('"path" must be text.')
  if (!isObject(data)) throw scimProblems.SCIM_INVALID_SYNTAX('"data" must be an object.')
  if (bulkId !== null && typeof bulkId !== 'string') throw scimProblems.SCIM_INVALID_SYNTAX('"bulkId" must be text.')
  if (method === 'POST' && !bulkId) throw scimProblems.SCIM_INVALID_SYNTAX('A POST needs a "bulkId".')
  if (version !== null && typeof version !== 'string') throw scimProblems.SCIM_INVALID_SYNTAX('"version" must be text.')
  return { method, path, bulkId, data, version, names: [...namesIn(path), ...namesIn(data)] }
}

function namesIn(value: unknown): string[] {
  if (typeof value === 'string') return referencesIn(value)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namesIn) : []
}

const referencesIn = (text: string): string[] => {
  const name = reference.exec(text.replace(/^\/(Users|Groups)\//, ''))?.[1]
  return name === undefined ? [] : [name]
}

/** What makes something stands before what names it, otherwise all is as it was sent. A circle begins somewhere. */
function inOrder(operations: readonly Operation[]): Operation[] {
  const makers = new Map(operations.flatMap((one) => (one.bulkId === null ? [] : [[one.bulkId, one] as const])))
  const ordered = new Set<Operation>()
  const open = new Set<Operation>()
  // By hand, as a chain may be as long as the list.
  for (const first of operations) {
    const stack = [first]
    while (stack.length) {
      const one = stack.at(-1)!
      const next = one.names
        .map((name) => makers.get(name))
        .find((maker) => maker && !ordered.has(maker) && !open.has(maker) && maker !== one)
      open.add(one)
      if (next) stack.push(next)
      else ordered.add(stack.pop()!)
    }
  }
  return [...ordered]
}

/** The attributes that can be set now, and those that name what is yet to be made. Of an extension each counts for itself. */
function parted(data: Resource, yetToBeMade: ReadonlySet<string>): [now: Resource, later: Resource] {
  const [now, later]: [Resource, Resource] = [{}, {}]
  for (const [name, value] of Object.entries(data)) {
    if (!namesIn(value).some((one) => yetToBeMade.has(one))) now[name] = value
    else if (isObject(value) && /^urn:/i.test(name)) [now[name], later[name]] = parted(value, yetToBeMade)
    else later[name] = value
  }
  return [now, later]
}

/** A copy with keys in the place of bulkIds. @throws SCIM_INVALID_VALUE for what was not made */
function resolve(value: unknown, made: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') {
    const [name] = referencesIn(value)
    if (name === undefined) return value
    const id = made.get(name)
    if (id === undefined) throw scimProblems.SCIM_INVALID_VALUE(`"bulkId:${name.slice(0, 100)}" has not been made.`)
    return value.replace(`bulkId:${name}`, () => id)
  }
  if (Array.isArray(value)) return value.map((one) => resolve(one, made))
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one, made)])) : value
}
