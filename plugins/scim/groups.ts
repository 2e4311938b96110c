/** Roles as groups: their names, which settings may map, and their members. */
import { scimProblems } from './problems.ts'
import { groupSchema, groupShape } from './schemas.ts'
import type { Bind, Source } from './source.ts'
import { meta, moment } from './users.ts'

/** Names of groups → names of roles, as settings have them. */
export type GroupNames = ReadonlyMap<string, string>

/** SQL of the name of role `r` as a group. */
export const groupName =
  (names: GroupNames): Source['from'] =>
  (bind: Bind) => {
    if (!names.size) return 'r.name::text'
    const byRole = Object.fromEntries([...names].map(([group, role]) => [role, group]))
    return `coalesce(${bind(JSON.stringify(byRole))}::json->>r.name, r.name)`
  }

/** What the role of a group is called, or is to be called: settings may name it otherwise. @throws SCIM_UNIQUENESS for a role that stands for another group */
export function roleName(names: GroupNames, group: string): string {
  const mapped = [...names].find(([name]) => name.toLowerCase() === group.toLowerCase())
  if (mapped) return mapped[1]
  const other = [...names].find(([, role]) => role === group)
  if (other) throw scimProblems.SCIM_UNIQUENESS(`"${group}" is the role of the group "${other[0]}" (SCIM_GROUPS).`)
  return group
}

/** Members are part of the version only where they are shown: who joins and leaves is not always told to SCIM, and looking at all of them takes time. */
const version = `md5(jsonb_build_array(r.name, g.external_id, g.revision)::text)`
const wideVersion = `${version} || '-' || md5(coalesce(ms.members::text, ''))`
const display = (user: string) => `coalesce(nullif(concat_ws(' ', ${user}.first_name, ${user}.last_name), ''), ${user}.email)`
const schemas = `'["${groupSchema.id}"]'::jsonb`

export const groupSource = (names: GroupNames): Source => {
  const name = groupName(names)
  return {
    shape: groupShape,
    from: (bind) => `(select r.id, ${name(bind)} as name from directus_roles r) r left join plinth.scim_groups g on g.role = r.id`,
    key: 'r.id',
    columns: {
      id: 'r.id::text',
      displayName: 'r.name',
      externalId: 'g.external_id',
      'meta.resourceType': `'Group'::text`,
      'meta.created': moment('g.created'),
      'meta.lastModified': moment('g.modified'),
      'meta.version': `('W/"' || ${version} || '"')`,
    },
    json: { schemas, meta },
    elements: {
      schemas: { from: `jsonb_array_elements_text(${schemas}) e(v) where true`, order: 'v', text: () => 'v' },
      members: {
        from: 'directus_users m where m.role = r.id',
        order: 'm.id',
        text: (sub) => ({ value: 'm.id::text', type: `'User'::text`, display: display('m') })[sub] ?? 'null::text',
      },
    },
    kept: 'null::jsonb',
    doc: (
      wide,
    ) => `jsonb_strip_nulls(jsonb_build_object('schemas', ${schemas}, 'id', r.id, 'displayName', r.name, 'externalId', g.external_id,
      'meta', jsonb_build_object('created', ${moment('g.created')}, 'lastModified', ${moment('g.modified')}, 'version', ${wide ? wideVersion : version})${wide ? `, 'members', ms.members` : ''}))`,
    join: `
    left join (select m.role, jsonb_agg(jsonb_build_object('value', m.id, 'display', ${display('m')}, 'type', 'User') order by m.id) as members
      from directus_users m where m.role in (select key from page) group by m.role) ms on ms.role = r.id`,
  }
}
