/** Users are made, changed and removed. */
import type { Transaction } from 'plinth'
import type { Items } from 'plinth/items'
import type { AdminGuard } from './admins.ts'
import { checkRequired, keptMax } from './coerce.ts'
import { canonical } from './evaluate.ts'
import { applyOperations } from './patch.ts'
import { scimProblems } from './problems.ts'
import { userShape } from './schemas.ts'
import { folded, isAscii, type Resource, type Source } from './source.ts'
import type { Kind, WriteCaller } from './store.ts'
import { splitUser, type UserRest } from './users.ts'

const table = 'directus_users'

/** Each half is looked at by itself: together they would be joined first. */
const taken = (ascii: boolean) => `select from directus_users u left join plinth.scim_users s on s."user" = u.id
where u.id is distinct from $2::uuid and ${folded('coalesce(s.user_name, u.email)', ascii)} = $1 and u.id in (
  select id from directus_users where ${folded('email', ascii)} = $1 union all select "user" from plinth.scim_users where ${folded('user_name', ascii)} = $1
) limit 1`

/** Who was let go must not come in by a letter that is under way. */
const waiting = `select from directus_users where id = $1::uuid and status in ('invited', 'unverified')`

const keep = `insert into plinth.scim_users ("user", user_name, external_id, attributes, email_at) values ($1::uuid, $2, $3, $4::jsonb, $5)
on conflict ("user") do update set user_name = excluded.user_name, external_id = excluded.external_id, attributes = excluded.attributes,
  email_at = excluded.email_at, modified = now()`

export function userKind(source: Source, items: Items, admins: AdminGuard): Kind {
  /** One write of a name at a time, whatever its letter case. @throws SCIM_UNIQUENESS */
  async function checkFree(db: Transaction, name: string, id: string | null): Promise<void> {
    const key = name.toLowerCase()
    const [, found] = await Promise.all([
      db.query(`select pg_advisory_xact_lock(hashtext('plinth.scim user ' || $1::text))`, [key]),
      db.query(taken(isAscii(name)), [key, id]),
    ])
    if (found.length) throw scimProblems.SCIM_UNIQUENESS(`There is a user with the userName "${name}".`)
  }

  /** @throws SCIM_INVALID_VALUE */
  async function keepRest(db: Transaction, id: string, { user_name, external_id, attributes, email_at }: UserRest): Promise<void> {
    const text = JSON.stringify(attributes)
    if (text.length > keptMax) throw scimProblems.SCIM_INVALID_VALUE(`The attributes of a user may have ${keptMax} characters.`)
    await db.query(keep, [id, user_name, external_id, text, email_at])
  }

  async function change(id: string, before: Resource, after: Resource, { access, db }: WriteCaller): Promise<void> {
    checkRequired(userShape, after)
    const isLetGo = after.active === false
    if (!('active' in after)) after.active = before.active
    const [old, next] = [splitUser(before), splitUser(after)]
    const patch: Record<string, unknown> = Object.fromEntries(
      Object.entries(next.columns).filter(([name, value]) => value !== old.columns[name]),
    )
    if (after.active !== before.active) patch.status = after.active ? 'active' : 'suspended'
    else if (isLetGo && (await db.query(waiting, [id])).length) patch.status = 'suspended'
    const isOther = canonical(next.rest) !== canonical(old.rest)
    if (!isOther && !Object.keys(patch).length) return
    if (after.userName !== before.userName) await checkFree(db, after.userName as string, id)
    if ('email' in patch || patch.status === 'active' || after.userName !== before.userName) await admins.checkUser(id, db)
    // Also where no column changes: whoever reads histories hears of it.
    await items.update(table, [id], patch, { access, db })
    await keepRest(db, id, next.rest)
  }

  return {
    source,
    table,
    wide: true,
    async create(resource, { access, db }) {
      const { columns, rest } = splitUser(resource)
      await checkFree(db, resource.userName as string, null)
      const status = resource.active === false ? 'suspended' : 'active'
      const [id] = await items.create(table, [{ ...columns, status }], { access, db })
      await keepRest(db, String(id), rest)
      return String(id)
    },
    replace: change,
    patch: (id, before, operations, caller) => {
      const { active, ...after } = applyOperations(before, operations)
      const isSaid = operations.some(({ path }) => path.place.at[0] === 'active')
      return change(id, before, isSaid && active !== undefined ? { ...after, active } : after, caller)
    },
    async remove(id, { access, db }) {
      await items.delete(table, [id], { access, db })
    },
  }
}
