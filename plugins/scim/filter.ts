/** Filters (RFC 7644 §3.4.2.2) and paths (§3.5.2): text → tree, recursive descent over words, bounded. Pure. */
import { scimProblems } from './problems.ts'

export const comparisons = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const
export type Comparison = (typeof comparisons)[number]
export type Literal = string | number | boolean | null

/** As it was written: names are not looked up yet. */
export type Filter =
  | { readonly op: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly op: 'not'; readonly of: Filter }
  | { readonly op: 'has'; readonly name: string; readonly of: Filter }
  | { readonly op: 'pr'; readonly name: string }
  | { readonly op: Comparison; readonly name: string; readonly value: Literal }

/** `emails[type eq "work"].value`: its parts. */
export interface WrittenPath {
  readonly name: string
  readonly filter: Filter | null
  readonly sub: string | null
}

/** Characters, conditions, levels of brackets. */
const bounds = { length: 10_000, conditions: 200, depth: 30 }

const wordForm = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+))/y

const wrong = (reason: string) => scimProblems.SCIM_INVALID_FILTER(reason)

class Parser {
  readonly #words: readonly string[]
  #at = 0
  #conditions = 0
  #depth = 0

  constructor(text: string) {
    if (text.length > bounds.length) throw wrong(`It is longer than ${bounds.length} characters.`)
    this.#words = wordsOf(text)
  }

  whole(): Filter {
    const filter = this.#or()
    if (this.#at < this.#words.length) throw wrong(`"${this.#words[this.#at]}" is not expected there.`)
    return filter
  }

  path(): WrittenPath {
    const name = this.#name()
    let filter: Filter | null = null
    let sub: string | null = null
    if (this.#take('[')) {
      filter = this.#or()
      this.#expect(']')
      const rest = this.#next()
      if (rest !== undefined && !/^\.[$\w-]+$/.test(rest)) throw wrong(`"${rest}" is not expected there.`)
      sub = rest?.slice(1) ?? null
    }
    if (this.#at < this.#words.length) throw wrong(`"${this.#words[this.#at]}" is not expected there.`)
    return { name, filter, sub }
  }

  #or(): Filter {
    return this.#list('or', () => this.#list('and', () => this.#one()))
  }

  #list(op: 'and' | 'or', part: () => Filter): Filter {
    const of = [part()]
    while (this.#take(op)) of.push(part())
    return of.length === 1 ? of[0]! : { op, of }
  }

  #one(): Filter {
    if (this.#words[this.#at]?.toLowerCase() === 'not' && this.#words[this.#at + 1] === '(') {
      this.#at++
      return { op: 'not', of: this.#group() }
    }
    if (this.#words[this.#at] === '(') return this.#group()
    const name = this.#name()
    if (this.#take('[')) {
      const of = this.#deeper(() => this.#or())
      this.#expect(']')
      // `emails[type eq "work"].value eq "…"`: of the same value.
      const sub = this.#words[this.#at]?.startsWith('.') ? this.#next()!.slice(1) : undefined
      return { op: 'has', name, of: sub === undefined ? of : { op: 'and', of: [of, this.#condition(sub)] } }
    }
    return this.#condition(name)
  }

  #condition(name: string): Filter {
    if (++this.#conditions > bounds.conditions) throw wrong(`It has more than ${bounds.conditions} conditions.`)
    const written = this.#next() ?? ''
    const op = written.toLowerCase()
    if (op === 'pr') return { op, name }
    const comparison = comparisons.find((known) => known === op)
    if (!comparison) throw wrong(`There is no operator "${written}".`)
    return { op: comparison, name, value: this.#literal() }
  }

  #group(): Filter {
    this.#expect('(')
    const filter = this.#deeper(() => this.#or())
    this.#expect(')')
    return filter
  }

  #deeper(part: () => Filter): Filter {
    if (++this.#depth > bounds.depth) throw wrong(`It is nested deeper than ${bounds.depth} levels.`)
    const filter = part()
    this.#depth--
    return filter
  }

  #name(): string {
    const word = this.#next() ?? ''
    if (!/^[a-z$][\w$:.-]*$/i.test(word)) throw wrong(word ? `"${word}" is no attribute.` : 'An attribute is missing.')
    return word
  }

  #literal(): Literal {
    const word = this.#next()
    if (word === undefined) throw wrong('A value is missing.')
    const known = /^(true|false|null)$/i.test(word) ? word.toLowerCase() : word
    let value: unknown
    try {
      value = JSON.parse(known)
    } catch (cause) {
      throw scimProblems.SCIM_INVALID_FILTER(`${word} is no value: text stands in double quotes.`, {}, cause)
    }
    if (typeof value === 'object' && value !== null) throw wrong(`${word} is no value.`)
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) throw wrong('A value holds what no text may hold.')
    return value as Literal
  }

  #next(): string | undefined {
    return this.#words[this.#at++]
  }

  #take(word: string): boolean {
    if (this.#words[this.#at]?.toLowerCase() !== word) return false
    this.#at++
    return true
  }

  #expect(word: string): void {
    if (!this.#take(word)) throw wrong(`"${word}" is missing.`)
  }
}

function wordsOf(text: string): string[] {
  const words: string[] = []
  const end = text.trimEnd().length
  wordForm.lastIndex = 0
  while (wordForm.lastIndex < end) {
    const from = wordForm.lastIndex
    const found = wordForm.exec(text)
    if (!found) throw wrong(`It cannot be read from character ${from + 1} on.`)
    words.push(found[1] ?? found[2] ?? found[3]!)
  }
  return words
}

/** @throws SCIM_INVALID_FILTER */
export const parseFilter = (text: string): Filter => new Parser(text).whole()

/** @throws SCIM_INVALID_FILTER for a filter in it, else SCIM_INVALID_PATH */
export function parsePath(text: string): WrittenPath {
  if (!text.includes('[') && !/^\s*[a-z$][\w$:.-]*\s*$/i.test(text))
    throw scimProblems.SCIM_INVALID_PATH(`"${text.slice(0, 100)}" is none.`)
  return new Parser(text).path()
}
