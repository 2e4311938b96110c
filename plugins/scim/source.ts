/** Resources as SQL tells them: what their attributes are made of, lists of them in one statement, filters as conditions. Every value is a parameter. */
import type { Parameter } from 'plinth'
import { type Bound, isOrder, type Place } from './places.ts'
import type { Shape } from './schemas.ts'

export type Resource = Record<string, unknown>

/** Adds a parameter, answers what stands for it. */
export type Bind = (value: Parameter) => string

/** Values of an attribute that has several. */
export interface Elements {
  /** What follows FROM, a WHERE with the tie to the row included. */
  readonly from: string
  /** The value that counts most comes first. */
  readonly order: string
  /** A part of a value as text. */
  text(sub: string): string
}

export interface Source {
  readonly shape: Shape
  /** Tables, the first of them the one whose rows are resources. */
  from(bind: Bind): string
  /** The key, a UUID. */
  readonly key: string
  /** SQL of attributes as text, by dotted name. */
  readonly columns: Readonly<Record<string, string>>
  /** SQL of attributes as JSON, by name. */
  readonly json: Readonly<Record<string, string>>
  readonly elements: Readonly<Record<string, Elements>>
  /** SQL of the JSON that holds what else there is. */
  readonly kept: string
  /** The resource as JSON; with `wide` what costs most is part of it. */
  doc(wide: boolean): string
  /** Joined for `doc(true)`, to the rows whose keys `page` holds. */
  readonly join: string
}

export interface Wanted {
  readonly filter?: Bound
  readonly key?: string
  readonly sortBy?: Place
  readonly descending?: boolean
  /** Rows left out, rows at most. */
  readonly offset?: number
  readonly limit: number
  /** The page begins after the resource of this key. */
  readonly after?: string
  readonly wide: boolean
}

export interface Statement {
  readonly text: string
  readonly parameters: readonly Parameter[]
}

/** Answers one row: `total`, `docs` of the page in order, and whether what it begins after is `lost`: where a list is sorted, only a row that is there has a place. */
export function listStatement(source: Source, wanted: Wanted): Statement {
  const parameters: Parameter[] = []
  const bind: Bind = (value) => `$${parameters.push(value)}`
  const from = source.from(bind)
  const conditions = [
    ...(wanted.key === undefined ? [] : [`${source.key} = ${bind(wanted.key)}::uuid`]),
    ...(wanted.filter ? [conditionOf(source, wanted.filter, bind)] : []),
  ]
  const where = conditions.length ? ` where ${conditions.join(' and ')}` : ''
  const order = wanted.sortBy ? `${sortOf(source, wanted.sortBy)} ${wanted.descending ? 'desc nulls first' : 'asc nulls last'}, ` : ''
  const rows = `from ${from}${where}`
  const bounds = `limit ${bind(wanted.limit)}::bigint offset ${bind(wanted.offset ?? 0)}::bigint`
  const place = (after: string) => (wanted.sortBy ? `n > (select n from matched where key = ${after})` : `key > ${after}`)
  const after = wanted.after === undefined ? undefined : `${bind(wanted.after)}::uuid`
  const lost = wanted.sortBy && after ? `not exists (select from matched where key = ${after})` : 'false'
  // A filter is applied once, to all; without one a page need not look at the rest.
  const pages =
    wanted.filter || after
      ? `matched as materialized (select ${source.key} as key, row_number() over (order by ${order}${source.key}) as n ${rows}),
  page as materialized (select key, n from matched${after ? ` where ${place(after)}` : ''} order by n ${bounds})
select (select count(*)::int from matched)`
      : `page as materialized (select key, row_number() over () as n from (select ${source.key} as key ${rows} order by ${order}${source.key} ${bounds}) p)
select (select count(*)::int ${rows})`
  const docs = `select coalesce(json_agg(${source.doc(wanted.wide)} order by page.n), '[]')
  from page join (${from}) on ${source.key} = page.key${wanted.wide ? source.join : ''}`
  const text = `with ${pages} as total, (${docs}) as docs, ${lost} as lost`
  return { text, parameters }
}

const path = (keys: readonly string[]) => keys.map((key) => `->'${key}'`).join('')

/** JSON of an attribute, or of an extension as a whole. Names come from our schemas. */
const jsonOf = (source: Source, { at }: Place): string => source.json[at[0]!] ?? `${source.kept}${path(at)}`

function textOf(source: Source, { at, sub }: Place): string {
  const keys = sub ? [...at, sub.name] : at
  const column = source.columns[keys.join('.')]
  if (column) return column
  const json = source.json[at[0]!]
  return json && sub ? `(${json}->>'${sub.name}')` : `(${source.kept}${path(keys.slice(0, -1))}->>'${keys.at(-1)}')`
}

