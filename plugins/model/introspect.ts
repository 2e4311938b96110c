/**
 * The database's catalogue as plain data. One statement over pg_catalog, whatever the number of tables; the answer is JSON, so that
 * equal texts mean an equal schema. Works on PostgreSQL 15 and later.
 */
import {
  type Catalogue,
  type CatalogueTable,
  type Column,
  type ForeignKey,
  type Index,
  type Queryable,
  quoteName,
  type ReferentialAction,
  type Table,
} from 'plinth'

/** Our own schema: read along for the making of tables, never shown. */
export const ownSchema = 'plinth'

/**
 * Tables that an extension brought (PostGIS's spatial_ref_sys…) are its own business, and partitions stand behind their parent.
 * Indexes over expressions or a part of the rows promise nothing about a column: left out. Comments come by themselves: joining few rows is
 * cheaper here than on an embedded database that has just started.
 * https://www.postgresql.org/docs/current/catalogs.html
 */
const statement = `
with recursive relation as materialized (
  select c.oid::int8, n.nspname as schema, c.relname as name, c.relkind as kind, array_position($1::text[], n.nspname::text) as position
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
  'tables', (select json_agg(relation order by position, name collate "C") from relation),
  'comments', (select json_agg(json_build_array(concat(d.objoid, ' ', d.objsubid), d.description) order by d.objoid, d.objsubid)
    from relation r join pg_description d on d.objoid = r.oid and d.classoid = 'pg_catalog.pg_class'::regclass),
  'columns', (select json_agg(row) from (
    select a.attrelid::int8 as table, a.attnum as number, a.attname as name, concat(a.atttypid, ' ', a.atttypmod) as type, a.attnotnull as "notNull",
      a.attidentity as identity, a.attgenerated as generated, pg_get_expr(d.adbin, d.adrelid) as expression
    from attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum order by a.attrelid, a.attnum) row),
  'types', (select json_agg(row) from (
    select concat(type.id, ' ', type.modifier) as key, format_type(type.id, null) as "dataType", format_type(type.id, type.modifier) as "sqlType",
      t.typname as "baseType", t.typcategory = 'A' as array, t.typnotnull as "notNull",
      case when t.typtype = 'd' then concat(t.typbasetype, ' ', t.typtypmod) end as below,
      -- the name to qualify where the search path may not find it: the element's for an array
      case when n.nspname <> 'pg_catalog' then json_build_array(n.nspname, coalesce(e.typname, t.typname)) end as qualify,
      case when t.typtype = 'e' then (select json_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = type.id) end as labels,
      case when t.typname in ('varchar', 'bpchar') and type.modifier > 0 then type.modifier - 4 end as "maxLength",
      -- as information_schema.columns tells them; a numeric's modifier holds the precision in its upper half, the scale below as a signed number of 11 bits
      case t.typname when 'int2' then 16 when 'int4' then 32 when 'int8' then 64 when 'float4' then 24 when 'float8' then 53
        when 'numeric' then case when type.modifier > 0 then (type.modifier - 4) >> 16 end end as precision,
      case when t.typname in ('int2', 'int4', 'int8') then 0
        when t.typname = 'numeric' and type.modifier > 0 then (((type.modifier - 4) & 2047) # 1024) - 1024 end as scale
    from type join pg_type t on t.oid = type.id join pg_namespace n on n.oid = t.typnamespace
    left join pg_type e on e.oid = t.typelem and t.typcategory = 'A' order by type.id, type.modifier) row),
  'indexes', (select json_agg(row) from (
    select i.indrelid::int8 as table, c.relname as name, (i.indkey::int2[])[0:i.indnkeyatts - 1] as key, i.indisunique as unique, i.indisprimary as primary
    from relation r join pg_index i on i.indrelid = r.oid join pg_class c on c.oid = i.indexrelid
    where i.indislive and i.indpred is null and i.indexprs is null order by c.relname, i.indexrelid) row),
  'foreignKeys', (select json_agg(row) from (
    select f.conrelid::int8 as table, f.conname as constraint, f.conkey as key, n.nspname as schema, c.relname as target,
      (select json_agg(a.attname order by k.place) from unnest(f.confkey) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number) as targets,
      f.confupdtype as "onUpdate", f.confdeltype as "onDelete"
    from relation r join pg_constraint f on f.conrelid = r.oid join pg_class c on c.oid = f.confrelid join pg_namespace n on n.oid = c.relnamespace
    where f.contype = 'f' and f.conparentid = 0 order by f.conname, f.oid) row),
  'triggers', (select json_agg(row) from (
    select t.tgrelid::int8 as table, t.tgname as name
    from relation r join pg_trigger t on t.tgrelid = r.oid where not t.tgisinternal and t.tgname like 'plinth\\_%' order by t.tgname, t.tgrelid) row),
  'functions', (select json_agg(proname order by proname) from pg_proc where pronamespace = to_regnamespace('${ownSchema}'))
)::text`

