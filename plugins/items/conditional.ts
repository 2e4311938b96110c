/** Conditional reads: RFC 9110 §13.1.2, RFC 9111 §5.2.1.4. Pure. */

/** Whether the client has the answer called `tag` already, as its `If-None-Match` says, and does not insist on getting it again. */
export function isHeld(tag: string, header: (name: string) => string | null): boolean {
  const held = header('if-none-match')
  if (!held || /(^|,)\s*no-cache\s*(,|$)/i.test(header('cache-control') ?? '')) return false
  return held.trim() === '*' || held.split(',').some((one) => opaque(one.trim()) === opaque(tag))
}

/** Weak and strong tags compare alike here: the same text is the same answer. */
const opaque = (tag: string): string => tag.replace(/^W\//, '')
