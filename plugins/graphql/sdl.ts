/** Types and root fields written in GraphQL's own language, made part of a schema (https://spec.graphql.org/October2021/#sec-Type-System). */
import {
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type FieldDefinitionNode,
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  GraphQLID,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  GraphQLString,
  type InputValueDefinitionNode,
  Kind,
  parse,
  type TypeNode,
  valueFromASTUntyped,
} from 'graphql'
import type { Answering } from './api.ts'
import { means } from './meaning.ts'
import { BigIntType, DateType, JsonType, json, VoidType } from './scalars.ts'
import type { Built } from './schema.ts'

type AnyType = GraphQLOutputType & GraphQLInputType

const scalars: ReadonlyMap<string, GraphQLScalarType> = new Map(
  [GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString, BigIntType, DateType, JsonType, VoidType].map((one) => [
    one.name,
    one,
  ]),
)
/** Those that were defined, for all schemas. */
const leaves = new Map<string, GraphQLEnumType | GraphQLScalarType>()
export const definedLeaf = (name: string): GraphQLEnumType | GraphQLScalarType | undefined => leaves.get(name)
const parsed = new Map<string, DocumentNode>()

/** @throws Error for a type that is defined twice, or a field without an answer. */
export function addTo({ query, mutation, types }: Built, sdl: string, answers: Readonly<Record<string, Answering>>): void {
  const { definitions } = parseOnce(sdl)

  const named = (name: string): AnyType | undefined => (scalars.get(name) ?? leaves.get(name) ?? types.named(name)) as AnyType | undefined
  const typeOf = (node: TypeNode): AnyType | undefined => {
    if (node.kind === Kind.NAMED_TYPE) return named(node.name.value)
    const inner = typeOf(node.type)
    return inner && ((node.kind === Kind.LIST_TYPE ? new GraphQLList(inner) : new GraphQLNonNull(inner as never)) as AnyType)
  }
  /** By name; undefined where a type is not to be seen. */
  const inputs = (nodes: readonly InputValueDefinitionNode[] = []) => {
    const made = nodes.map(({ name, type, defaultValue }) => {
      const defaults = defaultValue && { defaultValue: valueFromASTUntyped(defaultValue) }
      return [name.value, { type: typeOf(type)!, ...defaults }] as const
    })
    return made.every(([, { type }]) => type) ? Object.fromEntries(made) : undefined
  }
  const outputs = (nodes: readonly FieldDefinitionNode[] = []) =>
    Object.fromEntries(
      nodes.flatMap(({ name: { value: name }, type: node }) => {
        const type = typeOf(node)
        return type ? [[name, { type, ...means({ kind: 'field', name }) }]] : []
      }),
    )

  const roots = new Map([
    ['Query', query],
    ['Mutation', mutation],
  ])
  for (const node of definitions) {
    if (node.kind === Kind.ENUM_TYPE_DEFINITION) defineOnce(node.name.value, () => enumOf(node))
    else if (node.kind === Kind.SCALAR_TYPE_DEFINITION) defineOnce(node.name.value, json)
    else if (node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
      types.define(new GraphQLInputObjectType({ name: node.name.value, fields: () => inputs(node.fields)! }))
    else if (node.kind === Kind.OBJECT_TYPE_DEFINITION && !roots.has(node.name.value))
      types.define(new GraphQLObjectType({ name: node.name.value, fields: () => outputs(node.fields) }))
  }
  for (const node of definitions) {
    const root = node.kind === Kind.OBJECT_TYPE_DEFINITION && roots.get(node.name.value)
    if (!root) continue
    for (const { name, type: returned, arguments: parameters } of node.fields ?? []) {
      const [type, args] = [typeOf(returned), inputs(parameters)]
      const answering = answers[name.value]
      if (!answering) throw new Error(`Nothing answers the field "${name.value}" of GraphQL`)
      if (type && args) root.add(name.value, { type, args, ...answering })
    }
  }
}

function parseOnce(sdl: string): DocumentNode {
  let document = parsed.get(sdl)
  if (!document) {
    document = parse(sdl, { noLocation: true })
    parsed.set(sdl, document)
  }
  return document
}

function defineOnce(name: string, make: (name: string) => GraphQLEnumType | GraphQLScalarType): void {
  if (!leaves.has(name)) leaves.set(name, make(name))
}

const enumOf = ({ name, values = [] }: EnumTypeDefinitionNode) =>
  new GraphQLEnumType({ name: name.value, values: Object.fromEntries(values.map((one) => [one.name.value, {}])) })
