/** Types of collections: what may be read and written of them, how it is filtered, grouped and made. Built as they are asked for; none is built twice. */
import {
  GraphQLBoolean,
  type GraphQLFieldConfig,
  GraphQLFloat,
  GraphQLID,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  GraphQLString,
  GraphQLUnionType,
  getNullableType,
} from 'graphql'
import type { Field, Link, Table } from 'plinth'
import { aggregateFunctions, type Visible } from 'plinth/items'
import { means, plain } from './meaning.ts'
import { isSpelled, leftOut } from './names.ts'
import {
  bigIntOperators,
  booleanOperators,
  dateOperators,
  type FunctionKind,
  functionOperators,
  functionsOf,
  hashOperators,
  idOperators,
  jsonOperators,
  numberOperators,
  stringOperators,
} from './operators.ts'
import { BigIntType, DateType, HashType, JsonFilter, JsonType, StringOrFloat, VoidType } from './scalars.ts'

type Shown = GraphQLFieldConfig<unknown, unknown>

const nonNull = <T extends GraphQLOutputType & GraphQLInputType>(type: T, is: boolean) => (is ? new GraphQLNonNull(type) : type)

/** What a list takes, also below a relation. */
export const callArguments = {
  sort: new GraphQLList(GraphQLString),
  limit: GraphQLInt,
  offset: GraphQLInt,
  page: GraphQLInt,
  search: GraphQLString,
}

const certain = new GraphQLNonNull(GraphQLBoolean)
const pageInfo = new GraphQLObjectType({
  name: 'PageInfo',
  fields: Object.fromEntries(
    Object.entries({ hasNextPage: certain, hasPreviousPage: certain, startCursor: GraphQLString, endCursor: GraphQLString }).map(
      ([name, type]) => [name, { type, ...means({ kind: 'field', name }) }],
    ),
  ),
})

const functionTypes = Object.fromEntries(
  Object.entries(functionsOf).map(([kind, parts]) => [
    kind,
    new GraphQLObjectType({
      name: `${kind}_functions`,
      fields: Object.fromEntries(parts.map((fn) => [fn, { type: GraphQLInt, ...means({ kind: 'call', fn }) }])),
    }),
  ]),
) as Record<FunctionKind, GraphQLObjectType>

const kindOfFunctions: Readonly<Record<string, FunctionKind>> = {
  date: 'date',
  time: 'time',
  dateTime: 'datetime',
  timestamp: 'datetime',
  json: 'count',
}

/** Those of all schemas. */
export const sharedTypes: readonly GraphQLNamedType[] = [
  ...[
    GraphQLString,
    GraphQLInt,
    GraphQLFloat,
    GraphQLBoolean,
    GraphQLID,
    BigIntType,
    DateType,
    HashType,
    JsonType,
    JsonFilter,
    StringOrFloat,
    VoidType,
  ],
  ...[bigIntOperators, booleanOperators, dateOperators, hashOperators, idOperators, jsonOperators, numberOperators, stringOperators],
  ...Object.values(functionTypes),
  ...Object.values(functionOperators),
  pageInfo,
]

type Action = 'create' | 'update'
type PlainLink = Exclude<Link, { kind: 'm2a' }>

type Makers = readonly (readonly [form: RegExp, make: (types: Types, table: Table) => unknown])[]

export class Types {
  readonly #visible: Visible
  /** Types by name, so that each is made once. */
  readonly #made = new Map<string, GraphQLObjectType | GraphQLUnionType | GraphQLInputObjectType>()
  readonly #defined = new Set<string>()
  /** Name of a union → whose it is. */
  readonly #unions = new Map<string, string>()
  readonly #tables: ReadonlyMap<string, Table>
  /** Every table whose name GraphQL can spell: what may not be read may still be written. */
  readonly known: ReadonlyMap<string, Table>

  readonly #connections: boolean
  readonly #keyless: { has(name: string): boolean }
  #size = 0

  /** @param keyless Collections of which some rows have no key. */
  constructor(visible: Visible, connections: boolean, keyless: { has(name: string): boolean }) {
    this.#keyless = keyless
    this.#connections = connections
    this.#visible = visible
    const without = leftOut(visible.known, connections)
    const named = (tables: ReadonlyMap<string, Table>) => new Map([...tables].filter(([name]) => !without.has(name)))
    this.#tables = named(visible.tables)
    this.known = named(visible.known)
  }

