/** What root fields of collections do: each is one call of the data engine, whose JSON text stands in the answer as it is. */
import { Problem, problems, type Table } from 'plinth'
import { type Caller, type Change, type Item, type Items, type Key, type Paging, paging, type QueryInput, selection } from 'plinth/items'
import { JsonText, type RootCall, type RootField } from './api.ts'
import { aggregatesIn, queryOf } from './select.ts'

type Resolve = RootField['resolve']

const callerOf = ({ context, db }: RootCall): Caller => ({ access: context.accountability, gone: context.gone, ...(db && { db }) })

/** `{"data":…}` without what is around it. */
const inner = (answer: string): JsonText => new JsonText(answer.slice('{"data":'.length, -1))

const queryFor = ({ args, filterType, select }: RootCall): QueryInput & object => ({
  ...queryOf(args, filterType),
  ...(args.version != null && { version: args.version }),
  [selection]: select(),
})

export const readList =
  (engine: Items, { name }: Table): Resolve =>
  async (call) => {
    const [query, besides] = [queryFor(call), engine.besides.get(name)]
    if (!besides) return inner(await engine.listText(name, query, callerOf(call)))
    const { text } = inner(await engine.listText(name, besides.unlimited(query), callerOf(call)))
    return new JsonText(text, await besides.of(query, call.context.accountability))
  }

export const readOne =
  (engine: Items, { name }: Table): Resolve =>
  async (call) =>
    inner(await engine.oneText(name, call.args.id, queryFor(call), callerOf(call)))

/** What was saved of a version, as it was saved. */
export const readVersion =
  (engine: Items, { name }: Table): Resolve =>
  async (call) => {
    const { id, version } = call.args
    return JSON.parse(await engine.oneText(name, id, { version, versionRaw: true }, callerOf(call))).data
  }

export const readAggregated =
  (engine: Items, { name }: Table): Resolve =>
  async (call) => {
    const selected = call.select()
    const aggregate = aggregatesIn(selected)
    const query = { ...queryFor(call), aggregate, [selection]: selected }
    return inner(await engine.listText(name, query, callerOf(call)))
  }

export const readConnection =
  (engine: Items, { name }: Table): Resolve =>
  async (call) =>
    inner(await engine.listText(name, { ...queryFor(call), ...pageOf(call.args) }, callerOf(call)))

/** Which page. @throws INVALID_QUERY for one that would begin at both ends. */
function pageOf({ first, after, last, before }: RootCall['args']) {
  const backward = last != null || before != null
  if (backward && (first != null || after != null))
    throw problems.INVALID_QUERY('A page is either the "first" rows "after" a cursor, or the "last" ones "before" one.')
  const direction: Paging = backward ? 'backward' : 'forward'
  const [limit, cursor] = backward ? [last, before] : [first, after]
  if (limit < 0) throw problems.INVALID_QUERY(`"${backward ? 'last' : 'first'}" must be a whole number of at least 0.`)
  return { ...(limit != null && { limit }), ...(cursor != null && { cursor }), [paging]: direction }
}

/** What a write did: the keys of a list, one key (undefined where there is no such row), or the row of a singleton. */
type Written = { readonly keys: readonly Key[] } | { readonly key: Key | undefined } | 'singleton'

const isForbidden = (error: unknown) => error instanceof Problem && error.code === 'FORBIDDEN'

/**
 * Writes, and reads back what was written in the same transaction. True where nothing of the collection can be read.
 * @throws FORBIDDEN when one row was written that cannot be seen, or none; the write stands.
 */
function writer(work: (call: RootCall, inside: Caller, engine: Items, table: Table) => Promise<Written>) {
  return (engine: Items, table: Table, readable: boolean): Resolve =>
    async (call) => {
      const { name } = table
      const answer = await engine.within(callerOf(call), async (inside) => {
        const written = await work(call, inside, engine, table)
        if (!readable) return true
        const query = queryFor(call)
        if (written === 'singleton') return inner(await engine.listText(name, query, inside))
        if ('keys' in written) return inner(await engine.listText(name, query, inside, written.keys))
        if (written.key === undefined) return undefined
        return engine.oneText(name, written.key, query, inside).then(inner, (error) => {
          if (!isForbidden(error)) throw error
        })
      })
      if (answer === undefined) throw problems.FORBIDDEN('There is no such item, or it is not yours to see.')
      return answer
    }
}

/** @throws INVALID_PAYLOAD where there is no list of items. */
function itemsIn({ data }: RootCall['args']): Item[] {
  if (!data) throw problems.INVALID_PAYLOAD('"data" must be a list of items.')
  return data
}

export const createMany = writer(async ({ args }, inside, engine, { name }) => ({
  keys: await engine.create(name, itemsIn(args), inside),
}))

export const createOne = writer(async ({ args }, inside, engine, { name }) => {
  const [key] = await engine.create(name, [args.data], inside)
  return { key }
})

export const updateMany = writer(async ({ args }, inside, engine, { name }) => ({
  keys: await engine.update(name, args.ids, args.data, inside),
}))

export const updateOne = writer(async ({ args }, inside, engine, { name }) => {
  const [key] = await engine.update(name, [args.id], args.data, inside)
  return { key }
})

/** @throws INVALID_PAYLOAD for an item that does not say which it is. */
export const updateEach = writer(async ({ args }, inside, engine, { name, primaryKey }) => {
  const [keyName = ''] = primaryKey
  const changes = itemsIn(args).map(({ [keyName]: key, ...patch }: Item): Change => {
    if (key === undefined || key === null) throw problems.INVALID_PAYLOAD(`Each item must have its "${keyName}".`)
    return { keys: [key as Key], patch }
  })
  return { keys: await engine.updateEach(name, changes, inside) }
})

export const save = writer(async ({ args }, inside, engine, { name }) => {
  await engine.saveSingleton(name, args.data, inside)
  return 'singleton'
})

/** The keys as they were sent. */
export const remove =
  (engine: Items, { name }: Table): Resolve =>
  async (call) => {
    const { id, ids } = call.args
    await engine.delete(name, ids ?? [id], callerOf(call))
    return call.args
  }
