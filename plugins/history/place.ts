/** Where our tables are, for statements of our own. */
import { quoteTable, type Snapshot } from 'plinth'

export const pathOf = (snapshot: Snapshot, name: string): string => quoteTable(snapshot.tables.get(name)!)
