/** What an existing column must become → the statements that make it so, and no more than what was asked. Pure. */
import { type Column, type Field, problems, quoteName, quoteTable, type Table } from 'plinth'
import { addIndex, addUnique, commentOnColumn, dropIndex } from './ddl.ts'
import { defaultSql, isLiteral, toDefault } from './defaults.ts'
import { type ColumnDefinition, isColumnType } from './input.ts'
import { baseOf, typeSql } from './sql-types.ts'

/** A field with a column. */
export type StoredField = Field & { readonly column: Column }

export interface Alteration {
  readonly statements: readonly string[]
  /** The new type as a statement says it; undefined when it stays. */
  readonly type: string | undefined
}

/** `type`: the API's; `schema`: what is not said stays. @throws INVALID_PAYLOAD for what a primary key cannot be. */
export function alterColumn(table: Table, field: StoredField, type: string | null | undefined, schema: ColumnDefinition): Alteration {
  const { column } = field
  checkKey(column, schema)
  const newType = typeFor(field, type, schema)
  const alter = `alter column ${quoteName(column.name)}`
  const actions = [
    ...typeActions(field, newType, type ?? field.type, schema, alter),
    ...(differs(schema.is_nullable, column.nullable) ? [`${alter} ${schema.is_nullable ? 'drop' : 'set'} not null`] : []),
  ]
  return {
    type: newType,
    statements: [
      ...actions.map((action) => `alter table ${quoteTable(table)} ${action}`),
      ...(newType ? sequenceType(column, newType) : []),
      ...indexStatements(table, column, schema),
      ...(schema.comment !== undefined && (schema.comment || null) !== column.comment
        ? [commentOnColumn(table, column.name, schema.comment)]
        : []),
    ],
  }
}

/** Whether something was said, and it is not so. */
const differs = (said: boolean | null | undefined, is: boolean): boolean => typeof said === 'boolean' && said !== is

function checkKey(column: Column, schema: ColumnDefinition): void {
  if (differs(schema.is_primary_key, column.primaryKey))
    throw problems.INVALID_PAYLOAD(`The primary key cannot be moved to or from "${column.name}".`)
  if (differs(schema.has_auto_increment, column.autoIncrement))
    throw problems.INVALID_PAYLOAD(`Whether "${column.name}" counts up by itself cannot be changed.`)
  if (!column.primaryKey) return
  if (schema.is_nullable) throw problems.INVALID_PAYLOAD('A primary key cannot be null.')
  if (schema.is_unique === false && column.unique) throw problems.INVALID_PAYLOAD('A primary key is always unique.')
}

/** Undefined when the column can hold what is asked for as it is: a `double precision` is a float already. */
function typeFor({ column, type: current }: StoredField, type: string | null | undefined, schema: ColumnDefinition): string | undefined {
  if (schema.exactType) return schema.exactType
  const isSame = !isColumnType(type) || type === current || (baseOf(type) === column.baseType && baseOf(type) !== 'geometry')
  if (!isSame) return typeSql(type, schema)
  if (column.baseType === 'varchar' || column.baseType === 'bpchar') {
    const length = schema.max_length ?? column.maxLength
    return length === null || length === column.maxLength ? undefined : `${column.baseType}(${length})`
  }
  if (column.baseType === 'numeric') {
    const precision = schema.numeric_precision ?? column.precision
    const scale = schema.numeric_scale ?? column.scale
    if (precision === column.precision && scale === column.scale) return undefined
    return typeSql('decimal', { numeric_precision: precision, numeric_scale: scale })
  }
  return undefined
}

/** A default stands in the way of another type: it is taken away and put back. */
function typeActions(field: StoredField, newType: string | undefined, type: string, schema: ColumnDefinition, alter: string): string[] {
  const { column } = field
  const wanted = defaultFor(field, newType, type, schema)
  const hasLiteral = column.default !== null && !column.autoIncrement
  if (newType === undefined) return wanted === undefined ? [] : [`${alter} ${wanted}`]
  const cast = `${alter} type ${newType} using ${quoteName(column.name)}::${newType}`
  return [
    ...(hasLiteral ? [`${alter} drop default`] : []),
    cast,
    ...(wanted && (wanted !== dropped || !hasLiteral) ? [`${alter} ${wanted}`] : []),
  ]
}

const dropped = 'drop default'

/** `set default …`, `drop default`, or undefined when it stays as it is. */
function defaultFor(field: StoredField, newType: string | undefined, type: string, schema: ColumnDefinition): string | undefined {
  const { column } = field
  const isRetyped = newType !== undefined
  const current = toDefault(column.default, field)
  const said = schema.default_value === undefined ? current : schema.default_value
  // A sequence is told as an expression: sent back it is no text.
  if (column.autoIncrement || (!isRetyped && JSON.stringify(said) === JSON.stringify(current))) return undefined
  if (said === null) return column.default === null ? undefined : dropped
  if (said === column.default && !isLiteral(column.default)) return `set default ${column.default}`
  const value = type === 'boolean' && typeof said === 'number' ? said !== 0 : said
  return `set default ${defaultSql(type, value, newType ?? column.sqlType)}`
}

/** A `serial` draws from a sequence of the first type's size; an identity's sequence follows by itself. */
function sequenceType({ autoIncrement, identity, default: expression }: Column, newType: string): string[] {
  const [, name] = /^nextval\('(.+)'::regclass\)$/.exec(expression ?? '') ?? []
  if (!autoIncrement || identity || !name || !['smallint', 'integer', 'bigint'].includes(newType)) return []
  return [`alter sequence ${name.replaceAll("''", "'")} as ${newType}`]
}

function indexStatements(table: Table, { name, unique, indexed, primaryKey }: Column, schema: ColumnDefinition): string[] {
  const ofThisAlone = (isUnique: boolean) =>
    table.indexes.filter((index) => index.unique === isUnique && !index.primary && index.columns.length === 1 && index.columns[0] === name)
  const drop = (isUnique: boolean) => ofThisAlone(isUnique).flatMap((index) => dropIndex(table, index.name))
  const statements: string[] = []
  if (differs(schema.is_unique, unique)) statements.push(...(schema.is_unique ? [addUnique(table, name)] : drop(true)))
  if (differs(schema.is_indexed, indexed) && !(schema.is_indexed && primaryKey)) {
    if (indexed && !ofThisAlone(false).length)
      throw problems.INVALID_PAYLOAD(`An index over "${name}" and more begins with it: it can only be removed with SQL.`)
    statements.push(...(schema.is_indexed ? [addIndex(table, name)] : drop(false)))
  }
  return statements
}
