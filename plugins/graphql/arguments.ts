/** What a field's arguments come to. Pure. */
import { type FieldNode, type GraphQLField, getArgumentValues, Kind, type ValueNode } from 'graphql'
import { problems } from 'plinth'
import type { Document } from './collect.ts'

/** @throws INVALID_QUERY for a condition whose value is missing; GraphQLError for null where there must be a value. */
export function argumentsOf(
  { variables }: Document,
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
): Readonly<Record<string, unknown>> {
  for (const { name, value } of node.arguments ?? []) {
    // A filter may be left out, but not a part of it.
    if (name.value === 'filter' && value.kind !== Kind.VARIABLE) checkSaid(value, variables)
  }
  return getArgumentValues(field, node, variables)
}

/** GraphQL leaves a member out whose variable has no value, and more rows would be found than were asked for. */
function checkSaid(value: ValueNode, variables: Document['variables']): void {
  if (value.kind === Kind.VARIABLE && !Object.hasOwn(variables, value.name.value))
    throw problems.INVALID_QUERY(`"filter" compares with "$${value.name.value}", which has no value.`)
  if (value.kind === Kind.OBJECT) for (const member of value.fields) checkSaid(member.value, variables)
  if (value.kind === Kind.LIST) for (const member of value.values) checkSaid(member, variables)
}
