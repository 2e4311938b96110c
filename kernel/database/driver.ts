/** What a database's driver is made of, for a plugin that brings one. Imported as `plinth/driver`. */
export { createPool, type PoolOptions, type Session } from './pool.ts'
export { createUserTypes, type Parser, parsers, toText } from './values.ts'
