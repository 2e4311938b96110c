/** Field definitions as POST /collections takes them, for the scenarios. */

interface FieldOptions {
  readonly schema?: object
  readonly meta?: object
}

/** Types that are told from plain text only by their special. */
const specials: Readonly<Record<string, string>> = { boolean: 'cast-boolean', csv: 'cast-csv', json: 'cast-json' }

export function field(name: string, type: string, { schema = {}, meta = {} }: FieldOptions = {}): object {
  const special = specials[type]
  return { field: name, type, schema, meta: { ...(special && { special: [special] }), ...meta } }
}

/** A primary key. */
export const key = (name: string, type: string): object => field(name, type, { schema: { is_primary_key: true } })

/** A primary key that counts up. */
export const autoKey = (name = 'id', type = 'integer'): object =>
  field(name, type, { schema: { is_primary_key: true, has_auto_increment: true } })
