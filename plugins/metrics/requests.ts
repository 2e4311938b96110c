/** Requests, counted by method and status, and how long they took. Bounded: methods that nobody has heard of are one. */
import type { Metric } from './api.ts'

const methods = new Set(['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'SEARCH', 'HEAD', 'OPTIONS'])
/** Seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createRequestMetrics() {
  const counts = new Map<string, number>()
  const buckets = bounds.map(() => 0)
  let seconds = 0
  let all = 0
  return {
    note(method: string, status: number, ms: number): void {
      const key = `${methods.has(method) ? method : 'other'} ${status}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
      all++
      seconds += ms / 1000
      const first = bounds.findIndex((bound) => ms / 1000 <= bound)
      if (first >= 0) buckets[first]!++
    },
    counted(): Metric {
      const values = [...counts].map(([key, value]) => {
        const [method = '', status = ''] = key.split(' ')
        return { labels: { method, status }, value }
      })
      return { name: 'plinth_http_requests_total', help: 'Requests answered.', type: 'counter', values }
    },
    /** A histogram's lines. */
    lines(): string[] {
      const name = 'plinth_http_request_duration_seconds'
      let sum = 0
      const upTo = bounds.map((bound, i) => {
        sum += buckets[i]!
        return `${name}_bucket{le="${bound}"} ${sum}`
      })
      return [
        `# HELP ${name} Time until an answer begins.`,
        `# TYPE ${name} histogram`,
        ...upTo,
        `${name}_bucket{le="+Inf"} ${all}`,
        `${name}_sum ${seconds}`,
        `${name}_count ${all}`,
      ]
    },
  }
}

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))

export function toLines({ name, help, type, values }: Metric): string[] {
  const labelled = ({ labels = {}, value }: Metric['values'][number]) => {
    const told = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${name}${told.length ? `{${told.join(',')}}` : ''} ${value}`
  }
  return [`# HELP ${name} ${help.replaceAll('\n', ' ')}`, `# TYPE ${name} ${type}`, ...values.map(labelled)]
}
