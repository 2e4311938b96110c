/** Tables of plugins, made in a test's database without a kernel. */
import type { Catalogue, Database, TableSpec } from 'plinth'
import { createLog, type Log } from '../kernel/log.ts'
import { introspect } from '../plugins/model/introspect.ts'
import { createMissingTables } from '../plugins/tables/make.ts'

export interface MakeOptions {
  readonly schemas?: readonly string[]
  /** Default: what is there. */
  readonly catalogue?: Catalogue
  readonly log?: Log
}

/** Answers whether the catalogue is out of date. */
export async function makeTables(db: Database, specs: readonly TableSpec[], options: MakeOptions = {}): Promise<boolean> {
  const { schemas = ['public'], log = createLog('silent', () => {}) } = options
  const read = (queryable: Parameters<typeof introspect>[0]) => introspect(queryable, schemas)
  return createMissingTables({ db, catalogue: options.catalogue ?? (await read(db)), introspect: read, specs, schemas, log })
}