/** Lists without an element are null. */
interface Answer {
  readonly schemas: readonly string[] | null
  readonly tables: readonly { oid: number; schema: string; name: string; kind: string }[] | null
  /** By the table's oid and the column's number, 0 for the table itself. */
  readonly comments: readonly [key: string, comment: string][] | null
  readonly columns: readonly ColumnRow[] | null
  readonly types: readonly TypeRow[] | null
  readonly indexes: readonly (Omit<Index, 'columns'> & { table: number; key: readonly number[] })[] | null
  readonly foreignKeys: readonly ForeignKeyRow[] | null
  readonly triggers: readonly { table: number; name: string }[] | null
  readonly functions: readonly string[] | null
}

interface ColumnRow {
  readonly table: number
  readonly number: number
  readonly name: string
  /** A type's key. */
  readonly type: string
  readonly notNull: boolean
  readonly identity: string
  readonly generated: string
  readonly expression: string | null
}

/** What a column has from its type. */
type Shape = Pick<Column, 'dataType' | 'sqlType' | 'baseType' | 'array' | 'labels' | 'maxLength' | 'precision' | 'scale'>

interface TypeRow extends Shape {
  readonly key: string
  readonly notNull: boolean
  /** A domain's base type. */
  readonly below: string | null
  readonly qualify: readonly [schema: string, name: string] | null
}

type ForeignKeyRow = Pick<ForeignKey, 'constraint' | 'schema' | 'targets'> & {
  readonly table: number
  readonly key: readonly number[]
  readonly target: string
  readonly onUpdate: keyof typeof actions
  readonly onDelete: keyof typeof actions
}

const kinds: Readonly<Record<string, Table['kind']>> = { v: 'view', m: 'materialized view' }
const actions = { a: 'NO ACTION', r: 'RESTRICT', c: 'CASCADE', n: 'SET NULL', d: 'SET DEFAULT' } satisfies Record<string, ReferentialAction>

/** The catalogue of some schemas and of our own, as JSON text for `parseCatalogue`. */
export async function readCatalogue(db: Queryable, schemas: readonly string[]): Promise<string> {
  return (await db.text(statement, [[...new Set([...schemas, ownSchema])]]))!
}

export async function introspect(db: Queryable, schemas: readonly string[]): Promise<Catalogue> {
  return parseCatalogue(await readCatalogue(db, schemas))
}

