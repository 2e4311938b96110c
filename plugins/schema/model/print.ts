/** A model, with what else is asked for, as the document that is sent or written to a file. */
import { dump } from 'js-yaml'
import type { Snapshot } from 'plinth'
import { type Model, partOf, toldPart } from './document.ts'
import type { Exchange } from './exchange.ts'
import { type Extra, groups } from './extras.ts'

export interface Choice {
  readonly include?: readonly Extra[]
  /** Only these collections, or all but these. */
  readonly only?: readonly string[] | undefined
  readonly without?: readonly string[] | undefined
}

/** `include` is a member of it when it holds more than the format of the reference knows. */
export async function documentOf(exchange: Exchange, { tables }: Snapshot, { include = [], only, without }: Choice): Promise<object> {
  const all = exchange.model()
  const told = include.includes('untold') ? tablesOf(all, tables) : toldPart(all)
  const model = only
    ? partOf(told, (name) => only.includes(name), false)
    : without
      ? partOf(told, (name) => !without.includes(name), true)
      : told
  const asked = groups.filter((group) => include.includes(group))
  return include.length ? { ...model, include, ...(await exchange.configuration(asked)) } : model
}

/** Views are nothing that could be made elsewhere. */
function tablesOf(model: Model, tables: Snapshot['tables']): Model {
  const isTable = ({ collection }: { collection: string }) => (tables.get(collection)?.kind ?? 'table') === 'table'
  return {
    ...model,
    collections: model.collections.filter(isTable),
    fields: model.fields.filter(isTable),
    relations: model.relations.filter(isTable),
  }
}

export type Format = 'json' | 'yaml'

export const printed = (document: object, format: Format): string =>
  format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : dump(document, { noRefs: true, lineWidth: -1 })
