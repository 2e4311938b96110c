/** Rules of one writing action in one table: which fields may be sent, what is filled in, which rows may be touched. Pure. */
import { problems, type Rule, type Snapshot, type Table } from 'plinth'
import type { Item, RuleAction } from '../api.ts'
import { type Conditions, conditionsOf } from './grants.ts'

export type WriteAction = Exclude<RuleAction, 'read'>

/** What rules of the same rows allow together. */
export interface WriteGrant {
  /** Null: all, and names that no field has are let through to be dropped. */
  readonly fields: ReadonlySet<string> | null
  /** The rows as a rule says it; null: all. */
  readonly filter: object | null
  readonly rules: readonly Rule[]
  /** Variables are not resolved. */
  readonly presets: Item
}

export interface WriteRules {
  readonly table: Table
  readonly grants: readonly WriteGrant[]
  /** Of every rule, whatever rows it is about. */
  readonly validations: readonly object[]
  /** @throws INVALID_QUERY when a rule is not to be understood. */
  conditions(): Conditions
}

/** Undefined where no rule allows it. */
export function writeRules(snapshot: Snapshot, table: Table, rules: readonly Rule[]): WriteRules | undefined {
  if (!rules.length) return undefined
  const byRows = Map.groupBy(rules, ({ permissions }) => JSON.stringify(isEmpty(permissions) ? null : permissions))
  const grants = [...byRows.values()].map(toGrant)
  let conditions: Conditions | undefined
  return {
    table,
    grants,
    validations: rules.flatMap(({ validation }) => (isEmpty(validation) ? [] : [validation!])),
    conditions: () => (conditions ??= conditionsOf(snapshot, table, grants)),
  }
}

function toGrant(rules: readonly Rule[]): WriteGrant {
  const { permissions } = rules[0]!
  return {
    filter: isEmpty(permissions) ? null : permissions,
    fields: rules.some(({ fields }) => fields?.includes('*')) ? null : new Set(rules.flatMap(({ fields }) => fields ?? [])),
    presets: Object.assign(Object.create(null), ...rules.map(({ presets }) => presets ?? {})),
    rules,
  }
}

const isEmpty = (said: object | null): boolean => said === null || Object.keys(said).length === 0

/** Whether all rows may be touched, so that none need be looked at. */
export const touchesAll = ({ grants }: WriteRules): boolean => grants.some(({ filter }) => !filter)

/** @throws FORBIDDEN for a name that none of the grants has. */
export function checkNames({ name: collection }: Table, names: Iterable<string>, grants: readonly WriteGrant[]): void {
  if (grants.some(({ fields }) => !fields)) return
  for (const name of names)
    if (!grants.some(({ fields }) => fields!.has(name)))
      throw problems.FORBIDDEN(`There is no field "${name}" in "${collection}", or it is not yours to write.`)
}

export const presetsOf = (grants: readonly WriteGrant[]): Item =>
  Object.assign(Object.create(null), ...grants.map(({ presets }) => presets))
