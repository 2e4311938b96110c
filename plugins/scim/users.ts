/** Users as SCIM has them: which columns hold what, and what is kept beside them. */
import { emailForm } from 'plinth/access'
import type { Item } from 'plinth/items'
import { isEmpty } from './evaluate.ts'
import { enterpriseSchema, userSchema, userShape } from './schemas.ts'
import type { Resource, Source } from './source.ts'

export const moment = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** Something, for whoever asks whether it is there; its parts are columns. */
export const meta = `'{"resourceType": ""}'::jsonb`

const json = {
  name: `(coalesce(s.attributes->'name', '{}') || jsonb_strip_nulls(jsonb_build_object('givenName', u.first_name, 'familyName', u.last_name)))`,
  emails: `(case when s."user" is null then
    case when u.email is not null then jsonb_build_array(jsonb_build_object('value', u.email, 'type', 'work', 'primary', true)) end
  when s.email_at is not null and u.email is not null then jsonb_set(s.attributes->'emails', array[s.email_at::text, 'value'], to_jsonb(u.email))
  else s.attributes->'emails' end)`,
  groups: `(case when r.id is not null then jsonb_build_array(jsonb_build_object('value', r.id, 'display', r.name, 'type', 'direct')) end)`,
  meta,
  schemas: `(case when s.attributes ? '${enterpriseSchema.id}' then '["${userSchema.id}", "${enterpriseSchema.id}"]' else '["${userSchema.id}"]' end::jsonb)`,
}
const userName = 'coalesce(s.user_name, u.email, u.id::text)'
const version = `md5(jsonb_build_array(u.email, u.first_name, u.last_name, u.title, u.status, u.role, r.name, s.user_name, s.external_id, s.attributes)::text)`

/** @param groupName SQL of the name of a role as a group. */
export const userSource = (groupName: Source['from']): Source => ({
  shape: userShape,
  from: (bind) => `directus_users u left join plinth.scim_users s on s."user" = u.id
    left join (select id, ${groupName(bind)} as name from directus_roles r) r on r.id = u.role`,
  key: 'u.id',
  columns: {
    id: 'u.id::text',
    userName,
    externalId: 's.external_id',
    active: `(u.status = 'active')::text`,
    title: 'u.title',
    'name.givenName': 'u.first_name',
    'name.familyName': 'u.last_name',
    'meta.resourceType': `'User'::text`,
    'meta.created': moment('s.created'),
    'meta.lastModified': moment('s.modified'),
    'meta.version': `('W/"' || ${version} || '"')`,
  },
  json,
  elements: {
    schemas: { from: `jsonb_array_elements_text(${json.schemas}) e(v) where true`, order: 'v', text: () => 'v' },
  },
  kept: 's.attributes',
  doc: () => `coalesce(s.attributes, '{}') || jsonb_strip_nulls(jsonb_build_object('schemas', ${json.schemas}, 'id', u.id, 'userName', ${userName},
    'externalId', s.external_id, 'active', u.status = 'active', 'name', nullif(${json.name}, '{}'), 'title', u.title, 'emails', ${json.emails}, 'groups', ${json.groups},
    'meta', jsonb_build_object('created', ${moment('s.created')}, 'lastModified', ${moment('s.modified')}, 'version', ${version})))`,
  join: '',
})

/** What a user's row holds of it. */
export interface UserColumns extends Item {
  readonly email: string | null
  readonly first_name: string | null
  readonly last_name: string | null
  readonly title: string | null
}

/** What we keep beside it. */
export interface UserRest {
  readonly user_name: string | null
  readonly external_id: string | null
  readonly attributes: Resource
  readonly email_at: number | null
}

/** Parts of a resource that have a column, or a meaning, of their own. */
const apart = ['schemas', 'id', 'meta', 'groups', 'userName', 'externalId', 'active', 'title']

export function splitUser(resource: Resource): { columns: UserColumns; rest: UserRest } {
  const { givenName = null, familyName = null, ...name } = (resource.name ?? {}) as Record<string, string>
  const { emails = [] } = resource as { emails?: readonly { value?: string; type?: string; primary?: boolean }[] }
  const at = [
    emails.findIndex(({ primary, value }) => primary && value),
    emails.findIndex(({ type, value }) => type?.toLowerCase() === 'work' && value),
    emails.findIndex(({ value }) => value),
  ].find((index) => index >= 0)
  const userName = resource.userName as string
  const email = at === undefined ? (emailForm.test(userName) ? userName : null) : emails[at]!.value!
  const attributes = Object.fromEntries(
    Object.entries({ ...resource, name }).filter(([key, value]) => !apart.includes(key) && !isEmpty(value)),
  )
  return {
    columns: { email, first_name: givenName, last_name: familyName, title: (resource.title as string | undefined) ?? null },
    rest: {
      user_name: userName === email ? null : userName,
      external_id: (resource.externalId as string | undefined) ?? null,
      attributes,
      email_at: at ?? null,
    },
  }
}
