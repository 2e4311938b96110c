/** Rights → a plan rewritten so that it shows only what they allow, or a refusal. The one place where a read is authorised. Pure. */
import { type Access, problems, system, type Table } from 'plinth'
import type { ReadPlan } from './plan.ts'

export type Action = 'read' | 'create' | 'update' | 'delete'

/**
 * Names the rights that a plan was made for: callers of one fingerprint share plans.
 * @throws FORBIDDEN when nothing of the collection is allowed; said before names are looked at, so nothing is told of what exists.
 */
export function authorise(access: Access, action: Action, collection: string): string {
  if (access === system || access.admin) return 'all'
  throw problems.FORBIDDEN(`You may not ${action} items of "${collection}", or there is no such collection.`)
}

/** Today all or nothing: whoever passed `authorise` has every right. Row and field rules rewrite the plan here. */
export const permitRead = (plan: ReadPlan, _fingerprint: string): ReadPlan => plan

/** System tables have routes of their own; /items does not serve them. Rights are asked first: whoever has none must not learn what there is. */
export function checkServed(table: Table | undefined, collection: string, access: Access, action: Action): Table {
  authorise(access, action, collection)
  if (!table || table.system) throw problems.FORBIDDEN(`There is no collection "${collection}", or it is not yours to see.`)
  return table
}
