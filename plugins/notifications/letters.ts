/** Whoever is notified of something gets it by letter too, unless they said that they want none (`email_notifications`). */
import { type Host, system } from 'plinth'
import { type Items, itemsChanged } from 'plinth/items'
import { mail, signed } from 'plinth/mail'
import { projectSettings } from 'plinth/settings'

interface Notice {
  readonly subject: string
  readonly message: string | null
  readonly recipient: { readonly email: string }
}

/** Nobody who cannot sign in is written to. */
const wanted = { status: { _eq: 'active' }, email: { _nnull: true }, email_notifications: { _eq: true } }

export function sendNotices(host: Host, engine: Items): void {
  const post = host.maybe(mail)?.post
  const settings = host.maybe(projectSettings)
  if (!post) return

  host.hook(itemsChanged, async function sendNotice({ action, table, keys }, next) {
    await next()
    if (action !== 'create' || table.name !== 'directus_notifications') return
    const filter = { _and: [{ id: { _in: keys } }, { recipient: wanted }] }
    const query = { filter, fields: ['subject', 'message', 'recipient.email'], limit: -1 }
    const notices = await engine.list<Notice>('directus_notifications', query, { access: system })
    if (!notices.length) return
    const project = String((await settings?.current())?.project_name ?? 'Plinth')
    for (const { subject, message, recipient } of notices)
      post({ to: recipient.email, subject, text: signed([message ?? subject], project) })
  })
}
