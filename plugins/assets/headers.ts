/** What downloads say of themselves. Contents are strangers': no browser may take one for more than it is, nor run it (RFC 6266, RFC 8187). Pure. */

/** What browsers would run, or take for a page of ours. */
const active = /html|xml|svg|script|mathml|shockwave|^(multipart|message)\//i
const typeForm = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/

/** A type that somebody else wrote, as far as it is one. */
export const contentType = (type: string | null): string => (type && typeForm.test(type) ? type : 'application/octet-stream')

export const isActive = (type: string): boolean => active.test(type)

/** Viewers of PDF documents run apart from our pages, and none opens in a sandbox. */
export const contentPolicy = (type: string): string => (type === 'application/pdf' ? "default-src 'none'" : "default-src 'none'; sandbox")

/** `inline` or `attachment` with a name. What Latin-1 cannot say stands encoded beside it. Of names of 10,000 letters 255 stay. */
export function disposition(kind: 'inline' | 'attachment', filename: string): string {
  const name = (filename.replace(/^.*[/\\]/s, '').slice(0, 255) || 'file').toWellFormed()
  const simple = name.replace(/[^\x20-\x7e\xa0-\xff]/g, '?')
  const quoted = `${kind}; filename="${simple.replace(/["\\]/g, '\\$&')}"`
  return simple === name && !/%[0-9a-f]{2}/i.test(name) ? quoted : `${quoted}; filename*=UTF-8''${encoded(name)}`
}

const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

export interface Validators {
  readonly etag: string
  readonly modified: Date
}

/** Whether the client has it already: RFC 9110 §13.2.2. */
export function isHeld({ etag, modified }: Validators, header: (name: string) => string | null): boolean {
  const tags = header('if-none-match')
  if (tags !== null) return tags.trim() === '*' || listed(tags).includes(etag)
  const since = Date.parse(header('if-modified-since') ?? '')
  return Math.floor(modified.getTime() / 1000) * 1000 <= since
}

/** Whether a part of what the client has fits to the rest of what we have. */
export function fitsTogether({ etag, modified }: Validators, header: (name: string) => string | null): boolean {
  const held = header('if-range')
  return held === null || held === etag || held === modified.toUTCString()
}

const listed = (tags: string): string[] => tags.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
