/** Models in and out: snapshot, comparison, application. What /schema and the command line share. */
import { type Access, type Database, problems, type Registry } from 'plinth'
import type { Change } from '../change.ts'
import type { RunChange } from '../run.ts'
import { applyDeltas } from './apply.ts'
import { type Configuration, inUse, parts, readConfiguration, rowsOf, type StoredConfiguration } from './configuration.ts'
import {
  applyConfiguration,
  type ConfigurationDeltas,
  configurationDeltas,
  configurationDiff,
  deltasOfConfiguration,
  isNoChange,
} from './configuration-difference.ts'
import { type CompareOptions, type Deltas, deltasBetween, deltasOf, diffOf, isNothing } from './difference.ts'
import { formatVersion, type Model, modelOf, vendor } from './document.ts'
import { dryChange } from './dry.ts'
import { type Group, groups } from './extras.ts'
import type { HashedDiff, ModelDocument } from './input.ts'
import { lockForLosses, lossesOf } from './losses.ts'

/** What would be done. */
export interface Plan {
  readonly statements: readonly string[]
  /** A line each. */
  readonly losses: readonly string[]
}

/** What to apply: a diff for this very schema, or a document that the schema is to become. */
export type Wish =
  | { readonly diff: HashedDiff; readonly force: boolean }
  | { readonly document: ModelDocument; readonly mode: CompareOptions['mode'] }

export interface Exchange {
  /** All there is of the model. */
  model(): Model
  configuration(asked: readonly Group[]): Promise<Configuration>
  /** Undefined when there is nothing to do. */
  compare(wanted: ModelDocument, mode: CompareOptions['mode']): Promise<HashedDiff | undefined>
  /** Answers whether anything was to be done. @throws INVALID_PAYLOAD with `losses` when something would get lost and may not. */
  apply(wish: Wish, access: Access, mayLose: boolean): Promise<boolean>
  plan(wish: Wish): Promise<Plan>
}

/** @throws INVALID_PAYLOAD when a document comes from another kind of database or another version. */
export function checkOrigin({ model: { directus, vendor: from } }: ModelDocument): void {
  const advice = 'say ?force=true if you know better.'
  if (from !== vendor) throw problems.INVALID_PAYLOAD(`The snapshot is of the vendor "${from ?? ''}", this is "${vendor}": ${advice}`)
  if (directus !== formatVersion)
    throw problems.INVALID_PAYLOAD(`The snapshot is of version "${directus ?? ''}", this is "${formatVersion}": ${advice}`)
}

type Questions = Pick<Change, 'db' | 'snapshot'>

interface Work {
  readonly current: Model
  readonly hash: string
  readonly model: Deltas
  readonly configuration: ConfigurationDeltas
}

/** What a wish comes to, here and now. @throws INVALID_PAYLOAD for a diff that was made for another state. */
async function workFor(wish: Wish, { db, snapshot }: Questions): Promise<Work> {
  const current = modelOf(snapshot)
  const named = 'document' in wish ? wish.document.configuration : wish.diff.diff
  const asked = groups.filter((group) => parts.some((part) => part.group === group && part.name in named))
  const stored = asked.length ? await readConfiguration({ db, snapshot }, asked) : {}
  const hash = await hashOf(current, stored)
  if ('document' in wish) {
    const { model, configuration, withUntold } = wish.document
    const deltas = deltasBetween(current, model, { mode: wish.mode, withUntold })
    const used = asked.length ? await inUse({ db, snapshot }) : new Set()
    return {
      current,
      hash,
      model: withKnownTables(deltas, snapshot),
      configuration: configurationDeltas(snapshot, stored, configuration, { mode: wish.mode, used }),
    }
  }
  const { diff, hash: madeFor } = wish.diff
  if (!wish.force && madeFor !== hash)
    throw problems.INVALID_PAYLOAD('The schema has changed since the diff was made: ask for a new one, or say ?force=true.')
  return { current, hash, model: deltasOf(diff, current), configuration: deltasOfConfiguration(snapshot, stored, diff) }
}

const isDone = ({ model, configuration }: Work): boolean => isNothing(model) && isNoChange(configuration)

async function carryOut(change: Change, { model, configuration, current }: Work): Promise<void> {
  await applyDeltas(change, model, current)
  await applyConfiguration(change.rows, change.snapshot, configuration)
}

export function createExchange(db: Database, registry: Registry, schema: string, run: RunChange): Exchange {
  const questions = (): Questions => ({ db, snapshot: registry.snapshot })
  return {
    model: () => modelOf(registry.snapshot),
    configuration: async (asked) => rowsOf(await readConfiguration(questions(), asked)),
    async compare(document, mode) {
      const work = await workFor({ document, mode }, questions())
      return isDone(work)
        ? undefined
        : { hash: work.hash, diff: { ...diffOf(work.model), ...configurationDiff(work.configuration) } as never }
    },
    apply: (wish, access, mayLose) =>
      run(access, async (change) => {
        const work = await workFor(wish, change)
        if (!mayLose) await refuseLosses(change, work.model)
        await carryOut(change, work)
        return !isDone(work)
      }),
    async plan(wish) {
      const statements: string[] = []
      const change = dryChange({ ...questions(), schema }, statements)
      const work = await workFor(wish, change)
      const losses = await lossesOf(change, work.model)
      await carryOut(change, work)
      return { statements, losses }
    },
  }
}

async function refuseLosses(change: Change, deltas: Deltas): Promise<void> {
  await lockForLosses(change, deltas)
  const losses = await lossesOf(change, deltas)
  if (losses.length) throw problems.INVALID_PAYLOAD(`${losses.join(' ')} Say ?allow_data_loss=true if that is meant.`, { losses })
}

/** Indexes are wished for on tables of the system that may not be here: of a plugin that is off, or of the reference alone. */
function withKnownTables(deltas: Deltas, { tables }: Change['snapshot']): Deltas {
  const isHere = (collection = '', field = '') => tables.get(collection)?.fields.get(field)?.meta?.system === true
  return { ...deltas, systemFields: deltas.systemFields.filter(({ after }) => isHere(after?.collection, after?.field)) }
}

/** Of JSON with its members in order, as 64 hexadecimal digits. */
async function hashOf(model: Model, stored: StoredConfiguration): Promise<string> {
  const text = JSON.stringify([model, stored], (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
