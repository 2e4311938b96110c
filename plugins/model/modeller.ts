/** Catalogue and meta tables in, tables with fields and links out. */
import type { Modeller, Reading } from 'plinth'
import { buildModel } from './build.ts'
import { ownSchema, parseCatalogue, readCatalogue } from './introspect.ts'
import { parseMeta, readMeta } from './meta.ts'

/** With the texts that both came as: equal texts give an equal model. */
interface TextReading extends Reading {
  readonly text: string
  readonly meta: string
}

export const modeller: Modeller<TextReading> = {
  async read(db, schemas, before) {
    const text = await readCatalogue(db, schemas)
    const catalogue = text === before?.text ? before.catalogue : parseCatalogue(text)
    const meta = await readMeta(db, catalogue)
    return before && catalogue === before.catalogue && meta === before.meta ? before : { text, meta, catalogue }
  },
  build({ catalogue, meta }, specs) {
    const tables = catalogue.tables.filter(({ schema }) => schema !== ownSchema)
    return buildModel({ ...catalogue, tables }, parseMeta(meta), specs)
  },
}
