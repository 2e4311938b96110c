/** Makes the tables that plugins own, and what later versions add to them: once, however many processes start, and nothing that is there is touched. */
import {
  type Catalogue,
  type CatalogueTable,
  DatabaseError,
  type OwnedColumn,
  quoteName,
  quoteTable,
  StartError,
  type TableMaker,
  type TableSpec,
} from 'plinth'
import { raiseFunction, raiseTriggers } from './triggers.ts'

/** Our own PostgreSQL schema. */
const ownSchema = 'plinth'

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
export const createMissingTables: TableMaker = async ({ db, catalogue, introspect, specs, schemas, log }) => {
  if (missingSteps(catalogue, specs, schemas).length === 0) return false
  let current: Step | undefined
  try {
    const made = await db.transaction(async (transaction) => {
      await transaction.text('select pg_advisory_xact_lock($1)', [lockKey])
      const steps = missingSteps(await introspect(transaction), specs, schemas)
      // In one message: that takes a fifth of the time. Which step is refused, if any, shows when they are taken one by one.
      await transaction
        .savepoint(() => transaction.execute(steps.map(({ sql }) => sql).join(';\n')))
        .catch(async (error) => {
          if (isRefusal(error)) for (current of steps) await transaction.execute(current.sql)
          throw error
        })
      return steps.map(({ makes }) => makes)
    })
    if (made.length > 0) log.info(`made ${made.length} things that the database lacked`)
    if (made.length > 0) log.debug('made what the database lacked', { made })
    return true
  } catch (error) {
    if (!isRefusal(error) || !current) throw error
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

const isRefusal = (error: unknown): error is DatabaseError => error instanceof DatabaseError && error.state === '42501'

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
      path: quoteTable({ schema, name: spec.name }),
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
    ...functionSteps(catalogue, specs),
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

const functionSteps = (catalogue: Catalogue, specs: readonly TableSpec[]): Step[] =>
  specs
    .flatMap(({ functions = [] }) => functions)
    .filter(({ name }) => !catalogue.functions.includes(name))
    .map(({ name, sql }) => ({ sql, makes: `the function ${ownSchema}.${name}`, needs: `grant create on schema ${ownSchema} to $role` }))

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
    ...(spec.indexes ?? []).flatMap((of) => {
      if (typeof of === 'string') return table ? [] : `create index on ${path} (${of})`
      return lacks(of, false) ? `create index ${name(of, 'index')} on ${path} (${list(of)})` : []
    }),
  ].map((sql) => ({ sql, makes, needs: ownership(path) }))
}

/** Those whose target exists by now. */
function foreignKeySteps({ spec, table, columns, path }: Plan, schemaOf: ReadonlyMap<string, string>): Step[] {
  return columns.flatMap(([name, { references }]): Step[] => {
    const [, target, rest] = /^\s*"?([^\s"(]+)"?\s*(\(.*)$/s.exec(references ?? '') ?? []
    if (!target || !rest) return []
    const schema = schemaOf.get(target)
    if (!schema || table?.foreignKeys.some((key) => sameNames(key.columns, [name]) && key.table === target)) return []
    const targetPath = quoteTable({ schema, name: target })
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
