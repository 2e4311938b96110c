/** The forms that bodies of requests on items have. */
import { isObject, problems } from 'plinth'
import type { Caller, Change, Item, Key, QueryInput } from './api.ts'
import type { Reader } from './read.ts'

/** Anything but an object has no fields. */
export function itemOf(value: unknown): Item {
  if (value === null) throw problems.INVALID_PAYLOAD('An item must be an object.')
  return typeof value === 'object' && !Array.isArray(value) ? (value as Item) : {}
}

/** @throws INVALID_PAYLOAD unless `body` is an object with members of `names` alone. */
function membersOf(body: unknown, names: readonly string[]): Item {
  if (!isObject(body)) throw problems.INVALID_PAYLOAD(`The body must be an object with ${names.join(', ')}.`)
  const other = Object.keys(body).find((name) => !names.includes(name))
  if (other !== undefined) throw problems.INVALID_PAYLOAD(`"${other}" is not a member of this body; there are ${names.join(', ')}.`)
  return body
}

export function searchOf(body: unknown): { query: QueryInput | undefined; keys: readonly unknown[] | undefined } {
  const { query, keys } = membersOf(body ?? {}, ['query', 'keys'])
  if (keys !== undefined && !Array.isArray(keys)) throw problems.INVALID_PAYLOAD('"keys" must be a list.')
  if (query === null) throw problems.INVALID_PAYLOAD('"query" must be an object.')
  if (query !== undefined && !isObject(query)) throw problems.INVALID_QUERY('"query" must be an object.')
  return { query, keys }
}

/** The three forms of PATCH: a list of items with their keys, `{keys, data}`, `{query, data}`. */
export async function changesOf(reader: Reader, collection: string, body: unknown, caller: Caller): Promise<Change[]> {
  if (Array.isArray(body)) {
    const names = reader.snapshot.tables.get(collection)?.primaryKey ?? []
    return body.map((item) => {
      if (!isObject(item) || !names.length || names.some((name) => item[name] === undefined)) {
        throw problems.INVALID_PAYLOAD('Each item of the list must be an object that holds its key.')
      }
      return { keys: [(names.length === 1 ? item[names[0]!] : item) as Key], patch: item }
    })
  }
  const { data, ...which } = membersOf(body, ['keys', 'query', 'data'])
  if (!isObject(data)) throw problems.INVALID_PAYLOAD('"data" must be an object.')
  return [{ keys: (await keysOf(reader, collection, which, caller)) as Key[], patch: data }]
}

/** A list of keys, `{keys}`, or `{query}`: the rows that a list with this query shows, so no more than its limit or the default one. */
export async function keysOf(reader: Reader, collection: string, body: unknown, caller: Caller): Promise<readonly unknown[]> {
  if (Array.isArray(body)) return body
  const { keys, query } = membersOf(body, ['keys', 'query'])
  if (Array.isArray(keys) && query === undefined) return keys
  if (!isObject(query) || keys !== undefined)
    throw problems.INVALID_PAYLOAD('Say which items: either "keys", a list, or "query", an object.')
  const names = reader.snapshot.tables.get(collection)?.primaryKey ?? []
  // Another field under the key's name would name other rows.
  const text = await reader.list(collection, { ...query, fields: [...names], alias: undefined, meta: undefined }, caller)
  const rows: Item[] = JSON.parse(text).data
  return rows.map((row) => (names.length === 1 ? row[names[0]!] : row))
}
