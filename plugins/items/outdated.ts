/** Statements made for a schema that somebody has changed since, past us or a moment ago. */
import { DatabaseError, type Registry } from 'plinth'

/** No such table, column or operator, another type: the snapshot said otherwise. */
const isOutdated = (thrown: unknown): boolean => thrown instanceof DatabaseError && /^(42P01|42703|42804|42883)$/.test(thrown.state)

/** Runs `work`, and once more if the schema has changed under it. Nothing of the first run may be left: it is for reads and whole transactions. */
export async function upToDate<T>(registry: Registry, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!isOutdated(thrown)) throw thrown
    const before = registry.snapshot
    if ((await registry.reload()) === before) throw thrown
    return work()
  }
}
