/**
 * The database's catalogue as plain data. One statement over pg_catalog, whatever the number of tables; the answer is JSON, so that
 * equal texts mean an equal schema. Works on PostgreSQL 15 and later.
 */
import { type Queryable, quoteName } from '../database/database.ts'
import type { Column, ForeignKey, Index, ReferentialAction, Table } from './snapshot.ts'

export interface CatalogueTable {
  readonly name: string
  readonly schema: string
  readonly kind: Table['kind']
  readonly comment: string | null
  readonly columns: ReadonlyMap<string, Column>
  readonly primaryKey: readonly string[]
  readonly indexes: readonly Index[]
  readonly foreignKeys: readonly ForeignKey[]
  /** Names of the triggers that Plinth put there. */
  readonly triggers: readonly string[]
}

export interface Catalogue {
  /** Those of the schemas asked for that exist. */
  readonly schemas: readonly string[]
  /** Schema by schema in the order asked for, then by name. */
  readonly tables: readonly CatalogueTable[]
}

/** Our own schema: read along for the making of tables, never shown. */
export const ownSchema = 'plinth'

/**
 * Tables that an extension brought (PostGIS's spatial_ref_sys…) are its own business, and partitions stand behind their parent.
 * Indexes over expressions or a part of the rows promise nothing about a column: left out.
 * https://www.postgresql.org/docs/current/catalogs.html
 */
const statement = `
with recursive relation as materialized (
  select c.oid, array_position($1::text[], n.nspname::text) as position, n.nspname, c.relname, c.relkind
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1::text[]) and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
    and not exists (select from pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
), attribute as materialized (
  select a.* from relation r join pg_attribute a on a.attrelid = r.oid where a.attnum > 0 and not a.attisdropped
), type(id, modifier) as (
  select distinct atttypid, atttypmod from attribute
  union
  select t.typbasetype, t.typtypmod from type join pg_type t on t.oid = type.id where t.typtype = 'd'
)
select json_build_object(
  'schemas', (select json_agg(nspname) from pg_namespace where nspname = any($1::text[])),
  'tables', (
    select json_agg(json_build_array(oid::int8, nspname, relname, relkind, obj_description(oid, 'pg_class')) order by position, relname collate "C")
    from relation),
  'columns', (
    select json_agg(json_build_array(a.attrelid::int8, a.attnum, a.attname, a.atttypid::int8, a.atttypmod, a.attnotnull, a.attidentity, a.attgenerated,
      pg_get_expr(d.adbin, d.adrelid), s.description) order by a.attrelid, a.attnum)
    from attribute a
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_description s on s.objoid = a.attrelid and s.classoid = 'pg_catalog.pg_class'::regclass and s.objsubid = a.attnum),
  'types', (
    select json_agg(json_build_array(type.id::int8, type.modifier, format_type(type.id, type.modifier), format_type(type.id, null), t.typname, t.typnotnull,
      case when t.typtype = 'd' then t.typbasetype::int8 end, t.typtypmod, t.typcategory = 'A',
      -- the name to qualify where the search path may not find it: the element's for an array
      case when n.nspname <> 'pg_catalog' then json_build_array(n.nspname, coalesce(e.typname, t.typname)) end,
      (select json_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = type.id)))
    from type join pg_type t on t.oid = type.id join pg_namespace n on n.oid = t.typnamespace
    left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'),
  'indexes', (
    select json_agg(json_build_array(i.indrelid::int8, c.relname, i.indkey::int2[], i.indnkeyatts, i.indisunique, i.indisprimary) order by c.relname)
    from relation r join pg_index i on i.indrelid = r.oid join pg_class c on c.oid = i.indexrelid
    where i.indislive and i.indpred is null and i.indexprs is null),
  'foreignKeys', (
    select json_agg(json_build_array(f.conrelid::int8, f.conname, f.conkey, n.nspname, c.relname,
      (select json_agg(a.attname order by k.place) from unnest(f.confkey) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number),
      f.confupdtype, f.confdeltype) order by f.conname)
    from relation r join pg_constraint f on f.conrelid = r.oid join pg_class c on c.oid = f.confrelid join pg_namespace n on n.oid = c.relnamespace
    where f.contype = 'f' and f.conparentid = 0),
  'triggers', (
    select json_agg(json_build_array(t.tgrelid::int8, t.tgname) order by t.tgname)
    from relation r join pg_trigger t on t.tgrelid = r.oid where not t.tgisinternal and t.tgname like 'plinth\\_%')
)::text`

