/** Catalogue and meta tables in, tables with fields and links out. */
import type { Modeller } from 'plinth'
import { buildModel } from './build.ts'
import { parseMeta, readMeta } from './meta.ts'

export const modeller: Modeller = {
  read: readMeta,
  build: (catalogue, text, specs) => buildModel(catalogue, parseMeta(text), specs),
}
