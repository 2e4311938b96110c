/** Default values: as the API shows them, and as statements say them. Pure. */
import type { Field } from 'plinth'
import { literal } from './sql-types.ts'

/** The functions that a default may be. All else is a literal. */
const functions: readonly [RegExp, (text: string) => string][] = [
  [/^now\(\)$/i, () => 'current_timestamp'],
  [/^CURRENT_TIMESTAMP(\([0-6]\))?$/, (text) => text],
  [/^(gen_random_uuid|uuid_generate_v[14])\(\)$/, (text) => text],
  [/^(CURRENT_DATE|CURRENT_TIME|LOCALTIME|LOCALTIMESTAMP)$/, (text) => text],
]

/** A default value as it stands in JSON, for a column of that type. */
export function defaultSql(type: string, value: unknown): string {
  if (typeof value === 'object')
    return literal(Array.isArray(value) && type !== 'json' ? value.map(wordOf).join(',') : JSON.stringify(value))
  const text = String(value)
  const found = functions.find(([form]) => form.test(text))
  return found ? found[1](text) : literal(text)
}

const wordOf = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/** A literal of a default as the API shows the type; an expression as PostgreSQL prints it. */
export function toDefault(expression: string | null, { type }: Pick<Field, 'type'>): unknown {
  const bare = expression?.replace(/::("[^"]+"|[\w ]+)(\.("[^"]+"|\w+))?(\([\d,]+\))?(\[\])*$/, '') ?? 'NULL'
  if (bare === 'NULL') return null
  const quoted = /^'((?:[^']|'')*)'$/.exec(bare)
  const text = quoted ? quoted[1]!.replaceAll("''", "'") : bare
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (type === 'json') return quoted ? JSON.parse(text) : expression
  if (numeric.has(type) && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  return quoted ? text : expression
}

const numeric = new Set<string>(['integer', 'bigInteger', 'float', 'decimal'])

/** Whether PostgreSQL printed a value, and no expression. */
export const isLiteral = (expression: string): boolean => /^('|-?\d|(true|false|NULL)\b)/.test(expression)

/** Whether a default that is told as text can only be made with SQL. */
export const isForeignExpression = (expression: string): boolean =>
  !isLiteral(expression) && !functions.some(([form]) => form.test(expression))
