/**
 * Every read that a scenario sends to REST is asked of GraphQL too, by the same caller, of the same rows at that moment: the same values, by one
 * statement a root field. What GraphQL has no words for is counted by its reason.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isObject } from 'plinth'
import { library } from '../../conformance/library.ts'
import { startTarget } from '../../conformance/own.ts'
import { type Json, makeApi, play, scenarioNames, type Target } from '../../conformance/runner.ts'
import { createRecorder } from '../../recorded.ts'

const recorder = createRecorder()
let target: Awaited<ReturnType<typeof startTarget>>
before(async () => {
  target = await startTarget('', recorder.wrap)
})
after(() => target.close())

/** Type → field → its type, without lists and what must not be null. */
type Types = ReadonlyMap<string, ReadonlyMap<string, { readonly name: string; readonly kind: string }>>

async function ask(query: string, variables?: object, headers: Readonly<Record<string, string>> = {}): Promise<Json> {
  const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) }
  return (await target.fetch(new Request(`${target.base}/graphql`, init))).json()
}

const bare = (type: Json): Json => (type.ofType ? bare(type.ofType) : type)

async function typesFor(headers: Readonly<Record<string, string>>): Promise<Types> {
  const type = 'name kind ofType { name kind ofType { name kind ofType { name kind } } }'
  const { data } = await ask(`{ __schema { types { name fields { name type { ${type} } } } } }`, {}, headers)
  return new Map(
    data.__schema.types.map(({ name, fields }: Json) => [name, new Map(fields?.map((field: Json) => [field.name, bare(field.type)]))]),
  )
}

const isRow = (value: Json) => isObject(value) || (Array.isArray(value) && value.some(isObject))

/** What has to be selected of a type for rows of this shape; undefined where GraphQL has no such thing. */
function selectionFor(types: Types, type: string, rows: readonly Json[]): string | undefined {
  const parts: (string | undefined)[] = [...new Set(rows.flatMap((row) => Object.keys(row)))].map((key) => {
    const values = rows.map((row) => row[key]).filter((value) => value !== null && value !== undefined)
    const field = types.get(type)!.get(key)
    if (!field) {
      const [, name, fn] = /^(.+)_(\w+)$/.exec(key) ?? []
      return types.get(type)!.has(`${name}_func`) && types.get(types.get(type)!.get(`${name}_func`)!.name)?.has(fn!)
        ? `${name}_func { ${fn} }`
        : undefined
    }
    if (field.kind === 'UNION') return undefined
    // A link to any of several collections of which some are not to be seen is a key.
    if (field.kind !== 'OBJECT') return field.name !== 'JSON' && values.some(isRow) ? undefined : key
    const below = values.flat()
    const inner = below.some(isRow) ? selectionFor(types, field.name, below.filter(isObject)) : keyOf(types, field.name)
    return inner && `${key} { ${inner} }`
  })
  return parts.includes(undefined) || !parts.length ? undefined : parts.join(' ')
}
const keyOf = (types: Types, type: string) => (types.get(type)!.has('id') ? 'id' : types.get(type)!.has('code') ? 'code' : 'file')

/** An answer of GraphQL in the form of REST. */
function asRest(shown: Json, rest: Json): Json {
  if (Array.isArray(rest)) return Array.isArray(shown) ? shown.map((one, i) => asRest(one, rest[i])) : shown
  if (isObject(shown) && !isObject(rest)) return rest === null ? shown : asRest(Object.values(shown)[0], rest)
  if (isObject(rest) && isObject(shown)) {
    const flat = Object.fromEntries(
      Object.entries(shown).flatMap(([key, value]) =>
        key.endsWith('_func') && isObject(value)
          ? Object.entries(value).map(([fn, one]) => [`${key.slice(0, -5)}_${fn}`, one])
          : [[key, value]],
      ),
    )
    return Object.fromEntries(Object.entries(flat).map(([key, value]) => [key, asRest(value, (rest as Json)[key])]))
  }
  // A row that is not to be seen is no object, while REST tells its key.
  if (shown === null && ['string', 'number'].includes(typeof rest)) return rest
  // Seconds are whole ones there.
  if (typeof rest === 'string' && typeof shown === 'number') return [Number(rest), Math.floor(Number(rest))].includes(shown) ? rest : shown
  if (typeof rest === 'number' && typeof shown === 'string') return Number(shown) === rest ? rest : shown
  return shown
}

/** Filters as GraphQL spells them. */
function spelled(filter: Json): Json {
  if (Array.isArray(filter)) return filter.map(spelled)
  if (!isObject(filter)) return filter
  const said: Json = {}
  for (const [key, value] of Object.entries(filter)) {
    const [, fn, name] = /^(\w+)\((\w+)\)$/.exec(key) ?? []
    if (fn) said[`${name}_func`] = { ...said[`${name}_func`], [fn]: value }
    else if (/^_n?(in|between)$/.test(key) && typeof value === 'string') said[key] = value.split(',').map((one) => one.trim())
    else said[key.replace(':', '__')] = spelled(value)
  }
  return said
}

const known = new Set(['fields', 'filter', 'sort', 'limit', 'offset', 'page', 'search', 'access_token'])

