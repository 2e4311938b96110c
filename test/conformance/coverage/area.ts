/** What is asked of Plinth, area by area, and which of it the recorded answers show. */
import { type Point, readDifferences, readGolden, SEPARATOR, scenarioNames } from '../runner.ts'

/** Short id → the fact in a few words. A scenario shows one by `api.proves('AREA: ID')`. */
type Bullets = Readonly<Record<string, string>>

export interface Area {
  readonly name: string
  /** The test fails when a bullet is not shown, or when a scenario names one that is not here. */
  readonly complete: boolean
  /** Shown by an answer and by a refusal. */
  readonly both: Bullets
  /** There is nothing to refuse: shown by two answers that differ, such as with and without. */
  readonly answers: Bullets
  /** There is nothing to answer. */
  readonly refusals: Bullets
  /** Ids that nothing can show yet → the plugin that they wait for. */
  readonly pending?: Bullets
}

export type Shown = Pick<Point, 'contract' | 'status' | 'body'>

/** Every recorded answer, ours where it differs on purpose. */
export async function recorded(): Promise<Shown[]> {
  const scenarios = await Promise.all(
    (await scenarioNames()).map(async (name) => {
      const ours = new Map((await readDifferences(name)).map((difference) => [difference.label, difference.ours]))
      return (await readGolden(name)).map((point) => ({ ...point, ...ours.get(point.label) }))
    }),
  )
  return scenarios.flat()
}

/** A line for each bullet that is not shown, or is although it is said to be pending, and for each label of this area that names none. */
export function gaps(area: Area, points: readonly Shown[]): { missing: string[]; unknown: string[] } {
  const shown = Map.groupBy(
    points.flatMap((point) => point.contract.split(SEPARATOR).map((label) => ({ ...point, label }))),
    ({ label }) => label,
  )
  const lacks = (group: 'both' | 'answers' | 'refusals', id: string): string | undefined => {
    const found = shown.get(`${area.name}: ${id}`) ?? []
    const answers = new Set(found.filter(({ status }) => status < 400).map(({ status, body }) => JSON.stringify([status, body])))
    const refused = found.some(({ status }) => status >= 400)
    if (found.length === 0) return 'nothing'
    if (group === 'answers') return answers.size < 2 ? 'a second answer' : undefined
    if (group === 'both' && answers.size === 0) return 'an answer'
    return refused ? undefined : 'a refusal'
  }
  const groups = [
    ['both', area.both],
    ['answers', area.answers],
    ['refusals', area.refusals],
  ] as const
  const missing = groups.flatMap(([group, bullets]) =>
    Object.entries(bullets).flatMap(([id, fact]) => {
      const lacking = lacks(group, id)
      const waits = area.pending?.[id]
      if (waits) return lacking ? [] : [`${area.name}: ${id} (${fact}): is shown, and waits for "${waits}" no more`]
      return lacking ? [`${area.name}: ${id} (${fact}): ${lacking === 'nothing' ? lacking : `lacks ${lacking}`}`] : []
    }),
  )
  const known = new Set(groups.flatMap(([, bullets]) => Object.keys(bullets).map((id) => `${area.name}: ${id}`)))
  const unknown = [...shown.keys()].filter((label) => label.startsWith(`${area.name}:`) && !known.has(label))
  return { missing, unknown }
}
