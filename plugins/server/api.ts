/** What other plugins may import of the server's own affairs, as `plinth/server`. */
import { type Accountability, hookPoint } from 'plinth'

/** One thing that GET /server/health looks at. */
export interface HealthCheck {
  /** `<component>:<measure>`: `pg:responseTime`. */
  readonly name: string
  readonly componentType: 'datastore' | 'objectstore' | 'cache' | 'email' | 'component'
  /** What is told of it: how many milliseconds `run` takes, the number that it answers, or no more than whether it works. Default: time. */
  readonly observes?: 'time' | 'value' | 'nothing'
  /** Milliseconds above which the answer is a warning. */
  readonly threshold?: number
  /** Throws when the component does not work. */
  run(): Promise<unknown>
}

export interface HealthEvent {
  /** Handlers add theirs. */
  readonly checks: HealthCheck[]
}

/** Asked at each full health report. */
export const healthChecks = hookPoint<HealthEvent>('server.health')

export interface InfoEvent {
  readonly accountability: Accountability
  /** What GET /server/info answers; handlers add their part. Without a signed-in user only the project's belongs there. */
  readonly info: Record<string, unknown>
}

export const serverInfo = hookPoint<InfoEvent>('server.info')
