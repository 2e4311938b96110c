/** Rounds of load on several servers in turn, and what they come to. */
import process from 'node:process'
import { isDeepStrictEqual } from 'node:util'
import autocannon from 'autocannon'
import type { Case } from './cases.ts'
import { articles } from './data.ts'
import { answered, type Target } from './servers.ts'

export const rounds = Number(process.env.BENCH_ROUNDS ?? 10)
const seconds = Number(process.env.BENCH_SECONDS ?? 2)
const connections = 32

/** Requests a second, one number a round. */
export type Rates = readonly number[]

/** Every target's rates, by its name. All get each round's load one after the other, so that what else the machine does meets all alike. */
export async function measure(one: Case, targets: readonly Target[]): Promise<ReadonlyMap<string, Rates>> {
  // Other rows, other answers.
  if (new Set(targets.map(({ rows }) => rows)).size === 1) await checkAnswers(one, targets)
  const rates = new Map(targets.map(({ name }) => [name, [] as number[]]))
  for (const target of targets) await load(one, target, 1)
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 ? targets.toReversed() : targets
    for (const target of order) rates.get(target.name)!.push(await load(one, target, seconds))
  }
  return rates
}

async function load({ name, requests }: Case, target: Target, duration: number): Promise<number> {
  const sent = (target.requests ?? requests(target.rows ?? articles)).map((request) => ({
    ...request,
    headers: { ...target.headers, ...request.headers },
  }))
  let client = 0
  const result = await autocannon({
    url: target.address,
    connections,
    duration,
    requests: sent,
    // Each connection has its own share: those that change the same row at the same time would wait for each other.
    setupClient(connection) {
      const share = client++
      connection.setRequests(sent.length < connections ? sent : sent.filter((_, i) => i % connections === share))
    },
  })
  if (result.errors || result.non2xx) throw new Error(`${name} on ${target.name}: ${result.errors} errors, ${result.non2xx} other answers`)
  return result['2xx'] / result.duration
}

/** All must give the same answer, or they did not do the same work. A new row's key is its own. */
async function checkAnswers({ name, requests }: Case, targets: readonly Target[]): Promise<void> {
  const answers: unknown[] = []
  for (const { address, headers, rows, requests: own, shown = (answer: unknown) => answer } of targets) {
    const [request] = own ?? requests(rows ?? articles)
    const text = await answered(
      fetch(address + request!.path, { method: request!.method, headers: { ...headers, ...request!.headers }, body: request!.body }),
    )
    const value = name === 'ping' ? text : JSON.parse(text)
    if (name === 'create') delete value.data.id
    answers.push(shown(value))
  }
  for (const [i, other] of answers.entries()) {
    if (isDeepStrictEqual(other, answers[0])) continue
    // Told in short: of long answers `assert` makes a comparison that takes all memory there is.
    const [a, b] = [JSON.stringify(answers[0]), JSON.stringify(other)]
    const at = Math.max(0, [...a].findIndex((character, place) => character !== b[place]) - 60)
    throw new Error(`${name}: ${targets[0]!.name} has ${a.slice(at, at + 120)}, ${targets[i]!.name} has ${b.slice(at, at + 120)}`)
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Round by round, so that a slow moment of the machine counts for neither side. */
export const ratios = (ours: Rates, other: Rates): number[] => ours.map((rate, round) => rate / other[round]!)
