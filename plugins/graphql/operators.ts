/** What may be said of a field in a filter, by its type. */
import {
  GraphQLBoolean,
  GraphQLID,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLList,
  type GraphQLScalarType,
  GraphQLString,
} from 'graphql'
import { dateParts } from 'plinth/items'
import { BigIntType, JsonFilter, StringOrFloat } from './scalars.ts'

const patterns =
  'contains icontains ncontains starts_with nstarts_with istarts_with nistarts_with ends_with nends_with iends_with niends_with'
const order = 'gt gte lt lte'

function operators(name: string, groups: Readonly<Record<string, GraphQLInputType>>): GraphQLInputObjectType {
  const fields = Object.entries(groups).flatMap(([words, type]) => words.split(' ').map((word) => [`_${word}`, { type }] as const))
  return new GraphQLInputObjectType({ name, fields: Object.fromEntries(fields) })
}

const flags = { 'null nnull': GraphQLBoolean }
const listOf = (type: GraphQLScalarType) => new GraphQLList(type)
const text = (name: string, type: GraphQLScalarType) =>
  operators(name, { [`eq neq ${patterns}`]: type, 'in nin': listOf(type), ...flags, 'empty nempty': GraphQLBoolean })
const number = (name: string, type: GraphQLScalarType) =>
  operators(name, { [`eq neq ${order}`]: type, 'in nin between nbetween': listOf(type), ...flags })

export const stringOperators = text('string_filter_operators', GraphQLString)
export const idOperators = text('id_filter_operators', GraphQLID)
export const numberOperators = number('number_filter_operators', StringOrFloat)
export const bigIntOperators = number('big_int_filter_operators', BigIntType)
export const booleanOperators = operators('boolean_filter_operators', { 'eq neq': GraphQLBoolean, ...flags })
export const hashOperators = operators('hash_filter_operators', { ...flags, 'empty nempty': GraphQLBoolean })
export const jsonOperators = operators('json_filter_operators', { json: JsonFilter, ...flags })
export const dateOperators = operators('date_filter_operators', {
  [`eq neq ${order}`]: GraphQLString,
  'in nin': listOf(GraphQLString),
  'between nbetween': listOf(StringOrFloat),
  ...flags,
})

const calls = (name: string, parts: readonly string[]): GraphQLInputObjectType =>
  new GraphQLInputObjectType({ name, fields: Object.fromEntries(parts.map((part) => [part, { type: numberOperators }])) })

/** By kind of field the functions that it has. */
export const functionsOf = {
  datetime: dateParts,
  date: dateParts.slice(0, 5),
  time: dateParts.slice(5),
  count: ['count'],
} as const
export type FunctionKind = keyof typeof functionsOf

export const functionOperators: Readonly<Record<FunctionKind, GraphQLInputObjectType>> = {
  datetime: calls('datetime_function_filter_operators', functionsOf.datetime),
  date: calls('date_function_filter_operators', functionsOf.date),
  time: calls('time_function_filter_operators', functionsOf.time),
  count: calls('count_function_filter_operators', functionsOf.count),
}
