/** What other plugins may import of modelling, as `plinth/schema`. */
import { service, type Transaction } from 'plinth'
import type { Exchange } from './model/exchange.ts'

export interface Modelling {
  /** The model as a document: what /schema serves. */
  exchange(): Promise<Exchange>
  /** Creates a collection with its fields, as POST /collections does, inside the given transaction. Served once that has committed and the registry reloaded. */
  createCollection(definition: Readonly<Record<string, unknown>>, db: Transaction): Promise<void>
}

export const modelling = service<Modelling>('schema')
