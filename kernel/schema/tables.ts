/** Tables that plugins own: how they are declared, and how they come to exist. */
import { StartError } from '../config.ts'
import { type Database, DatabaseError, quoteName } from '../database/database.ts'
import type { Log } from '../log.ts'
import { type Catalogue, type CatalogueTable, introspect, ownSchema } from './introspect.ts'
import { type Raises, raiseFunction, raiseTriggers } from './triggers.ts'

/** What the API says of a field of an owned table, beside its column. */
export interface OwnedField {
  readonly special?: readonly string[]
  readonly hidden?: boolean
  readonly readonly?: boolean
  readonly interface?: string
}

export interface OwnedColumn extends OwnedField {
  /** Type, default and NOT NULL as SQL: `varchar(64) not null default 'inbox'`. Trusted: written by the plugin's author. */
  readonly sql: string
  /** `directus_roles(id) on delete set null`. Made only when that table exists, after all tables. */
  readonly references?: string
}

/** A field without a column, such as the many side of a relation. */
export interface OwnedAlias extends OwnedField {
  readonly alias: true
}

export interface OwnedRelation {
  readonly field: string
  readonly related: string
  /** The alias field on the related table that lists our rows. */
  readonly oneField?: string
  readonly junctionField?: string
  readonly sortField?: string
  readonly deselect?: 'nullify' | 'delete'
}

export interface TableSpec {
  readonly name: string
  /** `plinth`: ours alone, never shown as a collection. Default: the first schema served. */
  readonly schema?: 'plinth'
  /** Column name → SQL or more. */
  readonly columns: Readonly<Record<string, string | OwnedColumn | OwnedAlias>>
  readonly primaryKey: string | readonly string[]
  readonly unique?: readonly (readonly string[])[]
  readonly indexes?: readonly (readonly string[])[]
  readonly relations?: readonly OwnedRelation[]
  readonly singleton?: boolean
  /** What histories keep of its changes: who did what (`activity`), also what became of the rows (`all`, the default), or nothing (null). */
  readonly accountability?: 'all' | 'activity' | null
  /** Its rows tell of items of the collection that this column names: whoever may not see all of those does not see the rows. */
  readonly tellsOf?: string
  /**
   * Shared with the reference: made when missing, never altered, served as a system collection. Otherwise missing columns are added,
   * and a table outside `plinth` is an ordinary collection.
   */
  readonly system?: boolean
  /** Columns whose change must reach every process's caches at once: insert, delete, or update of one of them raises the version. */
  readonly raises?: Raises
}

/** A statement, what it makes, and the right to make it: for the person who may have to grant it. */
interface Step {
  readonly sql: string
  readonly makes: string
  readonly needs: string
}

/** "plinth" as a number. */
const lockKey = 0x706c696e7468

/**
 * Makes what the specs ask for and the database lacks, in one transaction; several processes may do so at once. Nothing is asked of the
 * database when `catalogue` shows that nothing is missing. Tables go to the first of `schemas`.
 * @returns whether `catalogue` is out of date: something was made, by us or by a process that started at the same time.
 * @throws StartError when the database role may not make it.
 */
export async function createMissingTables(
  db: Database,
  catalogue: Catalogue,
  specs: readonly TableSpec[],
  schemas: readonly string[],
  log: Log,
): Promise<boolean> {
  if (missingSteps(catalogue, specs, schemas).length === 0) return false
  let current: Step | undefined
  try {
    const made = await db.transaction(async (transaction) => {
      await transaction.text('select pg_advisory_xact_lock($1)', [lockKey])
      const steps = missingSteps(await introspect(transaction, schemas), specs, schemas)
      for (current of steps) await transaction.execute(current.sql)
      return steps.map(({ makes }) => makes)
    })
    if (made.length > 0) log.info(`made ${made.length} things that the database lacked`)
    if (made.length > 0) log.debug('made what the database lacked', { made })
    return true
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.state !== '42501' || !current) throw error
    const [here] = await db.query<{ role: string; database: string }>(
      'select quote_ident(current_user) as role, quote_ident(current_database()) as database',
    )
    const grant = current.needs.replace('$role', here!.role).replace('$database', here!.database)
    throw new StartError(
      `The database role ${here!.role} may not make ${current.makes} (${error.message}): let the owner run \`${grant}\`, or connect as the owner.`,
      { cause: error },
    )
  }
}

/** In the order in which they must be taken. Pure. */
function missingSteps(catalogue: Catalogue, specs: readonly TableSpec[], schemas: readonly string[]): readonly Step[] {
  const existing = new Map(catalogue.tables.map((table) => [`${table.schema}.${table.name}`, table]))
  const schemaOf = new Map<string, string>()
  for (const { name, schema } of catalogue.tables.toReversed()) schemaOf.set(name, schema)
  for (const { name, schema } of specs) schemaOf.set(name, schema ?? schemaOf.get(name) ?? schemas[0]!)

  const plans = specs.map((spec): Plan => {
    const schema = schemaOf.get(spec.name)!
    const table = existing.get(`${schema}.${spec.name}`)
    const columns = Object.entries(spec.columns).flatMap(([name, column]): [string, OwnedColumn][] =>
      typeof column === 'string' ? [[name, { sql: column }]] : 'alias' in column ? [] : [[name, column]],
    )
    return {
      spec,
      schema,
      table,
      columns,
      path: `${quoteName(schema)}.${quoteName(spec.name)}`,
      fixed: spec.system === true && table !== undefined,
    }
  })
  const alterable = plans.filter(({ fixed }) => !fixed)
  const triggers = plans.flatMap(triggerSteps)
  return [
    ...(specs.some(({ schema }) => schema === ownSchema) && !catalogue.schemas.includes(ownSchema) ? [ownSchemaStep] : []),
    ...alterable.flatMap(columnSteps),
    ...alterable.flatMap(indexSteps),
    ...alterable.flatMap((plan) => foreignKeySteps(plan, schemaOf)),
    ...(triggers.length > 0 ? [raiseFunctionStep, ...triggers] : []),
  ]
}

