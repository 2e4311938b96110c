/** Where our tables are, for statements of our own. */
import { quoteName, type Snapshot } from 'plinth'

export function pathOf(snapshot: Snapshot, name: string): string {
  const { schema } = snapshot.tables.get(name)!
  return `${quoteName(schema)}.${quoteName(name)}`
}
