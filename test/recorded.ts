/** A Database that notes every statement that passes through it, BEGIN and COMMIT included. */
import type { Database, Parameter, Queryable } from 'plinth'

export interface Sent {
  readonly text: string
  readonly parameters: readonly Parameter[]
}

export interface Recorder {
  wrap(db: Database): Database
  /** What was sent since the last call. */
  take(): Sent[]
}

export function createRecorder(): Recorder {
  let sent: Sent[] = []
  const note = (text: string, parameters: readonly Parameter[] = []) => void sent.push({ text, parameters })
  const noting = (inner: Queryable): Queryable => ({
    query(text, parameters, options) {
      note(text, parameters)
      return inner.query(text, parameters, options)
    },
    text(text, parameters, options) {
      note(text, parameters)
      return inner.text(text, parameters, options)
    },
    execute(script) {
      note(script)
      return inner.execute(script)
    },
  })

  return {
    wrap: (db) => ({
      ...db,
      ...noting(db),
      async transaction(work) {
        try {
          const result = await db.transaction((inner) => {
            note('begin')
            return work({ ...inner, ...noting(inner) })
          })
          note('commit')
          return result
        } catch (error) {
          note('rollback')
          throw error
        }
      },
    }),
    take() {
      const taken = sent
      sent = []
      return taken
    },
  }
}
