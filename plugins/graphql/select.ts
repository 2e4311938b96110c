/** From what a document selects of a type to what the data engine reads, and from filters as GraphQL spells them to those of the API. Pure. */
import {
  type FieldNode,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLUnionType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isObjectType,
} from 'graphql'
import { isObject, problems } from 'plinth'
import type { Selected } from 'plinth/items'
import { argumentsOf } from './arguments.ts'
import { collectFields, type Document } from './collect.ts'
import { meaningOf } from './meaning.ts'

type Args = Readonly<Record<string, unknown>>

/** What the nodes, all under one key, select of rows of `type`. */
export function selectionOf(document: Document, type: GraphQLOutputType, nodes: readonly FieldNode[]): Selected[] {
  const row = getNamedType(type)
  return isObjectType(row) ? selectFields(document, row, nodes) : []
}

function selectFields(document: Document, type: GraphQLObjectType, nodes: readonly FieldNode[]): Selected[] {
  const fields = collectFields(document, setsOf(nodes), (name) => name === type.name)
  return [...fields].flatMap(([key, own]) => select(document, type, key, own))
}

const setsOf = (nodes: readonly FieldNode[]) => nodes.map(({ selectionSet }) => selectionSet)

function select(document: Document, type: GraphQLObjectType, key: string, nodes: readonly FieldNode[]): Selected[] {
  const [node] = nodes as [FieldNode]
  const name = node.name.value
  if (name === '__typename') return [{ kind: 'constant', key, value: type.name }]
  const field = type.getFields()[name]!
  const meaning = meaningOf(field)
  switch (meaning?.kind) {
    case 'field':
      return [{ kind: 'field', key, name: meaning.name }]
    case 'functions': {
      const calls = collectFields(document, setsOf(nodes), () => true)
      return [{ kind: 'object', key, of: [...calls].map(([called, own]) => call(document, field.type, meaning.name, called, own[0]!)) }]
    }
    case 'related': {
      const args: Args = argumentsOf(document, field, node)
      return [
        {
          kind: 'related',
          key,
          name: meaning.name,
          query: relatedQuery(args, filterTypeOf(field)),
          of: selectionOf(document, field.type, nodes),
        },
      ]
    }
    case 'any': {
      const members = (getNamedType(field.type) as GraphQLUnionType).getTypes()
      return [
        {
          kind: 'any',
          key,
          name: meaning.name,
          of: Object.fromEntries(members.map((one) => [one.name, selectFields(document, one, nodes)])),
        },
      ]
    }
    case 'group':
      return [{ kind: 'group', key }]
    case 'aggregate': {
      const of = selectionOf(document, field.type, nodes)
      return [{ kind: 'aggregate', key, fn: meaning.fn, of: of.length ? of : null }]
    }
    case 'node':
      return [{ kind: 'object', key, of: selectionOf(document, field.type, nodes) }]
    case 'edges':
    case 'page':
      return [{ kind: meaning.kind, key, of: selectionOf(document, field.type, nodes) }]
    case 'total':
    case 'cursor':
      return [{ kind: meaning.kind, key }]
    default:
      throw new Error(`Field "${type.name}.${name}" stands for nothing that can be read`)
  }
}

function call(document: Document, type: GraphQLOutputType, name: string, key: string, node: FieldNode): Selected {
  const functions = getNamedType(type) as GraphQLObjectType
  const fn = node.name.value
  if (fn === '__typename') return { kind: 'constant', key, value: functions.name }
  const { path }: Args = argumentsOf(document, functions.getFields()[fn]!, node)
  return { kind: 'field', key, name: path === undefined ? `${fn}(${name})` : `${fn}(${name}, ${path})` }
}

const filterTypeOf = ({ args }: { readonly args: readonly { readonly name: string; readonly type: GraphQLInputType }[] }) =>
  args.find(({ name }) => name === 'filter')?.type

const relatedQuery = (args: Args, filterType: GraphQLInputType | undefined): Args =>
  Object.fromEntries(Object.entries(queryOf(args, filterType)).map(([name, value]) => [`_${name}`, value]))

/** The arguments of a list as the API's query has them; what is null says nothing. */
export function queryOf(args: Args, filterType: GraphQLInputType | undefined): Record<string, unknown> {
  const query: Record<string, unknown> = Object.create(null)
  for (const name of ['filter', 'sort', 'limit', 'offset', 'page', 'search', 'groupBy']) {
    const value = args[name]
    if (value === undefined || value === null) continue
    if (name === 'filter' && filterType) query[name] = toFilter(value, getNamedType(filterType) as GraphQLInputObjectType)
    else query[name] = name === 'sort' ? sortOf(value as readonly (string | null)[]) : value
  }
  return query
}

/** One text may name several keys, as REST has it. */
const sortOf = (keys: readonly (string | null)[]) => (keys.length === 1 ? (keys[0] ?? keys) : keys.map((key) => key?.trim() ?? key))

/** `published_func: { year: … }` → `year(published)`, `item__pages` → `item:pages`. */
function toFilter(value: unknown, type: GraphQLInputType): unknown {
  const inner = getNullableType(type)
  if (isListType(inner)) return Array.isArray(value) ? value.map((one) => toFilter(one, inner.ofType)) : toFilter(value, inner.ofType)
  if (!isInputObjectType(inner) || !isObject(value)) return value
  const fields = inner.getFields()
  const said: Record<string, unknown> = Object.create(null)
  for (const [name, below] of Object.entries(value)) {
    const field = fields[name]!
    const meaning = meaningOf(field)
    if (meaning?.kind === 'functions') {
      if (!isObject(below)) throw problems.INVALID_QUERY(`"filter": "${name}" says nothing.`)
      for (const [fn, condition] of Object.entries(below)) said[`${fn}(${meaning.name})`] = condition
    } else said[meaning?.kind === 'field' ? meaning.name : name] = toFilter(below, field.type)
  }
  return said
}

/** What grouping needs beside the groups: the functions that are selected; the number of rows where none is, so that it stays a group. */
export function aggregatesIn(selected: readonly Selected[]): Record<string, string[]> {
  const aggregates: Record<string, string[]> = {}
  for (const one of selected) {
    if (one.kind !== 'aggregate') continue
    const fields = one.of?.flatMap((each) => (each.kind === 'field' ? each.name : [])) ?? ['*']
    if (fields.length) aggregates[one.fn] = [...new Set([...(aggregates[one.fn] ?? []), ...fields])]
  }
  return Object.keys(aggregates).length ? aggregates : { countAll: ['*'] }
}
