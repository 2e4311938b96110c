/** Fields that are written and never read back: plain values become hashes, the mask that reads answer with changes nothing. */
import type { Table } from 'plinth'
import type { Item } from 'plinth/items'

const mask = '**********'

/** Changes `row`: values of fields with the special `hash` to their hash, an empty one to null; drops masks that came back. */
export async function sealSecrets(table: Table, row: Item, hash: (text: string) => Promise<string>): Promise<void> {
  for (const { name, special, concealed } of table.fields.values()) {
    const value = row[name]
    if (value === undefined || value === null) continue
    if (concealed && value === mask) delete row[name]
    else if (special.includes('hash'))
      row[name] = value === '' ? null : await hash(typeof value === 'string' ? value : JSON.stringify(value))
  }
}