/** Asks GraphQL what a request asked of REST. @returns why not; undefined when it gave the same. @throws AssertionError */
async function compare(
  request: Request,
  answer: Json,
  typesOf: (headers: Record<string, string>) => Promise<Types>,
): Promise<string | undefined> {
  const url = new URL(request.url)
  const [, collection = '', key] = /^\/items\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? []
  const query = Object.fromEntries(url.searchParams)
  const other = Object.keys(query).find((name) => !known.has(name.replace(/\[.*/s, '')))
  if (other !== undefined) return `the parameter "${other.replace(/\[.*/s, '')}"`
  if (Object.keys(query).some((name) => name.includes('['))) return 'brackets in parameters'
  if ([...url.searchParams].length > Object.keys(query).length) return 'a parameter that stands there twice'
  const headers: Record<string, string> = {}
  for (const name of ['authorization', 'cookie']) if (request.headers.has(name)) headers[name] = request.headers.get(name)!
  if (query.access_token) headers.authorization = `Bearer ${query.access_token}`
  const types = await typesOf(headers)
  if (!types.has(collection)) return 'a collection that GraphQL cannot spell'
  const rows: Json[] = Array.isArray(answer.data) ? answer.data : [answer.data]
  // As the database writes them, while GraphQL has types for them.
  if (collection === 'c_defaults') return 'defaults of what is yet to be saved'
  if (!rows.some(isObject)) return rows.length ? 'rows that are keys alone' : 'no rows, so that nothing says what was asked for'
  const selection = selectionFor(types, collection, rows)
  if (!selection) return 'fields that have another form, or none'
  const { fields: _, access_token: __, filter, sort, ...pages } = query
  const said = filter === undefined ? undefined : spelled(parsed(filter))
  const variables = { ...(said && { filter: said }), ...(sort && { sort: sort.split(/,(?![^(]*\))/).map((one) => one.trim()) }) }
  const numbers = Object.entries(pages).map(([name, value]) => `${name}: ${name === 'search' ? JSON.stringify(value) : value}`)
  const root = types.get('Query')!.get(key === undefined ? collection : `${collection}_by_id`)
  if (!root) return 'a key where GraphQL has none'
  const isList = Array.isArray(answer.data)
  const args =
    key !== undefined ? [`id: ${JSON.stringify(decodeURIComponent(key))}`] : isList ? ['filter: $filter', 'sort: $sort', ...numbers] : []
  const shownArgs = args.length ? `(${args.join(', ')})` : ''
  const named = key === undefined && isList ? `($filter: ${collection}_filter, $sort: [String])` : ''
  recorder.take()
  const { data, errors } = await ask(
    `query ${named} { rows: ${root && key !== undefined ? `${collection}_by_id` : collection}${shownArgs} { ${selection} } }`,
    variables,
    headers,
  )
  const statements = recorder.take()
  if (errors?.[0].extensions.code === 'GRAPHQL_VALIDATION') return 'a value of another type than GraphQL has for it'
  const about = `${url.pathname} ${JSON.stringify(query)}`
  assert.equal(errors, undefined, `${about}: ${JSON.stringify(errors)}`)
  assert.deepEqual(asRest(data.rows, answer.data), answer.data, about)
  assert.equal(statements.length, 1, about)
  return undefined
}

const parsed = (text: string): Json => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

let compared = 0
const reasons = new Map<string, number>()
const scenarios = (await scenarioNames()).filter((name) => /^(reading|query|permissions|shares-scope)/.test(name))
for (const name of scenarios) {
  test(`reads of ${name}`, async () => {
    const wrong: string[] = []
    const types = new Map<string, Promise<Types>>()
    const typesOf = (headers: Record<string, string>) => {
      const key = JSON.stringify(headers)
      if (!types.has(key)) types.set(key, typesFor(headers))
      return types.get(key)!
    }
    const listening: Target = {
      ...target,
      async fetch(request) {
        const response = await target.fetch(request.clone())
        if (request.method !== 'GET' && request.method !== 'SEARCH') {
          types.clear()
          await target.settled()
        }
        if (request.method !== 'GET' || !new URL(request.url).pathname.startsWith('/items/') || response.status !== 200) return response
        try {
          const reason = /json/.test(response.headers.get('content-type') ?? '')
            ? await compare(request, await response.clone().json(), typesOf)
            : 'a file'
          if (reason === undefined) compared++
          else reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
        } catch (error) {
          wrong.push(String((error as Error).message).slice(0, 800))
        }
        return response
      },
    }
    await target.execute(`delete from directus_users where email <> '${target.admin.email}'`)
    const { crash } = await play(name, listening)
    assert.ifError(crash)
    assert.deepEqual(wrong, [])
  })
}

test('most reads can be asked of GraphQL', (t) => {
  for (const [reason, count] of [...reasons].sort(([, a], [, b]) => b - a)) t.diagnostic(`${count} not asked: ${reason}`)
  t.diagnostic(`${compared} compared`)
  assert.ok(compared > 950, `only ${compared}`)
})

test('one statement a root field, whatever is below it', async () => {
  const api = makeApi(target)
  await library(api)
  await target.settled()
  const headers = { authorization: `Bearer ${target.admin.token}` }
  const roots = [
    'a: q_books(sort: ["id"]) { id author { country { name } mentor { name } } comments(sort: ["position"]) { text } genres { genre { name parent { name } } } blocks { item { ... on q_texts { body } ... on q_images { width artist { name } } } } }',
    'b: q_authors(filter: { books: { _some: { pages: { _gt: 1 } } } }) { books { comments_func { count } comments { book { title } } } }',
    'c: q_books_by_id(id: 1) { title one: comments(limit: 1) { id } two: comments(limit: 2) { id } }',
    'd: q_books_aggregated(groupBy: ["author"]) { group countAll }',
  ]
  await ask(`{ ${roots.join(' ')} }`, {}, headers)
  recorder.take()
  const { data } = await ask(`{ ${roots.join(' ')} }`, {}, headers)
  assert.deepEqual(Object.keys(data), ['a', 'b', 'c', 'd'])
  assert.equal(recorder.take().length, roots.length)
})
