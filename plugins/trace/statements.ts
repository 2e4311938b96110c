/** A Database with something around each statement that passes through it. */
import type { Database, Parameter, Queryable } from 'plinth'

export interface Statement<T> {
  /** SQL, or `transaction` for what holds statements. */
  readonly text: string
  readonly parameters: readonly Parameter[]
  /** What came of it, in a few words. */
  outcome(result: T): string
}

export type Around = <T>(run: () => Promise<T>, statement: Statement<T>) => Promise<T>

export function aroundStatements(db: Database, around: Around): Database {
  const statements = (inner: Queryable): Queryable => ({
    query: <Row>(...asked: Parameters<Queryable['query']>) =>
      around(() => inner.query<Row>(...asked), {
        text: asked[0],
        parameters: asked[1] ?? [],
        outcome: (rows) => `${rows.length} rows`,
      }),
    text: (...asked) =>
      around(() => inner.text(...asked), {
        text: asked[0],
        parameters: asked[1] ?? [],
        outcome: (value) => `${value?.length ?? 0} characters`,
      }),
    execute: (script) => around(() => inner.execute(script), { text: script, parameters: [], outcome: () => 'done' }),
  })
  return {
    ...db,
    ...statements(db),
    transaction: (work) =>
      around(() => db.transaction((inner) => work({ ...inner, ...statements(inner) })), {
        text: 'transaction',
        parameters: [],
        outcome: () => 'committed',
      }),
  }
}
