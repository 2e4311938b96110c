/** Scalars of the API's GraphQL. Values of answers are PostgreSQL's text and are never converted here; these read what clients send. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql'

/** Whatever JSON can hold. */
export const json = (name: string, description?: string): GraphQLScalarType =>
  new GraphQLScalarType({
    name,
    description,
    parseValue: (value) => value,
    parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
  })

function oneOf(name: string, description: string, kinds: readonly string[], types: readonly string[]): GraphQLScalarType {
  const refuse = () => new GraphQLError(`${name} cannot hold such a value.`)
  return new GraphQLScalarType({
    name,
    description,
    parseValue(value) {
      if (!types.includes(typeof value)) throw refuse()
      return value
    },
    parseLiteral(node: ValueNode) {
      if (!kinds.includes(node.kind)) throw refuse()
      // Digits beyond those that a number holds stay digits.
      const { value } = node as { value: string }
      if (node.kind === Kind.STRING) return value
      return Number.isSafeInteger(Number(value)) || /[.e]/i.test(value) ? Number(value) : value
    },
  })
}

const { INT, FLOAT, STRING } = Kind

export const JsonType = json('JSON', 'Any JSON value.')
export const JsonFilter = json('GraphQLJsonFilter', 'Paths into a JSON value, each with what is said of it: { "a.b": { "_eq": 1 } }.')
export const DateType = oneOf('Date', 'A date, a time, or both, as ISO 8601 writes them.', [STRING, INT], ['string', 'number'])
export const HashType = oneOf('Hash', 'Written as text, never read back.', [STRING], ['string'])
export const BigIntType = oneOf(
  'GraphQLBigInt',
  'A whole number of up to 64 bits; in answers as text.',
  [INT, STRING],
  ['number', 'string'],
)
export const StringOrFloat = oneOf('GraphQLStringOrFloat', 'A number, or text that spells one.', [INT, FLOAT, STRING], ['number', 'string'])
export const VoidType = json('Void', 'Nothing.')