interface Plan {
  readonly spec: TableSpec
  readonly schema: string
  readonly table: CatalogueTable | undefined
  readonly columns: readonly [name: string, column: OwnedColumn][]
  /** The table's name as statements hold it. */
  readonly path: string
  /** Nothing but triggers may be added. */
  readonly fixed: boolean
}

const ownSchemaStep: Step = {
  sql: `create schema ${quoteName(ownSchema)}`,
  makes: `the schema "${ownSchema}"`,
  needs: 'grant create on database $database to $role',
}
const raiseFunctionStep: Step = {
  sql: raiseFunction,
  makes: 'the function plinth.raise_version',
  needs: 'grant create on schema plinth to $role',
}

const list = (names: readonly string[]) => names.map(quoteName).join(', ')
const sameNames = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((name, i) => name === b[i])

/** The table, or the columns that it lacks. */
function columnSteps({ spec, schema, table, columns, path }: Plan): Step[] {
  const makes = `the table "${spec.name}"`
  if (!table) {
    const primaryKey = typeof spec.primaryKey === 'string' ? [spec.primaryKey] : spec.primaryKey
    const parts = [...columns.map(([name, { sql }]) => `${quoteName(name)} ${sql}`), `primary key (${list(primaryKey)})`]
    return [{ sql: `create table ${path} (${parts.join(', ')})`, makes, needs: `grant create on schema ${quoteName(schema)} to $role` }]
  }
  return columns
    .filter(([name]) => !table.columns.has(name))
    .map(([name, { sql }]) => ({
      sql: `alter table ${path} add column ${quoteName(name)} ${sql}`,
      makes: `the column "${name}" of ${makes}`,
      needs: ownership(path),
    }))
}

const ownership = (path: string) => `alter table ${path} owner to $role`

function indexSteps({ spec, table, path }: Plan): Step[] {
  const makes = `an index of the table "${spec.name}"`
  const lacks = (columns: readonly string[], unique: boolean) =>
    !table?.indexes.some((index) => index.unique === unique && sameNames(index.columns, columns))
  const name = (columns: readonly string[], kind: string) => quoteName([spec.name, ...columns, kind].join('_'))
  return [
    ...(spec.unique ?? [])
      .filter((columns) => lacks(columns, true))
      .map((columns) => `alter table ${path} add constraint ${name(columns, 'unique')} unique (${list(columns)})`),
    ...(spec.indexes ?? [])
      .filter((columns) => lacks(columns, false))
      .map((columns) => `create index ${name(columns, 'index')} on ${path} (${list(columns)})`),
  ].map((sql) => ({ sql, makes, needs: ownership(path) }))
}

/** Those whose target exists by now. */
function foreignKeySteps({ spec, table, columns, path }: Plan, schemaOf: ReadonlyMap<string, string>): Step[] {
  return columns.flatMap(([name, { references }]): Step[] => {
    const [, target, rest] = /^\s*"?([^\s"(]+)"?\s*(\(.*)$/s.exec(references ?? '') ?? []
    if (!target || !rest) return []
    const schema = schemaOf.get(target)
    if (!schema || table?.foreignKeys.some((key) => sameNames(key.columns, [name]) && key.table === target)) return []
    const targetPath = `${quoteName(schema)}.${quoteName(target)}`
    return [
      {
        sql: `alter table ${path} add constraint ${quoteName(`${spec.name}_${name}_foreign`)} foreign key (${quoteName(name)}) references ${targetPath} ${rest}`,
        makes: `the foreign key of "${name}" of the table "${spec.name}"`,
        needs: `grant references on ${targetPath} to $role`,
      },
    ]
  })
}

/** Also on a table that somebody else made: what it says must reach our caches. */
function triggerSteps({ spec, table, columns, path }: Plan): Step[] {
  if (!spec.raises) return []
  const has = table ? table.columns : new Map(columns)
  const { on } = spec.raises
  const wanted = raiseTriggers(path, { ...spec.raises, on: on === 'any' ? 'any' : on.filter((name) => has.has(name)) })
  if (wanted.every(({ name }) => table?.triggers.includes(name))) return []
  const outdated = (table?.triggers ?? []).map((name) => `drop trigger ${quoteName(name)} on ${path}`)
  return [
    {
      sql: [...outdated, ...wanted.map(({ sql }) => sql)].join(';\n'),
      makes: `triggers on the table "${spec.name}"`,
      needs: `grant trigger on ${path} to $role`,
    },
  ]
}
