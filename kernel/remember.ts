/** A bounded memory of what was asked for: the most used first, concurrent askers sharing one load. */
import { LRUCache } from 'lru-cache'

export interface Memory<V> {
  get(key: string): Promise<V | undefined>
  forget(key: string): void
  clear(): void
}

/** `max` keys are kept. What was not found, or failed, is not: it would push out the rest. */
export function remember<V>(max: number, load: (key: string) => Promise<V | undefined>): Memory<V> {
  const kept = new LRUCache<string, Promise<V | undefined>>({
    max,
    memoMethod(key) {
      const loading = load(key)
      const drop = () => {
        if (kept.peek(key) === loading) kept.delete(key)
      }
      loading.then((found) => found ?? drop(), drop)
      return loading
    },
  })
  return { get: (key) => kept.memo(key), forget: (key) => void kept.delete(key), clear: () => kept.clear() }
}
