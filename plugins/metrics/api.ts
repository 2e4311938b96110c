/** What other plugins may import of measuring, as `plinth/metrics`. */
import { hookPoint } from 'plinth'

/** One number, or the same for several labels: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export interface Metric {
  /** Letters, digits and `_`; counters end with `_total`. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[]
}

export interface MetricsEvent {
  /** Handlers add theirs. */
  readonly metrics: Metric[]
}

/** Asked at each GET /metrics. */
export const metricsPoint = hookPoint<MetricsEvent>('metrics')
