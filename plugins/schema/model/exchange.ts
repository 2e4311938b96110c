/** Models in and out: snapshot, comparison, application. What /schema and the command line share. */
import { type Access, type Database, problems, type Registry } from 'plinth'
import type { Change } from '../change.ts'
import type { RunChange } from '../run.ts'
import { applyDeltas } from './apply.ts'
import { type CompareOptions, type Deltas, deltasBetween, deltasOf, diffOf, isNothing, type ModelDiff } from './difference.ts'
import { formatVersion, type Model, modelOf, vendor } from './document.ts'
import { dryChange } from './dry.ts'
import { lockForLosses, lossesOf } from './losses.ts'

export interface ApplyOptions {
  /** Values and rows may get lost. */
  readonly mayLose: boolean
}

/** What would be done. */
export interface Plan {
  readonly statements: readonly string[]
  /** A line each. */
  readonly losses: readonly string[]
}

export interface HashedDiff {
  /** Of the schema that it was made for. */
  readonly hash: string
  readonly diff: ModelDiff
}

/** What to apply: a diff for this very schema, or a model that the schema is to become. */
export type Wish = { readonly diff: HashedDiff; readonly force: boolean } | { readonly model: Model; readonly options: CompareOptions }

export interface Exchange {
  /** All there is. */
  model(): Model
  /** Undefined when there is nothing to do. */
  compare(wanted: Model, options: CompareOptions): Promise<HashedDiff | undefined>
  /** Answers whether anything was to be done. @throws INVALID_PAYLOAD with `losses` when something would get lost and may not. */
  apply(wish: Wish, access: Access, options: ApplyOptions): Promise<boolean>
  plan(wish: Wish): Promise<Plan>
}

/** @throws INVALID_PAYLOAD when a document comes from another kind of database or another version. */
export function checkOrigin({ directus, vendor: from }: Model): void {
  const advice = 'say ?force=true if you know better.'
  if (from !== vendor) throw problems.INVALID_PAYLOAD(`The snapshot is of the vendor "${from ?? ''}", this is "${vendor}": ${advice}`)
  if (directus !== formatVersion)
    throw problems.INVALID_PAYLOAD(`The snapshot is of version "${directus ?? ''}", this is "${formatVersion}": ${advice}`)
}

export function createExchange(db: Database, registry: Registry, schema: string, run: RunChange): Exchange {
  const model = () => modelOf(registry.snapshot)

  async function deltasFor(wish: Wish, current: Model, { snapshot }: Pick<Change, 'snapshot'>): Promise<Deltas> {
    if ('model' in wish) return withKnownTables(deltasBetween(current, wish.model, wish.options), snapshot)
    if (!wish.force && wish.diff.hash !== (await hashOf(current)))
      throw problems.INVALID_PAYLOAD('The schema has changed since the diff was made: ask for a new one, or say ?force=true.')
    return deltasOf(wish.diff.diff, current)
  }

  return {
    model,
    async compare(wanted, options) {
      const current = model()
      const deltas = withKnownTables(deltasBetween(current, wanted, options), registry.snapshot)
      return isNothing(deltas) ? undefined : { hash: await hashOf(current), diff: diffOf(deltas) }
    },
    apply: (wish, access, { mayLose }) =>
      run(access, async (change) => {
        const current = modelOf(change.snapshot)
        const deltas = await deltasFor(wish, current, change)
        if (!mayLose) await refuseLosses(change, deltas)
        await applyDeltas(change, deltas, current)
        return !isNothing(deltas)
      }),
    async plan(wish) {
      const statements: string[] = []
      const change = dryChange({ db, snapshot: registry.snapshot, schema }, statements)
      const current = modelOf(change.snapshot)
      const deltas = await deltasFor(wish, current, change)
      const losses = await lossesOf(change, deltas)
      await applyDeltas(change, deltas, current)
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
export async function hashOf(value: unknown): Promise<string> {
  const text = JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