type Name = string
type Oid = number
interface Answer {
  schemas: Name[] | null
  tables: [oid: Oid, schema: Name, name: Name, kind: string, comment: string | null][] | null
  columns: ColumnRow[] | null
  types: TypeRow[] | null
  indexes: [table: Oid, name: Name, key: number[], length: number, unique: boolean, primary: boolean][] | null
  foreignKeys: ForeignKeyRow[] | null
  triggers: [table: Oid, name: Name][] | null
}
type ColumnRow = [
  table: Oid,
  number: number,
  name: Name,
  type: Oid,
  modifier: number,
  notNull: boolean,
  identity: string,
  generated: string,
  expression: string | null,
  comment: string | null,
]
type TypeRow = [
  oid: Oid,
  modifier: number,
  written: string,
  plain: string,
  name: Name,
  notNull: boolean,
  base: Oid | null,
  baseModifier: number,
  array: boolean,
  qualify: [schema: Name, name: Name] | null,
  labels: string[] | null,
]
type ForeignKeyRow = [
  table: Oid,
  constraint: Name,
  key: number[],
  schema: Name,
  target: Name,
  targets: Name[],
  onUpdate: keyof typeof actions,
  onDelete: keyof typeof actions,
]

const kinds: Readonly<Record<string, Table['kind']>> = { v: 'view', m: 'materialized view' }
const actions = { a: 'NO ACTION', r: 'RESTRICT', c: 'CASCADE', n: 'SET NULL', d: 'SET DEFAULT' } satisfies Record<string, ReferentialAction>

/** Bits of a number: as `information_schema.columns.numeric_precision` tells them. */
const numericBits: Readonly<Record<string, [precision: number, scale: number | null]>> = {
  int2: [16, 0],
  int4: [32, 0],
  int8: [64, 0],
  float4: [24, null],
  float8: [53, null],
}

/** The catalogue of some schemas and of our own, as JSON text for `parseCatalogue`. */
export async function readCatalogue(db: Queryable, schemas: readonly string[]): Promise<string> {
  return (await db.text(statement, [[...new Set([...schemas, ownSchema])]]))!
}

export async function introspect(db: Queryable, schemas: readonly string[]): Promise<Catalogue> {
  return parseCatalogue(await readCatalogue(db, schemas))
}

export function parseCatalogue(text: string): Catalogue {
  const answer: Answer = JSON.parse(text)
  const byTable = <Row extends readonly [Oid, ...unknown[]]>(rows: readonly Row[] | null) => Map.groupBy(rows ?? [], ([oid]) => oid)
  const types = resolveTypes(answer.types ?? [])
  const columns = byTable(answer.columns)
  const indexes = byTable(answer.indexes)
  const foreignKeys = byTable(answer.foreignKeys)
  const triggers = byTable(answer.triggers)

  const tables = (answer.tables ?? []).map(([oid, schema, name, kind, comment]): CatalogueTable => {
    const rows = columns.get(oid) ?? []
    const names = new Map(rows.map(([, number, column]) => [number, column]))
    const named = (key: readonly number[]) => key.map((number) => names.get(number)!)
    const ownIndexes = (indexes.get(oid) ?? []).map(
      ([, index, key, length, unique, primary]): Index => ({ name: index, columns: named(key.slice(0, length)), unique, primary }),
    )
    const ownForeignKeys = (foreignKeys.get(oid) ?? []).map(
      ([, constraint, key, targetSchema, table, targets, onUpdate, onDelete]): ForeignKey => ({
        constraint,
        columns: named(key),
        schema: targetSchema,
        table,
        targets,
        onUpdate: actions[onUpdate],
        onDelete: actions[onDelete],
      }),
    )
    const keys = keysByColumn(ownIndexes, ownForeignKeys)
    return {
      name,
      schema,
      kind: kinds[kind] ?? 'table',
      comment,
      columns: new Map(rows.map((row) => [row[2], toColumn(row, types.get(typeKey(row[3], row[4]))!, keys)])),
      primaryKey: keys.primaryKey,
      indexes: ownIndexes,
      foreignKeys: ownForeignKeys,
      triggers: (triggers.get(oid) ?? []).map(([, trigger]) => trigger),
    }
  })
  return { schemas: answer.schemas ?? [], tables }
}

