/** Lets work in by what it weighs, in the order of arrival, so that memory in use has a bound whatever is asked for at once. Pure. */
import { problems } from 'plinth'

export interface GateLimits {
  /** What may be inside together. Work that weighs more goes in alone. */
  readonly weight: number
  /** Works inside at once. */
  readonly running: number
  /** Works that may wait. */
  readonly waiting: number
}

export interface Gate {
  /** @throws SERVICE_UNAVAILABLE when too many wait already */
  run<T>(weight: number, work: () => Promise<T>): Promise<T>
}

export function createGate(limits: GateLimits): Gate {
  const queue: { readonly weight: number; readonly enter: () => void }[] = []
  let inside = 0
  let carried = 0

  const fits = (weight: number) => inside === 0 || (inside < limits.running && carried + weight <= limits.weight)

  function admit(): void {
    while (queue.length > 0 && fits(queue[0]!.weight)) {
      const { weight, enter } = queue.shift()!
      inside += 1
      carried += weight
      enter()
    }
  }

  return {
    async run(weight, work) {
      if (queue.length >= limits.waiting)
        throw problems.SERVICE_UNAVAILABLE('Too many images are waiting to be made: try again in a moment.')
      await new Promise<void>((enter) => {
        queue.push({ weight, enter })
        admit()
      })
      try {
        return await work()
      } finally {
        inside -= 1
        carried -= weight
        admit()
      }
    },
  }
}
