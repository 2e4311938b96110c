/** How work in the background went: nobody waits for its answer, so whoever asked for it gets a notification. */
import { type Host, Problem, system } from 'plinth'
import type { Items } from 'plinth/items'

export interface Notice {
  readonly subject: string
  readonly message?: string | null
  /** Where it leads. */
  readonly collection?: string
  readonly item?: string
}

interface Parts {
  readonly host: Host
  readonly items: Items
}

/** Runs `work` for `user`; what goes wrong is told as it would be answered. Never rejects. */
export async function inBackground(
  { host, items }: Parts,
  user: string | null,
  failed: string,
  work: () => Promise<Notice>,
): Promise<void> {
  const notice = await work().catch((error: unknown): Notice => {
    const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
    const told = all.filter((one) => one instanceof Problem)
    if (told.length < all.length) host.log.error(failed, { error })
    return { subject: failed, message: told.slice(0, 20).map(lineOf).join('\n') || 'Something went wrong on our side.' }
  })
  if (!user || !host.registry.snapshot.tables.has('directus_notifications')) return
  await items
    .create('directus_notifications', [{ recipient: user, sender: user, ...notice, subject: notice.subject.slice(0, 255) }], {
      access: system,
    })
    .catch((error: unknown) => host.log.error('A notification could not be left.', { subject: notice.subject, error }))
}

const lineOf = ({ message, details }: Problem): string => `${message}${details.rows ? ` ${JSON.stringify(details.rows)}` : ''}`
