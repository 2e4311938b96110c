/** What everybody who is signed in may know and change of themselves, whatever else is not theirs to see. */
import { Problem, problems, type RequestContext, type Transaction } from 'plinth'
import type { Caller, Item, Items, QueryInput } from 'plinth/items'

type Who = Pick<RequestContext, 'accountability' | 'gone'>

const users = 'directus_users'

const callerOf = ({ accountability, gone }: Who): Caller => ({ access: accountability, gone })

/** The key. @throws INVALID_CREDENTIALS for who is not signed in. */
export function ownUser({ accountability: { user } }: Who): string {
  if (!user) throw problems.INVALID_CREDENTIALS()
  return user
}

/** `{"data":{…}}` @throws INVALID_CREDENTIALS */
export async function readOwn(items: Items, query: QueryInput, who: Who): Promise<string> {
  const user = ownUser(who)
  return (await unlessForbidden(items.oneText(users, user, query, callerOf(who)))) ?? JSON.stringify({ data: { id: user } })
}

/** What they have become, undefined where that is not to be seen. @throws INVALID_CREDENTIALS */
export async function updateOwn(items: Items, patch: Item, query: QueryInput, who: Who, db?: Transaction): Promise<string | undefined> {
  const user = ownUser(who)
  const caller = { ...callerOf(who), ...(db && { db }) }
  await items.update(users, [user], patch, caller)
  return unlessForbidden(items.oneText(users, user, query, caller))
}

/** `{"data":[…]}`: the own role and those above it, as far as they may be seen, their keys alone where they may not. */
export async function ownRoles(items: Items, query: QueryInput & object, who: Who): Promise<string> {
  const { roles } = who.accountability
  const bare = JSON.stringify({ data: roles.map((id) => ({ id })) })
  if (!roles.length) return bare
  const own = { ...query, filter: { id: { _in: [...roles] } }, limit: -1 }
  return (await unlessForbidden(items.listText('directus_roles', own, callerOf(who)))) ?? bare
}

async function unlessForbidden(read: Promise<string>): Promise<string | undefined> {
  try {
    return await read
  } catch (error) {
    if (error instanceof Problem && error.code === 'FORBIDDEN') return undefined
    throw error
  }
}
