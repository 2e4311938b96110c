/** Health reports in the form of https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06 */
import type { HealthCheck } from './api.ts'

type Status = 'ok' | 'warn' | 'error'

interface CheckReport {
  readonly status: Status
  readonly componentType: HealthCheck['componentType']
  readonly observedUnit?: 'ms'
  readonly observedValue?: unknown
  readonly threshold?: number
  readonly output?: string
}

export interface HealthReport {
  readonly status: Status
  readonly checks: Readonly<Record<string, readonly CheckReport[]>>
}

/** Milliseconds that a check may take. */
const patience = 5000

/** Runs all checks at once. The worst one decides. */
export async function examine(checks: readonly HealthCheck[]): Promise<HealthReport> {
  const reports = await Promise.all(checks.map(async (check) => [check.name, [await report(check)]] as const))
  const found = new Set(reports.map(([, [{ status }]]) => status))
  const status = (['error', 'warn'] as const).find((bad) => found.has(bad)) ?? 'ok'
  return { status, checks: Object.fromEntries(reports) }
}

async function report({ componentType, threshold, observes = 'time', run }: HealthCheck): Promise<CheckReport> {
  const start = performance.now()
  const told = (status: Status, answer?: unknown): CheckReport => {
    if (observes === 'nothing') return { status, componentType }
    if (observes === 'value') return { status, componentType, observedValue: answer }
    const ms = round(performance.now() - start)
    const slow = status === 'ok' && threshold !== undefined && ms > threshold
    return { status: slow ? 'warn' : status, componentType, observedUnit: 'ms', observedValue: ms, threshold }
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`No answer in ${patience} ms`)), patience)
    })
    return told('ok', await Promise.race([run(), late]))
  } catch (error) {
    return { ...told('error'), output: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}

const round = (ms: number): number => Math.round(ms * 100) / 100
