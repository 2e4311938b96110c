/** Plinth's public face: all that a plugin's author, or a program that embeds the kernel, needs. Imported as `plinth`. */
export { addressList, canonicalAddress, isAddressEntry } from './address.ts'
export { readJson, readText } from './body.ts'
export { type ConfigFile, defineConfig, type Environment, env, isObject, type KernelConfig, StartError } from './config.ts'
export * from './context.ts'
export {
  arrayLiteral,
  type Database,
  DatabaseError,
  type Parameter,
  type Queryable,
  quoteName,
  type Transaction,
} from './database/database.ts'
export { createKernel, type Kernel, type KernelOptions, type PluginReport, points } from './kernel.ts'
export type { Log } from './log.ts'
export * from './plugin.ts'
export { defineProblems, Problem, problems } from './problem.ts'
export { randomText } from './random.ts'
export { type Memory, remember } from './remember.ts'
export type { Catalogue, CatalogueTable } from './schema/introspect.ts'
export type { Registry } from './schema/registry.ts'
export type * from './schema/snapshot.ts'
export type { OwnedField, TableSpec } from './schema/tables.ts'
