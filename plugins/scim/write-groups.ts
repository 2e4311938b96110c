/** Groups are made, changed and removed: roles without rights, until somebody gives them some. */
import { problems, type Transaction } from 'plinth'
import type { Items } from 'plinth/items'
import type { AdminGuard } from './admins.ts'
import { checkRequired } from './coerce.ts'
import { type GroupNames, roleName } from './groups.ts'
import { isOfMembers, joined, type MemberChange, Members, memberIds, toMemberChange } from './members.ts'
import { applyOperations } from './patch.ts'
import { scimProblems } from './problems.ts'
import { groupShape } from './schemas.ts'
import type { Bind, Resource, Source } from './source.ts'
import type { Kind, WriteCaller } from './store.ts'

const table = 'directus_roles'

const keep = `insert into plinth.scim_groups (role, external_id) values ($1::uuid, $2)
on conflict (role) do update set external_id = excluded.external_id, revision = scim_groups.revision + 1, modified = now()`

export function groupKind(source: Source, names: GroupNames, items: Items, admins: AdminGuard): Kind {
  const members = new Members(items, admins, source)
  const mapped = new Set([...names.keys()].map((name) => name.toLowerCase()))

  /** @throws SCIM_UNIQUENESS */
  async function checkFree(db: Transaction, name: string, id: string | null): Promise<void> {
    const parameters: unknown[] = [name.toLowerCase(), id]
    const bind: Bind = (value) => `$${parameters.push(value)}`
    const taken = `select from ${source.from(bind)} where lower(r.name collate "und-x-icu") = $1 and r.id is distinct from $2::uuid limit 1`
    const [, found] = await Promise.all([
      db.query(`select pg_advisory_xact_lock(hashtext('plinth.scim group ' || $1::text))`, [name.toLowerCase()]),
      db.query(taken, parameters as never),
    ])
    if (found.length) throw scimProblems.SCIM_UNIQUENESS(`There is a group with the displayName "${name}".`)
  }

  async function change(
    id: string,
    before: Resource,
    after: Resource,
    changes: readonly MemberChange[],
    caller: WriteCaller,
  ): Promise<void> {
    checkRequired(groupShape, after)
    const { db } = caller
    const [name, old] = [after.displayName as string, before.displayName as string]
    if (name !== old) {
      await admins.checkRole(id, db)
      if (mapped.has(old.toLowerCase())) throw scimProblems.SCIM_MUTABILITY('The name of this group is set by SCIM_GROUPS.')
      await checkFree(db, name, id)
    }
    const otherId = after.externalId !== before.externalId
    const moved = await members.apply(id, joined(changes), caller)
    if (name !== old || otherId) await items.update(table, [id], name === old ? {} : { name: roleName(names, name) }, caller)
    if (name !== old || otherId || moved) await db.query(keep, [id, (after.externalId as string | undefined) ?? null])
  }

  return {
    source,
    table,
    wide: false,
    async create(resource, caller) {
      const { access, db } = caller
      const name = resource.displayName as string
      await checkFree(db, name, null)
      const [key] = await items.create(table, [{ name: roleName(names, name) }], { access, db })
      const id = String(key)
      await members.apply(id, [{ kind: 'add', ids: memberIds(resource.members) }], caller)
      await db.query(keep, [id, (resource.externalId as string | undefined) ?? null])
      return id
    },
    replace: (id, before, after, caller) => change(id, before, after, [{ kind: 'set', ids: memberIds(after.members) }], caller),
    patch: (id, before, operations, caller) => {
      const rest = operations.filter((one) => !isOfMembers(one))
      return change(id, before, applyOperations(before, rest), operations.filter(isOfMembers).map(toMemberChange), caller)
    },
    async remove(id, { access, db }) {
      await admins.checkRole(id, db)
      const [row] = await db.query<{ name: string }>('select name from directus_roles where id = $1::uuid', [id])
      if ([...names.values()].includes(row!.name)) throw problems.FORBIDDEN('This group stands for a role that SCIM_GROUPS names.')
      // Whose role goes while they have it is suspended; a provider thinks that only the group is gone.
      await members.apply(id, [{ kind: 'set', ids: [] }], { access, db })
      await items.delete(table, [id], { access, db })
    },
  }
}
