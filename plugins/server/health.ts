/** Health reports in the form of https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06 */
import type { HealthCheck } from './api.ts'

type Status = 'ok' | 'warn' | 'error'

interface CheckReport {
  readonly status: Status
  readonly componentType: HealthCheck['componentType']
  readonly observedUnit: 'ms'
  readonly observedValue: number
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

async function report({ componentType, threshold, run }: HealthCheck): Promise<CheckReport> {
  const start = performance.now()
  const measured = () => ({ componentType, observedUnit: 'ms' as const, observedValue: round(performance.now() - start), threshold })
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`No answer in ${patience} ms`)), patience)
    })
    await Promise.race([run(), late])
    const measure = measured()
    return { status: threshold !== undefined && measure.observedValue > threshold ? 'warn' : 'ok', ...measure }
  } catch (error) {
    return { status: 'error', ...measured(), output: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}

const round = (ms: number): number => Math.round(ms * 100) / 100