export function parseCatalogue(text: string): Catalogue {
  const answer: Answer = JSON.parse(text)
  const byTable = <Row extends { table: number }>(rows: readonly Row[] | null) => Map.groupBy(rows ?? [], ({ table }) => table)
  const types = new Map((answer.types ?? []).map((row) => [row.key, row]))
  const comments = new Map(answer.comments)
  const columns = byTable(answer.columns)
  const indexes = byTable(answer.indexes)
  const foreignKeys = byTable(answer.foreignKeys)
  const triggers = byTable(answer.triggers)

  const tables = (answer.tables ?? []).map(({ oid, schema, name, kind }): CatalogueTable => {
    const rows = columns.get(oid) ?? []
    const names = new Map(rows.map((row) => [row.number, row.name]))
    const named = (key: readonly number[]) => key.map((number) => names.get(number)!)
    const ownIndexes = (indexes.get(oid) ?? []).map(({ table: _, key, ...index }): Index => ({ ...index, columns: named(key) }))
    const ownKeys = (foreignKeys.get(oid) ?? []).map(
      ({ table: _, key, target, onUpdate, onDelete, ...rest }): ForeignKey => ({
        ...rest,
        columns: named(key),
        table: target,
        onUpdate: actions[onUpdate],
        onDelete: actions[onDelete],
      }),
    )
    const keys: Keys = {
      primary: ownIndexes.find((index) => index.primary)?.columns ?? [],
      unique: ownIndexes.filter(({ unique, columns }) => unique && columns.length === 1).map(({ columns }) => columns[0]),
      indexed: ownIndexes.filter(({ unique }) => !unique).map(({ columns }) => columns[0]),
      foreign: new Map(ownKeys.filter(({ columns }) => columns.length === 1).map((key) => [key.columns[0]!, key])),
    }
    const toColumn = (row: ColumnRow) =>
      columnOf(row, shapeOf(types.get(row.type)!, types), comments.get(`${oid} ${row.number}`) ?? null, keys)
    return {
      name,
      schema,
      kind: kinds[kind] ?? 'table',
      comment: comments.get(`${oid} 0`) ?? null,
      columns: new Map(rows.map((row) => [row.name, toColumn(row)])),
      primaryKey: keys.primary,
      indexes: ownIndexes,
      foreignKeys: ownKeys,
      triggers: (triggers.get(oid) ?? []).map((trigger) => trigger.name),
    }
  })
  return { schemas: answer.schemas ?? [], tables, functions: answer.functions ?? [] }
}

/** Follows domains down to their base type. */
function shapeOf({ key: _, below, qualify, ...type }: TypeRow, types: ReadonlyMap<string, TypeRow>): Shape & { readonly notNull: boolean } {
  if (below === null) return { ...type, sqlType: qualify ? qualified(type.sqlType, qualify) : type.sqlType }
  const base = shapeOf(types.get(below)!, types)
  return { ...base, dataType: type.dataType, notNull: type.notNull || base.notNull }
}

/** `geometry(Point,4326)` → `"public"."geometry"(Point,4326)`. A quoted name may itself end in a bracket: the closing quote tells. */
function qualified(written: string, [schema, name]: readonly [string, string]): string {
  const [ending] = /(\([^()"]*\))?(\[\])?$/.exec(written)!
  return `${quoteName(schema)}.${quoteName(name)}${ending}`
}

/** Of one table: names of columns. */
interface Keys {
  readonly primary: readonly string[]
  readonly unique: readonly (string | undefined)[]
  readonly indexed: readonly (string | undefined)[]
  readonly foreign: ReadonlyMap<string, ForeignKey>
}

function columnOf(
  { name, notNull, identity, generated, expression }: ColumnRow,
  { notNull: domainNotNull, ...shape }: Shape & { readonly notNull: boolean },
  comment: string | null,
  keys: Keys,
): Column {
  return Object.freeze({
    name,
    ...shape,
    nullable: !notNull && !domainNotNull,
    default: generated ? null : expression,
    generated: generated ? expression : null,
    identity: identity === 'a' ? 'always' : identity === 'd' ? 'by default' : null,
    autoIncrement: identity !== '' || (!generated && expression !== null && expression.startsWith('nextval(')),
    comment,
    primaryKey: keys.primary.includes(name),
    unique: keys.unique.includes(name),
    indexed: keys.indexed.includes(name),
    foreignKey: keys.foreign.get(name) ?? null,
  })
}
