/** Default values: as the API shows them, and as statements say them. Pure. */
import { type Field, problems } from 'plinth'
import { literal } from './sql-types.ts'

/** The functions that a default may be. All else is a literal. */
const functions: readonly [RegExp, (text: string) => string][] = [
  [/^now\(\)$/i, () => 'current_timestamp'],
  [/^CURRENT_TIMESTAMP(\([0-6]\))?$/, (text) => text],
  [/^(gen_random_uuid|uuid_generate_v[14])\(\)$/, (text) => text],
  [/^(CURRENT_DATE|CURRENT_TIME|LOCALTIME|LOCALTIMESTAMP)$/, (text) => text],
]

/**
 * A default value as it stands in JSON, for a column of that type, which is `sqlType` to PostgreSQL.
 * @throws INVALID_PAYLOAD for one that is too long or too large for it.
 */
export function defaultSql(type: string, value: unknown, sqlType: string): string {
  const isList = Array.isArray(value) && type !== 'json'
  const text = isList ? value.map(wordOf).join(',') : typeof value === 'object' ? JSON.stringify(value) : String(value)
  const found = typeof value === 'object' ? undefined : functions.find(([form]) => form.test(text))
  if (!found) checkRoom(text, sqlType)
  return found ? found[1](text) : literal(text)
}

/** PostgreSQL reads a default by its type at once, but sees only when a row takes it that there is no room for it. */
function checkRoom(text: string, sqlType: string): void {
  const [, name = '', first, second = 0] = /^([a-z ]+)\((\d+)(?:, ?(\d+))?\)$/i.exec(sqlType) ?? []
  if (first === undefined) return
  const fits = /char/i.test(name)
    ? [...text.trimEnd()].length <= Number(first)
    : !(/^numeric$/i.test(name) && Math.abs(Number(text)) >= 10 ** (Number(first) - Number(second)) - 0.5 * 10 ** -Number(second))
  if (!fits) throw problems.INVALID_PAYLOAD(`The default value does not fit into ${sqlType}.`)
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
