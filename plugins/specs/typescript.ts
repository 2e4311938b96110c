/** TypeScript types of a schema, as the SDK takes them: `createDirectus<Schema>(…)`. Pure. */
import { uniqueNames } from './names.ts'
import type { TypedCollection, TypedField } from './types-model.ts'

/** Collections of the system that the SDK has types of. */
const ofSdk: Readonly<Record<string, string>> = {
  directus_users: 'DirectusUser',
  directus_files: 'DirectusFile',
  directus_folders: 'DirectusFolder',
  directus_roles: 'DirectusRole',
  directus_policies: 'DirectusPolicy',
}

/** The SDK reads `datetime`, `json` and `csv` as what they travel as, and knows by them which functions and filters go with a field. */
const words: Readonly<Record<string, string>> = {
  string: 'string',
  text: 'string',
  hash: 'string',
  uuid: 'string',
  integer: 'number',
  bigInteger: 'number | string',
  float: 'number',
  decimal: 'number | string',
  boolean: 'boolean',
  date: "'datetime'",
  time: 'string',
  dateTime: "'datetime'",
  timestamp: "'datetime'",
  json: "'json'",
  csv: "'csv'",
}

const isName = (text: string): boolean => /^[A-Za-z_$][\w$]*$/.test(text)
const quoted = (text: string): string =>
  JSON.stringify(text).replace(/\u2028|\u2029/g, (sign) => (sign === '\u2028' ? '\\u2028' : '\\u2029'))
const nameOf = (text: string): string => (isName(text) ? text : quoted(text))

export function toTypescript(collections: readonly TypedCollection[]): string {
  const own = collections.filter(({ name }) => !name.startsWith('directus_')).sort((a, b) => (a.name < b.name ? -1 : 1))
  const names = uniqueNames(
    own.map(({ name }) => [name, name]),
    ['Schema', 'Record', 'Array', 'String', 'Number', ...Object.values(ofSdk)],
  )
  const imported = new Set<string>()
  const itemType = (target: string): string | undefined => {
    const name = names.get(target)
    if (name || !ofSdk[target]) return name
    imported.add(ofSdk[target])
    return `${ofSdk[target]}<Schema>`
  }
  const byName = new Map(collections.map((one) => [one.name, one]))
  /** Of what is not told of: text, as keys of the system's collections are. */
  const keyType = (target: string): string => {
    const { key, fields = [] } = byName.get(target) ?? {}
    const found = words[fields.find(({ name }) => name === key)?.type ?? 'string']
    return found?.startsWith('number') ? 'number' : 'string'
  }
  const typeOf = (field: TypedField): string => {
    const items = field.targets.map(itemType).filter((name) => name !== undefined)
    if (field.many) return [...new Set([keyType(field.targets[0]!), ...items])].map((name) => `${name}[]`).join(' | ')
    const plain = field.labels ? field.labels.map(quoted).join(' | ') : (words[field.type] ?? 'unknown')
    const value = field.array ? 'unknown[]' : plain
    if (value === 'unknown') return value
    return [...new Set([value, ...items, ...(field.nullable ? ['null'] : [])])].join(' | ')
  }
  const interfaces = own.map(({ name, fields }) =>
    [`export interface ${names.get(name)} {`, ...fields.map((field) => `  ${nameOf(field.name)}: ${typeOf(field)}`), '}'].join('\n'),
  )
  const schema = own.map(({ name, singleton }) => `  ${nameOf(name)}: ${names.get(name)}${singleton ? '' : '[]'}`)
  const head = imported.size ? [`import type { ${[...imported].sort().join(', ')} } from '@directus/sdk'`] : []
  return `${[...head, ...interfaces, ['export interface Schema {', ...schema, '}'].join('\n')].join('\n\n')}\n`
}
