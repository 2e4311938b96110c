/** What other plugins may import of modelling, as `plinth/schema`. */
import { type Queryable, service } from 'plinth'

export interface Modelling {
  /** Creates a collection with its fields, as POST /collections does, inside the given transaction. */
  createCollection(definition: Readonly<Record<string, unknown>>, db: Queryable): Promise<void>
}

export const modelling = service<Modelling>('schema')