function elementsOf(source: Source, place: Place): Elements {
  const known = source.elements[place.at[0]!]
  if (known) return known
  const json = jsonOf(source, place)
  return {
    from: `jsonb_array_elements(case jsonb_typeof(${json}) when 'array' then ${json} end) with ordinality e(v, at) where true`,
    order: `(v->>'primary') is distinct from 'true', at`,
    text: (sub) => `(v->>'${sub}')`,
  }
}

/** Upper and lower case are the same in every script, whatever the database was made with; for what is compared with ASCII its own will do, which is quicker. */
export const folded = (text: string, ascii = false) => `lower((${text}) collate "${ascii ? 'C' : 'und-x-icu'}")`

export const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/** Of several values the preferred one counts, else the first. */
function sortOf(source: Source, place: Place): string {
  const caseExact = (place.sub ?? place.attribute)!.caseExact
  const elements = place.attribute?.multiValued ? elementsOf(source, place) : undefined
  const text = elements
    ? `(select ${elements.text(place.sub?.name ?? 'value')} from ${elements.from} order by ${elements.order} limit 1)`
    : textOf(source, place)
  return caseExact ? `(${text}) collate "C"` : `${folded(text)} collate "C"`
}

/** Where a filter may be negated what is unknown counts as false; elsewhere it need not, and indexes can be used. */
interface Around {
  readonly element?: Elements
  readonly negated?: boolean
}

export function conditionOf(source: Source, filter: Bound, bind: Bind, around: Around = {}): string {
  const { element, negated } = around
  const deeper = (one: Bound) => conditionOf(source, one, bind, around)
  const not = (one: Bound) => `not ${conditionOf(source, one, bind, { element, negated: true })}`
  switch (filter.op) {
    case 'and':
    case 'or':
      return `(${filter.of.map(deeper).join(` ${filter.op} `)})`
    case 'not':
      return not(filter.of)
    case 'never':
      return 'false'
    case 'has':
      return manifold(source, filter, bind, negated)
    case 'pr':
      return present(source, filter.place, element)
    case 'ne':
      return not({ ...filter, op: 'eq' })
    default:
  }
  const { place, value } = filter
  if (value === null) return `not ${present(source, place, element)}`
  const test = (text: string) => (negated ? `coalesce(${compared(text, filter, bind)}, false)` : `(${compared(text, filter, bind)})`)
  if (element) return test(element.text(place.at[0]!))
  if (!place.attribute?.multiValued) return test(textOf(source, place))
  const { from, text } = elementsOf(source, place)
  return `exists (select from ${from} and ${test(text(place.sub?.name ?? 'value'))})`
}

/** Some value of an attribute fulfils `of`; of an attribute with one value that one does. */
function manifold(source: Source, { place, of }: Extract<Bound, { op: 'has' }>, bind: Bind, negated: boolean | undefined): string {
  if (place.attribute?.multiValued) {
    const elements = elementsOf(source, place)
    return `exists (select from ${elements.from} and ${conditionOf(source, of, bind, { element: elements })})`
  }
  const one: Elements = {
    from: '',
    order: '',
    text: (sub) => textOf(source, { ...place, sub: place.attribute!.subAttributes!.find(({ name }) => name === sub) }),
  }
  return `(${present(source, place, undefined)} and ${conditionOf(source, of, bind, { element: one, negated })})`
}

function present(source: Source, place: Place, element: Elements | undefined): string {
  if (element) return `coalesce(${element.text(place.at[0]!)} <> '', false)`
  const { attribute, sub } = place
  if (attribute?.multiValued) {
    const { from, text } = elementsOf(source, place)
    return `exists (select from ${from}${sub ? ` and ${text(sub.name)} <> ''` : ''})`
  }
  const whole = !sub && (!attribute || attribute.type === 'complex')
  return whole ? `coalesce(${jsonOf(source, place)} <> '{}', false)` : `coalesce(${textOf(source, place)} <> '', false)`
}

const signs = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const

function compared(text: string, { op, value, caseExact }: Extract<Bound, { value: unknown }>, bind: Bind): string {
  const exact = caseExact || typeof value === 'boolean'
  const left = exact ? `(${text})` : folded(text, !isOrder(op) && isAscii(String(value)))
  const right = `${bind(exact ? String(value) : String(value).toLowerCase())}::text`
  if (op === 'co') return `position(${right} in ${left}) > 0`
  if (op === 'sw') return `starts_with(${left}, ${right})`
  if (op === 'ew') return `right(${left}, length(${right})) = ${right}`
  return `${left} collate "C" ${signs[op as keyof typeof signs]} ${right}`
}
