/** /shares: what is shared, who it is for, and the way in for those who have no account. */
import type { Hono } from 'hono'
import { type Env, type Host, isUuid, problems, readJson, system } from 'plinth'
import { type Accounts, emailForm } from 'plinth/access'
import { filled, modes, parseBody, type SignIn, text } from 'plinth/auth'
import type { Items } from 'plinth/items'
import { type Letter, type Mail, ownAddress, signed } from 'plinth/mail'
import * as v from 'valibot'

export const ShareEntry = v.object({
  share: filled,
  password: v.optional(filled),
  mode: v.optional(v.picklist(modes, `must be one of ${modes.join(', ')}.`), 'json'),
})

export const ShareInvitation = (most: number) =>
  v.object({
    share: filled,
    emails: v.pipe(v.array(text, 'must be a list of email addresses.'), v.maxLength(most, `must be ${most} at most.`)),
  })

const isOpen = `id = $1::uuid and coalesce(date_start <= now(), true) and coalesce(date_end > now(), true)
  and (max_uses is null or coalesce(times_used, 0) < max_uses)`
const open = `select password from directus_shares where ${isOpen}`
/** Of those who come at once for the last use the second finds none left. */
const use = `update directus_shares set times_used = coalesce(times_used, 0) + 1 where ${isOpen} and password is not distinct from $2 returning 1`

/** What whoever has its address is told of a share. */
const told = ['id', 'collection', 'item', 'password', 'max_uses', 'times_used', 'date_start', 'date_end']
const isOn = {
  _and: [
    { _or: [{ date_start: { _null: true } }, { date_start: { _lte: '$NOW' } }] },
    { _or: [{ date_end: { _null: true } }, { date_end: { _gt: '$NOW' } }] },
  ],
}

export interface RouteParts {
  readonly host: Host
  readonly items: Items
  readonly accounts: Accounts
  readonly signIn: SignIn
  readonly mail: Mail | undefined
  readonly projectName: () => Promise<string>
  /** Letters that one invitation may come to. */
  readonly lettersMax: number
}

export function shareRoutes(routes: Hono<Env>, parts: RouteParts): void {
  const { host, items, accounts, signIn, mail, projectName, lettersMax } = parts
  const { db, config } = host

  routes.get('/info/:share', async (c, next) => {
    const id = c.req.param('share')
    if (!isUuid(id)) return next()
    const query = { fields: told, filter: { _and: [{ id: { _eq: id } }, isOn] } }
    const [data] = await items.list('directus_shares', query, { access: system })
    if (!data) throw problems.FORBIDDEN('There is no such share, or it is over.')
    return c.json({ data })
  })

  // What is no key is no path either, /info alone included.
  routes.all('/:key', (c, next) => {
    const key = c.req.param('key').toLowerCase()
    if (isUuid(key) || (c.req.method === 'POST' && (key === 'auth' || key === 'invite'))) return next()
    throw problems.ROUTE_NOT_FOUND(undefined, { path: c.req.path })
  })

  routes.post('/auth', async (c) => {
    const { share, password, mode } = parseBody(ShareEntry, await readJson(c))
    await signIn.attempt(c.env, () => enter(share, password))
    const { data, cookie } = await signIn.grant({ share }, mode, c.env)
    if (cookie !== null) c.header('set-cookie', cookie)
    return c.json({ data })
  })

  /** Not there, not on, used up, wrong password: the same answer after the same work. @throws INVALID_CREDENTIALS */
  async function enter(id: string, password: string | undefined): Promise<void> {
    const [share] = isUuid(id) ? await db.query<{ password: string | null }>(open, [id]) : []
    const right = share?.password === null || (await accounts.verify(share?.password ?? null, password ?? ''))
    const [used] = share && right ? await db.query(use, [id, share.password]) : []
    if (!used) throw problems.INVALID_CREDENTIALS()
  }

  routes.post('/invite', async (c) => {
    const { share, emails } = parseBody(ShareInvitation(lettersMax), await readJson(c))
    const access = c.env.accountability
    if (!access.user) throw problems.FORBIDDEN()
    const { id } = await items.one<{ id: string }>('directus_shares', share, { fields: ['id'] }, { access })
    const link = `${ownAddress(config)}/admin/shared/${id}`
    const project = await projectName()
    for (const to of emails) if (emailForm.test(to)) mail?.post(shareLetter(to, project, link))
    return c.body(null, 204)
  })
}

const shareLetter = (to: string, project: string, link: string): Letter => ({
  to,
  subject: `Something is shared with you at ${project}`,
  text: signed(['Somebody shares something with you. You find it here:', '', link], project),
})
