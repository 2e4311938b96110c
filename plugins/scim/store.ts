/** Reading and writing of resources: one statement a read; one transaction a write, through the data engine, so that its guards hold. */
import { type Accountability, type Host, isUuid, type Queryable, type Transaction } from 'plinth'
import type { Caller, Items } from 'plinth/items'
import { checkRequired, toResource } from './coerce.ts'
import { type Operation, parseOperations } from './patch.ts'
import { versionOf, withAddresses } from './present.ts'
import { scimProblems } from './problems.ts'
import { listStatement, type Resource, type Source, type Wanted } from './source.ts'

/** One type of resources, and how it is written. All inside a transaction. */
export interface Kind {
  readonly source: Source
  /** The table whose rows they are. */
  readonly table: 'directus_users' | 'directus_roles'
  /** Whether reads before a change need all of it. */
  readonly wide: boolean
  /** Answers its key. */
  create(resource: Resource, caller: WriteCaller): Promise<string>
  /** @param before As it is, without what `wide` leaves out. */
  replace(id: string, before: Resource, after: Resource, caller: WriteCaller): Promise<void>
  patch(id: string, before: Resource, operations: readonly Operation[], caller: WriteCaller): Promise<void>
  remove(id: string, caller: WriteCaller): Promise<void>
}

export interface WriteCaller {
  readonly access: Accountability
  readonly db: Transaction
}

export interface Page {
  readonly total: number
  readonly resources: Resource[]
}

/** Who asks, and at which address. */
export interface Asker {
  readonly access: Accountability
  /** Of /scim/v2, without a slash at its end. */
  readonly base: string
  readonly gone?: () => boolean
}

export interface Store {
  /** @throws SCIM_INVALID_CURSOR */
  list(kind: Kind, wanted: Wanted, asker: Asker, db?: Queryable): Promise<Page>
  /** @throws SCIM_NOT_FOUND */
  get(kind: Kind, id: string, asker: Asker, wide: boolean): Promise<Resource>
  create(kind: Kind, body: Resource, asker: Asker, wide: boolean): Promise<Resource>
  /** @param matches The versions that it may have; undefined: any. @throws SCIM_NOT_FOUND, SCIM_VERSION */
  replace(kind: Kind, id: string, body: Resource, asker: Asker, wide: boolean, matches?: Matches): Promise<Resource>
  patch(kind: Kind, id: string, body: Resource, asker: Asker, wide: boolean, matches?: Matches): Promise<Resource>
  remove(kind: Kind, id: string, asker: Asker, matches?: Matches): Promise<void>
}

export type Matches = (version: string) => boolean

export function createStore({ db: database }: Host, items: Items): Store {
  async function list({ source }: Kind, wanted: Wanted, { base, gone }: Asker, db: Queryable = database): Promise<Page> {
    const { text, parameters } = listStatement(source, wanted)
    const [row] = await db.query<{ total: number; docs: Resource[]; lost: boolean }>(text, parameters, { gone })
    if (row!.lost) throw scimProblems.SCIM_INVALID_CURSOR('What the page before ended with is no longer in the list: begin anew.')
    return { total: row!.total, resources: row!.docs.map((doc) => withAddresses(source.shape, doc, base)) }
  }

  async function find(kind: Kind, id: string, asker: Asker, wide: boolean, db?: Queryable): Promise<Resource> {
    const found = isUuid(id) ? await list(kind, { key: id, limit: 1, wide }, asker, db) : undefined
    if (!found?.total) throw scimProblems.SCIM_NOT_FOUND(`There is no ${kind.source.shape.name} "${id.slice(0, 100)}".`)
    return found.resources[0]!
  }

  /** Reads it and keeps others from changing it meanwhile. */
  async function hold(kind: Kind, id: string, asker: Asker, db: Transaction, matches: Matches | undefined): Promise<Resource> {
    if (isUuid(id)) await db.query(`select from ${kind.table} where id = $1::uuid for update`, [id])
    const before = await find(kind, id, asker, kind.wide || matches !== undefined, db)
    if (matches && !matches(versionOf(before))) throw scimProblems.SCIM_VERSION()
    return before
  }

  const within = <T>({ access }: Asker, work: (caller: WriteCaller) => Promise<T>): Promise<T> =>
    items.within({ access }, (inside: Caller) => work({ access, db: inside.db! }))

  return {
    list,
    get: (kind, id, asker, wide) => find(kind, id, asker, wide),
    create(kind, body, asker, wide) {
      const resource = toResource(kind.source.shape, body)
      checkRequired(kind.source.shape, resource)
      return within(asker, async (caller) => {
        const id = await kind.create(resource, caller)
        return find(kind, id, asker, wide, caller.db)
      })
    },
    replace(kind, id, body, asker, wide, matches) {
      const resource = toResource(kind.source.shape, body)
      return within(asker, async (caller) => {
        const before = await hold(kind, id, asker, caller.db, matches)
        checkRequired(kind.source.shape, resource)
        await kind.replace(before.id as string, before, resource, caller)
        return find(kind, id, asker, wide, caller.db)
      })
    },
    patch(kind, id, body, asker, wide, matches) {
      return within(asker, async (caller) => {
        const before = await hold(kind, id, asker, caller.db, matches)
        await kind.patch(before.id as string, before, parseOperations(kind.source.shape, body), caller)
        return find(kind, id, asker, wide, caller.db)
      })
    },
    remove: (kind, id, asker, matches) =>
      within(asker, async (caller) => {
        const { id: key } = await hold(kind, id, asker, caller.db, matches)
        await kind.remove(key as string, caller)
      }),
  }
}
