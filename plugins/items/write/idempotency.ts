/**
 * `Idempotency-Key`: a POST that is sent again, as its answer was lost, gets that answer and makes nothing anew. The answer is kept by the transaction
 * that made it, so one is there exactly when the other is; a process that repeats a request while the first is under way waits for it at the row's key.
 */
import { type Access, type Database, problems, system, type TableSpec, type Transaction } from 'plinth'

export const answersTable: TableSpec = {
  name: 'answers',
  schema: 'plinth',
  columns: {
    owner: 'uuid not null',
    key: 'varchar(255) not null',
    request: 'text not null',
    body: 'text',
    made_at: 'timestamptz not null default now()',
  },
  primaryKey: ['owner', 'key'],
  indexes: [['made_at']],
}

/** A request that its sender may repeat. */
export interface Repeatable {
  readonly owner: string
  readonly key: string
  /** What is asked for, as a digest: the same key means the same request. */
  readonly request: string
}

/** @throws INVALID_PAYLOAD for a key that cannot be kept, or one of somebody who is not signed in: others could read what they made. */
export async function toRepeatable(key: string | null, access: Access, parts: readonly unknown[]): Promise<Repeatable | undefined> {
  if (key === null) return undefined
  if (access === system || access.user === null) throw problems.INVALID_PAYLOAD('An Idempotency-Key is for those who are signed in.')
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw problems.INVALID_PAYLOAD('An Idempotency-Key is 1 to 255 printable ASCII characters.')
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(parts)))
  return { owner: access.user, key, request: hexOf(digest) }
}

const hexOf = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * Claims the key for this transaction; what was answered before if somebody has had it. The body is null where nothing was answered (204).
 * @param lifetime ms
 * @throws UNPROCESSABLE_CONTENT when it was another request.
 */
export async function claim(
  db: Transaction,
  { owner, key, request }: Repeatable,
  lifetime: number,
): Promise<{ body: string | null } | undefined> {
  const claimed = await db.text(
    `insert into plinth.answers as a (owner, key, request) values ($1, $2, $3)
      on conflict (owner, key) do update set request = excluded.request, body = null, made_at = excluded.made_at
      where a.made_at < now() - make_interval(secs => $4) returning 'claimed'`,
    [owner, key, request, lifetime / 1000],
  )
  if (claimed) return undefined
  const [earlier] = await db.query<{ request: string; body: string | null }>(
    'select request, body from plinth.answers where owner = $1 and key = $2',
    [owner, key],
  )
  if (earlier?.request !== request)
    throw problems.UNPROCESSABLE_CONTENT('This Idempotency-Key belongs to another request.', { header: 'Idempotency-Key' })
  return { body: earlier.body }
}

/** Keeps what was answered for as long as the transaction's other work. */
export async function keepAnswer(db: Transaction, { owner, key }: Repeatable, body: string | null): Promise<void> {
  await db.query('update plinth.answers set body = $3 where owner = $1 and key = $2', [owner, key, body])
}

/** Forgets answers older than `lifetime`, ms. */
export async function forgetAnswers(db: Database, lifetime: number): Promise<void> {
  await db.query('delete from plinth.answers where made_at < now() - make_interval(secs => $1)', [lifetime / 1000])
}
