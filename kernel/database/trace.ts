/** DEBUG=sql: a Database that prints each statement that passes through it. */
import type { Database, Parameter, Queryable, Transaction } from './database.ts'

const longestValue = 80

/** @param label who asks, such as the plugin's name. */
export function traced(db: Database, label: string, print: (line: string) => void): Database {
  const timed = async <T>(
    text: string,
    parameters: readonly Parameter[],
    run: () => Promise<T>,
    count: (result: T) => string,
  ): Promise<T> => {
    const start = performance.now()
    const line = (outcome: string) => {
      const ms = (performance.now() - start).toFixed(1)
      const values = parameters.length > 0 ? ` [${parameters.map(shorten).join(', ')}]` : ''
      print(`${label} ${ms} ms ${outcome}: ${text.trim()}${values}`)
    }
    try {
      const result = await run()
      line(count(result))
      return result
    } catch (error) {
      line(`failed (${error instanceof Error ? error.message : error})`)
      throw error
    }
  }

  const statements = (inner: Queryable): Queryable => ({
    query: (text, parameters = [], options) =>
      timed(
        text,
        parameters,
        () => inner.query(text, parameters, options),
        (rows) => `${rows.length} rows`,
      ),
    text: (text, parameters = [], options) =>
      timed(
        text,
        parameters,
        () => inner.text(text, parameters, options),
        (value) => `${value?.length ?? 0} characters`,
      ),
    execute: (script) =>
      timed(
        script,
        [],
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
        [],
        () => db.transaction((inner) => work({ ...inner, ...statements(inner) } satisfies Transaction)),
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
