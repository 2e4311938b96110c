/** A statement in the making: its text is written elsewhere, the names and numbers in it come from here. Pure. */
import { problems } from 'plinth'
import type { StoredBind } from '../permit/stored.ts'
import type { Slot } from '../plan.ts'
import type { CallerPart } from '../query.ts'

export interface Statement {
  readonly text: string
  /** What `$1`, `$2`… stand for, in order. */
  readonly binds: readonly Bind[]
  /** Values of the query, then those of the rules that it meets. */
  readonly slots: readonly Slot[]
}

export type Bind =
  | { readonly kind: 'slot'; readonly slot: number /** Which end of a range. */; readonly end?: 0 | 1 }
  | { readonly kind: 'offset' }
  /** How many rows a batch may have. */
  | { readonly kind: 'size' }
  /** What the last row of the batch before had in one of the keys of the order. */
  | { readonly kind: 'last'; readonly part: number }
  /** A column of the one key, or the list of that column's values in all keys. */
  | { readonly kind: 'key'; readonly part: number }
  | StoredBind
  /** Keys of the caller: one, or the list of them for roles and policies. */
  | { readonly kind: 'caller'; readonly of: CallerPart }
  /** The same for every request of this plan. */
  | { readonly kind: 'constant'; readonly value: string }

export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** What one statement is made of: names for its row sources, numbers for its parameters. */
export class Writer {
  readonly binds: Bind[] = []
  readonly slots: Slot[]
  readonly #added = new Map<readonly Slot[], number>()
  readonly #relations: number
  #followed = 0
  #aliases = 0
  readonly #places = new Map<string, number>()

  /** Whether keys are shown as text, and numbers as numbers. */
  readonly typed: boolean

  constructor(slots: readonly Slot[], relations: number, typed = false) {
    this.typed = typed
    this.slots = [...slots]
    this.#relations = relations
  }

  /** Adds the values of rules, once; answers the place of the first. */
  add(slots: readonly Slot[]): number {
    const place = this.#added.get(slots) ?? this.slots.push(...slots) - slots.length
    this.#added.set(slots, place)
    return place
  }

  done(text: string): Statement {
    return { text, binds: this.binds, slots: this.slots }
  }

  alias(): string {
    return `t${this.#aliases++}`
  }

  /** A row source for the rows that a relation leads to. */
  related(): string {
    if (++this.#followed > this.#relations) throw problems.INVALID_QUERY(`The query follows more than ${this.#relations} relations.`)
    return this.alias()
  }

  /** The placeholder for `bind`; the same bind keeps its number. */
  parameter(bind: Bind): string {
    const id = JSON.stringify(bind)
    let place = this.#places.get(id)
    if (place === undefined) {
      place = this.binds.push(bind)
      this.#places.set(id, place)
    }
    return `$${place}`
  }
}