  get tables(): ReadonlyMap<string, Table> {
    return this.#tables
  }

  #make<T extends GraphQLObjectType | GraphQLUnionType | GraphQLInputObjectType>(name: string, make: (name: string) => T): T {
    let type = this.#made.get(name) as T | undefined
    if (!type) {
      type = make(name)
      this.#made.set(name, type)
    }
    return type
  }

  #object(name: string, fields: () => Record<string, Shown>): GraphQLObjectType {
    return this.#make(name, () => new GraphQLObjectType({ name, fields: this.#counted(fields) }))
  }

  #inputObject(name: string, fields: () => Record<string, { type: GraphQLInputType }>): GraphQLInputObjectType {
    return this.#make(name, () => new GraphQLInputObjectType({ name, fields: this.#counted(fields) }))
  }

  #counted<F>(fields: () => F): () => F {
    return () => {
      this.#size++
      return fields()
    }
  }

  /** A type that is none of a collection. @throws Error when there is another one of that name. */
  define(type: GraphQLObjectType | GraphQLInputObjectType): void {
    if (this.#made.has(type.name)) throw new Error(`Type "${type.name}" of GraphQL is made twice`)
    this.#made.set(type.name, type)
    this.#defined.add(type.name)
  }

  /** What is written in a schema by name: a type that was defined, that of a collection's rows, or of what may be sent to it. */
  named(name: string): GraphQLObjectType | GraphQLUnionType | GraphQLInputObjectType | undefined {
    const known = this.#made.get(name)
    if (known) return known
    for (const [makers, tables] of [
      [Types.#seen, this.#tables],
      [Types.#written, this.known],
    ] as const) {
      for (const [form, make] of makers) {
        const table = tables.get(form.exec(name)?.[1] ?? '')
        if (table) make(this, table)
        const made = this.#made.get(name)
        if (made) return made
      }
    }
    const [, start] = /^(.+)_(?:func|union)$/.exec(name) ?? []
    if (start !== undefined) this.#rowsBefore(start)
    return this.#made.get(name)
  }

  /** How a type is made of which no more than the name is known. */
  static readonly #seen: Makers = [
    [/^(.+)$/, (types, table) => types.row(table)],
    [/^(.+)_filter$/, (types, table) => types.filter(table)],
    [/^(.+)_quantifier_filter$/, (types, table) => types.#quantified(table)],
    [/^(.+)_aggregated(?:_count|_fields)?$/, (types, table) => types.aggregated(table).getFields()],
    [/^version_(.+)$/, (types, table) => types.version(table)],
    [/^(.+)_(?:connection|edge)$/, (types, table) => types.#connections && types.connection(table).getFields()],
  ]
  static readonly #written: Makers = [
    [/^create_(.+)_input$/, (types, table) => types.input('create', table)],
    [/^update_(.+)_input$/, (types, table) => types.input('update', table)],
    [/^create_(.+)_nested_input$/, (types, table) => types.#nested('create', table)],
  ]

  /** Makes what is found with fields of rows. `start` is the name of a collection and one of its fields, which both may have underscores. */
  #rowsBefore(start: string): void {
    for (let end = start.indexOf('_'); end > 0; end = start.indexOf('_', end + 1)) {
      const table = this.#tables.get(start.slice(0, end))
      if (table?.fields.has(start.slice(end + 1))) this.row(table).getFields()
    }
  }

  /** How many have been made with all their fields. */
  get size(): number {
    return this.#size
  }

  /** Names that GraphQL can't spell are left out. */
  #fields(table: Table): Field[] {
    return [...table.fields.values()].filter(({ name, column }) => isSpelled(name) && (column !== null || table.links.has(name)))
  }

  /** A relation to one collection; nothing where that has a type of another making. */
  #plainLink(link: Link | undefined): PlainLink | undefined {
    return link && link.kind !== 'm2a' && !this.#defined.has(link.target) ? link : undefined
  }

  /** What a relation leads to. Where that, or the other side's field, may not be read, there is nothing, and the key is told. */
  #target(link: Link | undefined): Table | undefined {
    const plain = this.#plainLink(link)
    const target = plain && this.#tables.get(plain.target)
    return target && this.#leadsBack(plain, target.fields) ? target : undefined
  }

  /** Rows that cannot be told may be counted all the same. */
  #isCounted(link: Link | undefined): boolean {
    const plain = this.#plainLink(link)
    return plain?.kind === 'o2m' && this.#tables.has(plain.target)
  }

  /** Whether the field by which the other side has the relation, if it has one, is among these; null: among all. */
  #leadsBack({ kind, target, targetField, relation }: PlainLink, fields: { has(name: string): boolean } | null): boolean {
    const back = kind === 'o2m' ? targetField : relation.meta?.one_field
    return !fields || !back || fields.has(back) || !this.known.get(target)?.fields.has(back)
  }

  row(table: Table): GraphQLObjectType {
    return this.#object(table.name, () => Object.fromEntries(this.#fields(table).flatMap((field) => this.#shown(table, field))))
  }

  #shown(table: Table, field: Field): [string, Shown][] {
    const { name } = field
    const link = table.links.get(name)
    const target = this.#target(link)
    const functions = this.#functions(table, field)
    const beside: [string, Shown][] =
      functions && !table.fields.has(`${name}_func`) ? [[`${name}_func`, { type: functions, ...means({ kind: 'functions', name }) }]] : []
    if (link?.kind === 'm2a') {
      const type = this.#union(table, link)
      if (type) return [[name, { type, ...means({ kind: 'any', name }) }]]
    }
    if (target) {
      const type = link!.kind === 'o2m' ? new GraphQLList(this.row(target)) : this.row(target)
      return [[name, { type, args: this.arguments(target), ...means({ kind: 'related', name }) }], ...beside]
    }
    if (!field.column) return this.#isCounted(link) ? beside : []
    const certain = field.column.primaryKey
      ? !table.singleton && !this.#keyless.has(table.name)
      : isCertain(table, field) && !this.#visible.isPartial(table, name)
    return [[name, { type: nonNull(outputOf(field), certain), ...means({ kind: 'field', name }) }], ...beside]
  }

  /** A row as a version keeps it: nothing in it is certain, and relations are what was saved of them. */
  version(table: Table): GraphQLObjectType {
    const shown = (field: Field): [string, Shown] => {
      const type = table.links.has(field.name) && table.links.get(field.name)!.kind !== 'm2a' ? JsonType : outputOf(field)
      return [field.name, { type, ...plain }]
    }
    return this.#object(`version_${table.name}`, () => Object.fromEntries(this.#fields(table).map(shown)))
  }

  #functions(table: Table, field: Field): GraphQLObjectType | undefined {
    if (field.concealed) return undefined
    if (table.links.get(field.name)?.kind === 'o2m') return functionTypes.count
    if (field.type === 'json')
      return this.#object(`${table.name}_${field.name}_func`, () => ({
        count: { type: GraphQLInt, ...means({ kind: 'call', fn: 'count' }) },
        json: { type: JsonType, args: { path: { type: new GraphQLNonNull(GraphQLString) } }, ...means({ kind: 'call', fn: 'json' }) },
      }))
    const kind = kindOfFunctions[field.type]
    return kind && functionTypes[kind]
  }

  #union(table: Table, link: Extract<Link, { kind: 'm2a' }>): GraphQLUnionType | undefined {
    const targets = link.targets.flatMap((name) => this.#tables.get(name) ?? [])
    // A member that is not to be seen leaves the key alone, like any relation that is closed.
    const all = this.known.get(table.name)!.links.get(link.field) as typeof link
    if (!targets.length || targets.length < all.targets.length) return undefined
    const name = `${table.name}_${link.field}_union`
    const owner = `${table.name}.${link.field}`
    // Names run together: what another link's is called leaves the key alone, too.
    if ((this.#unions.get(name) ?? owner) !== owner) return undefined
    this.#unions.set(name, owner)
    return this.#make(name, () => new GraphQLUnionType({ name, types: () => targets.map((target) => this.row(target)) }))
  }

  arguments(table: Table) {
    return Object.fromEntries(
      Object.entries<GraphQLInputType>({ filter: this.filter(table), ...callArguments }).map(([name, type]) => [name, { type, ...plain }]),
    )
  }

  /** A page of rows, each with its place in the order (https://relay.dev/graphql/connections.htm). */
  connection(table: Table): GraphQLObjectType {
    const edge = this.#object(`${table.name}_edge`, () => ({
      cursor: { type: new GraphQLNonNull(GraphQLString), ...means({ kind: 'cursor' }) },
      node: { type: new GraphQLNonNull(this.row(table)), ...means({ kind: 'node' }) },
    }))
    return this.#object(`${table.name}_connection`, () => ({
      edges: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(edge))), ...means({ kind: 'edges' }) },
      pageInfo: { type: new GraphQLNonNull(pageInfo), ...means({ kind: 'page' }) },
      totalCount: { type: new GraphQLNonNull(GraphQLInt), ...means({ kind: 'total' }) },
    }))
  }

  filter(table: Table): GraphQLInputObjectType {
    return this.#inputObject(`${table.name}_filter`, () => this.#conditions(table))
  }

  /** For rows of which there are many. */
  #quantified(table: Table): GraphQLInputObjectType {
    const type = this.filter(table)
    const quantified = () => ({ ...this.#conditions(table), _some: { type, ...plain }, _none: { type, ...plain } })
    return this.#inputObject(`${table.name}_quantifier_filter`, quantified)
  }

  #conditions(table: Table): Record<string, { type: GraphQLInputType }> {
    const own = this.#fields(table).flatMap((field) => this.#condition(table, field))
    const group = { type: new GraphQLList(this.filter(table)), ...plain }
    return { ...Object.fromEntries(own), _and: group, _or: group }
  }

  #condition(table: Table, field: Field): [string, { type: GraphQLInputType }][] {
    const { name } = field
    const link = table.links.get(name)
    if (link?.kind === 'm2a')
      return link.targets.flatMap((scope) => {
        const target = this.#tables.get(scope)
        return target ? [[`${name}__${scope}`, { type: this.filter(target), ...means({ kind: 'field', name: `${name}:${scope}` }) }]] : []
      })
    const target = this.#target(link)
    const kind = link?.kind === 'o2m' ? 'count' : kindOfFunctions[field.type]
    const beside: [string, { type: GraphQLInputType }][] =
      kind && !field.concealed && !table.fields.has(`${name}_func`)
        ? [[`${name}_func`, { type: functionOperators[kind], ...means({ kind: 'functions', name }) }]]
        : []
    const type = target
      ? link!.kind === 'o2m'
        ? this.#quantified(target)
        : this.filter(target)
      : field.column
        ? operatorsOf(field)
        : undefined
    return type ? [[name, { type, ...plain }], ...beside] : this.#isCounted(link) ? beside : []
  }

  aggregated(table: Table): GraphQLObjectType {
    const values = (fields: readonly Field[], type: GraphQLScalarType) => () =>
      Object.fromEntries(fields.map(({ name }) => [name, { type, ...means({ kind: 'field', name }) }]))
    return this.#object(`${table.name}_aggregated`, () => {
      const counted = this.#fields(table).filter(({ concealed, column }) => column && !concealed)
      const numbers = counted.filter(({ type }) => ['integer', 'bigInteger', 'float', 'decimal'].includes(type))
      const counts = counted.length > 0 && this.#object(`${table.name}_aggregated_count`, values(counted, GraphQLInt))
      const sums = numbers.length > 0 && this.#object(`${table.name}_aggregated_fields`, values(numbers, GraphQLFloat))
      const call = (fn: string) => {
        const type = fn === 'countAll' ? GraphQLInt : fn.startsWith('count') ? counts : sums
        return type ? [[fn, { type, ...means({ kind: 'aggregate', fn }) }] as const] : []
      }
      return { group: { type: JsonType, ...means({ kind: 'group' }) }, ...Object.fromEntries(aggregateFunctions.flatMap(call)) }
    })
  }

  /** What may be sent; undefined where nothing may. */
  input(action: Action, table: Table): GraphQLInputObjectType | undefined {
    const writable = this.#visible.writable(action, table.name)
    if (!writable) return undefined
    return this.#inputObject(`${action}_${table.name}_input`, () => this.#inputs(action, writable.table, writable.fields))
  }

  #inputs(action: Action, table: Table, allowed: ReadonlySet<string> | null): Record<string, { type: GraphQLInputType }> {
    const fields = this.#fields(table).filter(({ name }) => !allowed || allowed.has(name))
    return Object.fromEntries(
      fields.flatMap((field) => {
        const type = this.#input(action, table, field)
        return type ? [[field.name, { type, ...plain }]] : []
      }),
    )
  }

  /** An item in another one: where it is named by its key alone, nothing else of it is required. */
  #nested(action: Action, table: Table): GraphQLInputObjectType | undefined {
    const whole = this.input(action, table)
    const writable = this.#visible.writable(action, table.name)
    if (!whole || !writable || action === 'update' || !this.#fields(writable.table).some((field) => isRequired(field))) return whole
    const loose = ([name, { type }]: [string, { type: GraphQLInputType }]) => [name, { type: getNullableType(type), ...plain }]
    return this.#inputObject(`create_${table.name}_nested_input`, () =>
      Object.fromEntries(Object.entries(this.#inputs(action, writable.table, writable.fields)).map(loose)),
    )
  }

  #input(action: Action, table: Table, field: Field): GraphQLInputType | undefined {
    const link = table.links.get(field.name)
    const plain = this.#plainLink(link)
    const target = plain && this.known.get(plain.target)
    const writable = target && this.#visible.writable(action, target.name)
    const item = writable && this.#leadsBack(plain!, writable.fields) ? this.#nested(action, target) : undefined
    // As the API has it where items may not be written: a text, which no list is.
    if (link?.kind === 'o2m') return item ? new GraphQLList(item) : target && GraphQLString
    const given = field.column
    if (!given || given.generated !== null) return undefined
    const type = item ?? (field.column!.primaryKey ? GraphQLID : outputOf(field))
    return nonNull(type as never, action === 'create' && isRequired(field) && !item)
  }
}

