/** Who belongs to a group: users whose role it is. A user has one, so joining a group is leaving another. */
import { isUuid, type Parameter, type Transaction } from 'plinth'
import type { Items } from 'plinth/items'
import type { AdminGuard } from './admins.ts'
import { toValue } from './coerce.ts'
import { isEmpty } from './evaluate.ts'
import type { Operation } from './patch.ts'
import { attributeNamed, type Bound } from './places.ts'
import { scimProblems } from './problems.ts'
import { groupSchema } from './schemas.ts'
import { conditionOf, type Source } from './source.ts'
import type { WriteCaller } from './store.ts'

/** `set`: those and no others. `choose`: those whom a filter chooses leave. */
export type MemberChange =
  | { readonly kind: 'add' | 'remove' | 'set'; readonly ids: readonly string[] }
  | { readonly kind: 'choose'; readonly filter: Bound }

const members = attributeNamed(groupSchema.attributes, 'members')!

export const isOfMembers = ({ path }: Operation): boolean => path.place.at[0] === members.name

/** Keys of what a client sent as members. @throws SCIM_INVALID_VALUE */
export function memberIds(value: unknown): string[] {
  return ((toValue(members, value) ?? []) as { value?: string; type?: string }[]).map(({ value: id, type }) => {
    if (id === undefined) throw scimProblems.SCIM_INVALID_VALUE('A member needs a "value": the key of a user.')
    if (type !== undefined && type.toLowerCase() !== 'user') throw scimProblems.SCIM_INVALID_VALUE('Members are users.')
    return id.toLowerCase()
  })
}

/** @throws SCIM_INVALID_PATH, SCIM_INVALID_VALUE */
export function toMemberChange({ op, path: { place, filter }, value }: Operation): MemberChange {
  const whole = !place.sub || place.sub.name === 'value'
  if (!whole || (filter && (op !== 'remove' || place.sub)))
    throw scimProblems.SCIM_INVALID_PATH('Members are added and removed as a whole.')
  if (filter?.op === 'eq' && filter.place.at[0] === 'value') return { kind: 'remove', ids: [String(filter.value).toLowerCase()] }
  if (filter) return { kind: 'choose', filter }
  // A list of nobody is no wish that all leave.
  if (op === 'remove' && isEmpty(value) && !Array.isArray(value)) return { kind: 'set', ids: [] }
  return { kind: op === 'replace' ? 'set' : op, ids: memberIds(value) }
}

/** Changes of one kind that follow each other, as one. */
export function joined(changes: readonly MemberChange[]): MemberChange[] {
  const found: MemberChange[] = []
  for (const change of changes) {
    const last = found.at(-1)
    if (last && last.kind !== 'choose' && change.kind === last.kind && change.kind !== 'set')
      found[found.length - 1] = { kind: last.kind, ids: [...last.ids, ...change.ids] }
    else found.push(change)
  }
  return found
}

const chosen = 'select id, role from directus_users where id = any($1::uuid[]) order by id for update'
const belonging = 'select id from directus_users where role = $1::uuid order by id'
const left = 'update plinth.scim_groups set revision = revision + 1, modified = now() where role = any($1::uuid[])'

export class Members {
  readonly #items: Items
  readonly #admins: AdminGuard
  readonly #source: Source

  constructor(items: Items, admins: AdminGuard, source: Source) {
    this.#items = items
    this.#admins = admins
    this.#source = source
  }

  /** Answers whether anybody came or went. @throws SCIM_INVALID_VALUE for somebody who does not exist, FORBIDDEN for an administrators' role */
  async apply(role: string, changes: readonly MemberChange[], caller: WriteCaller): Promise<boolean> {
    let any = false
    for (const change of changes) any = (await this.#one(role, change, caller)) || any
    return any
  }

  async #one(role: string, change: MemberChange, caller: WriteCaller): Promise<boolean> {
    const { db } = caller
    if (change.kind === 'choose') return this.#leave(await this.#chosen(db, role, change.filter), caller)
    const wanted = new Set(change.ids)
    const known = await usersOf(db, [...wanted].filter(isUuid))
    if (change.kind === 'remove')
      return this.#leave(
        [...known].filter(([, of]) => of === role).map(([id]) => id),
        caller,
      )
    const missing = [...wanted].find((id) => !known.has(id))
    if (missing !== undefined) throw scimProblems.SCIM_INVALID_VALUE(`There is no user "${missing.slice(0, 100)}" to be a member.`)
    const come = [...known].filter(([, of]) => of !== role)
    const gone =
      change.kind === 'set' ? (await db.query<{ id: string }>(belonging, [role])).map(({ id }) => id).filter((id) => !wanted.has(id)) : []
    const someLeft = await this.#leave(gone, caller)
    if (!come.length) return someLeft
    await this.#admins.checkRole(role, db)
    await this.#items.update(
      'directus_users',
      come.map(([id]) => id),
      { role },
      caller,
    )
    const behind = [...new Set(come.flatMap(([, of]) => of ?? []))]
    if (behind.length) await db.query(left, [behind])
    return true
  }

  async #leave(ids: readonly string[], caller: WriteCaller): Promise<boolean> {
    if (ids.length) await this.#items.update('directus_users', ids, { role: null }, caller)
    return ids.length > 0
  }

  async #chosen(db: Transaction, role: string, filter: Bound): Promise<string[]> {
    const parameters: Parameter[] = [role]
    const bind = (value: Parameter) => `$${parameters.push(value)}`
    const condition = conditionOf(this.#source, filter, bind, { element: this.#source.elements.members })
    const rows = await db.query<{ id: string }>(`select m.id from directus_users m where m.role = $1::uuid and ${condition}`, parameters)
    return rows.map(({ id }) => id)
  }
}

/** Key → role, of users who exist; kept as they are until the transaction ends. */
async function usersOf(db: Transaction, ids: readonly string[]): Promise<Map<string, string | null>> {
  const rows = ids.length ? await db.query<{ id: string; role: string | null }>(chosen, [ids]) : []
  return new Map(rows.map(({ id, role }) => [id, role]))
}