interface ResolvedType {
  readonly dataType: string
  readonly sqlType: string
  readonly name: string
  readonly modifier: number
  readonly notNull: boolean
  readonly array: boolean
  readonly labels: readonly string[] | null
}

const typeKey = (oid: Oid, modifier: number) => `${oid} ${modifier}`

/** Follows domains down to their base type. */
function resolveTypes(rows: readonly TypeRow[]): ReadonlyMap<string, ResolvedType> {
  const byKey = new Map(rows.map((row) => [typeKey(row[0], row[1]), row]))
  const resolve = ([, modifier, written, plain, name, notNull, base, baseModifier, array, qualify, labels]: TypeRow): ResolvedType => {
    if (base === null)
      return { dataType: plain, sqlType: qualify ? qualified(written, qualify) : written, name, modifier, notNull, array, labels }
    const below = resolve(byKey.get(typeKey(base, baseModifier))!)
    return { ...below, dataType: plain, notNull: notNull || below.notNull }
  }
  return new Map([...byKey].map(([key, row]) => [key, resolve(row)]))
}

/** `geometry(Point,4326)` → `"public"."geometry"(Point,4326)`. A quoted name may itself end in a bracket: the closing quote tells. */
function qualified(written: string, [schema, name]: readonly [string, string]): string {
  const [ending] = /(\([^()"]*\))?(\[\])?$/.exec(written)!
  return `${quoteName(schema)}.${quoteName(name)}${ending}`
}

interface Keys {
  readonly primaryKey: readonly string[]
  readonly unique: ReadonlySet<string>
  readonly indexed: ReadonlySet<string>
  readonly foreignKeys: ReadonlyMap<string, ForeignKey>
}

function keysByColumn(indexes: readonly Index[], foreignKeys: readonly ForeignKey[]): Keys {
  return {
    primaryKey: indexes.find((index) => index.primary)?.columns ?? [],
    unique: new Set(indexes.filter((index) => index.unique && index.columns.length === 1).map((index) => index.columns[0]!)),
    indexed: new Set(indexes.filter((index) => !index.unique).map((index) => index.columns[0]!)),
    foreignKeys: new Map(foreignKeys.filter((key) => key.columns.length === 1).map((key) => [key.columns[0]!, key])),
  }
}

function toColumn(row: ColumnRow, type: ResolvedType, keys: Keys): Column {
  const [, , name, , , notNull, identity, generated, expression, comment] = row
  const [precision, scale] = numericSize(type)
  return Object.freeze({
    name,
    dataType: type.dataType,
    sqlType: type.sqlType,
    baseType: type.name,
    nullable: !notNull && !type.notNull,
    default: generated ? null : expression,
    generated: generated ? expression : null,
    identity: identity === 'a' ? 'always' : identity === 'd' ? 'by default' : null,
    autoIncrement: identity !== '' || (!generated && expression !== null && expression.startsWith('nextval(')),
    array: type.array,
    labels: type.labels,
    maxLength: (type.name === 'varchar' || type.name === 'bpchar') && type.modifier > 0 ? type.modifier - 4 : null,
    precision,
    scale,
    comment,
    primaryKey: keys.primaryKey.includes(name),
    unique: keys.unique.has(name),
    indexed: keys.indexed.has(name),
    foreignKey: keys.foreignKeys.get(name) ?? null,
  })
}

/** A numeric's modifier holds the precision in its upper half, and below it the scale as a signed number of 11 bits (`numerictypmodout`). */
function numericSize({ name, modifier }: ResolvedType): readonly [precision: number | null, scale: number | null] {
  if (name !== 'numeric') return numericBits[name] ?? [null, null]
  return modifier < 0 ? [null, null] : [(modifier - 4) >> 16, (((modifier - 4) & 2047) ^ 1024) - 1024]
}