/** Whether a new row needs a value from whoever makes it. */
const isRequired = (field: Field): boolean =>
  field.column !== null &&
  !(field.column.nullable || field.column.default !== null || field.column.autoIncrement || field.column.generated !== null) &&
  !isFilled(field)

/** Whether the server gives new rows a value. */
const isFilled = ({ special }: Field): boolean => special.some((one) => /^uuid$|-created$/.test(one))

/** Whether the API promises a value: not for what is filled in, unless it is false, 0 or empty. A singleton that has not been saved has its defaults alone. */
function isCertain({ singleton }: Table, field: Field): boolean {
  const { nullable, default: otherwise } = field.column!
  return !nullable && !isFilled(field) && (otherwise === null ? !singleton : isNothing(otherwise))
}

/** Of a default as PostgreSQL prints it: `false`, `0`, `'0'::bigint`, `''::text`. */
const isNothing = (expression: string): boolean =>
  /^(false|\(?-?0(\.0+)?\)?(::.*)?|'0(\.0+)?'::(bigint|numeric|double|real|smallint).*|''::.*)$/.test(expression)

/** The scalar, or list of scalars, that a column is shown as. */
function outputOf({ type, special, column, concealed }: Field): GraphQLOutputType & GraphQLInputType {
  if (column!.primaryKey) return GraphQLID
  if (concealed || special.includes('hash') || type === 'hash') return HashType
  if (column!.array) return JsonType
  switch (type) {
    case 'integer':
      return GraphQLInt
    case 'bigInteger':
      return BigIntType
    case 'float':
    case 'decimal':
      return GraphQLFloat
    case 'boolean':
      return GraphQLBoolean
    case 'date':
    case 'time':
    case 'dateTime':
    case 'timestamp':
      return DateType
    case 'json':
    case 'binary':
      return JsonType
    case 'csv':
      return new GraphQLList(GraphQLString)
    case 'uuid':
      return GraphQLID
    default:
      return type.startsWith('geometry') ? JsonType : GraphQLString
  }
}

function operatorsOf({ type, special, concealed }: Field): GraphQLInputObjectType {
  if (concealed || special.includes('hash')) return hashOperators
  switch (type) {
    case 'integer':
    case 'float':
    case 'decimal':
      return numberOperators
    case 'bigInteger':
      return bigIntOperators
    case 'boolean':
      return booleanOperators
    case 'date':
    case 'time':
    case 'dateTime':
    case 'timestamp':
      return dateOperators
    case 'json':
      return jsonOperators
    case 'uuid':
      return idOperators
    default:
      return stringOperators
  }
}
