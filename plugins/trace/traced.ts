/** A Database that prints each statement that passes through it: who asked, ms, what came of it, text and parameters. */
import type { Database, Parameter, Queryable } from 'plinth'

const longestValue = 80

/** @param label who asks, such as a plugin's name. */
export function traced(db: Database, label: string, print: (line: string) => void): Database {
  const timed = async <T>(text: string, run: () => Promise<T>, outcome: (result: T) => string, parameters: readonly Parameter[] = []) => {
    const start = performance.now()
    const say = (what: string) => {
      const values = parameters.length > 0 ? ` [${parameters.map(shorten).join(', ')}]` : ''
      print(`${label} ${(performance.now() - start).toFixed(1)} ms ${what}: ${text.trim()}${values}`)
    }
    try {
      const result = await run()
      say(outcome(result))
      return result
    } catch (error) {
      say(`failed (${error instanceof Error ? error.message : error})`)
      throw error
    }
  }
  const statements = (inner: Queryable): Queryable => ({
    query: <Row>(...asked: Parameters<Queryable['query']>) =>
      timed(
        asked[0],
        () => inner.query<Row>(...asked),
        (rows) => `${rows.length} rows`,
        asked[1],
      ),
    text: (...asked) =>
      timed(
        asked[0],
        () => inner.text(...asked),
        (value) => `${value?.length ?? 0} characters`,
        asked[1],
      ),
    execute: (script) =>
      timed(
        script,
        () => inner.execute(script),
        () => 'done',
      ),
  })
  return {
    ...db,
    ...statements(db),
    transaction: (work) =>
      timed(
        'transaction',
        () => db.transaction((inner) => work({ ...inner, ...statements(inner) })),
        () => 'committed',
      ),
  }
}

function shorten(value: Parameter): string {
  const text =
    value instanceof Uint8Array
      ? `${value.length} bytes`
      : (JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)) ?? '')
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text
}
