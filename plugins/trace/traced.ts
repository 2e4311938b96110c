/** A Database that prints each statement that passes through it: who asked, ms, what came of it, text and parameters. */
import type { Database, Parameter } from 'plinth'
import { aroundStatements } from './statements.ts'

const longestValue = 80

/** Statements that speak of such columns may carry what nobody should read in a log. */
const secretColumn = /\b(password|token|secret|tfa_secret)\b/i

/** @param label who asks, such as a plugin's name. */
export function traced(db: Database, label: string, print: (line: string) => void): Database {
  return aroundStatements(db, async (run, { text, parameters, outcome }) => {
    const start = performance.now()
    const say = (what: string) => {
      const shown = secretColumn.test(text) ? `${parameters.length} not shown` : parameters.map(shorten).join(', ')
      const values = parameters.length > 0 ? ` [${shown}]` : ''
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
  })
}

function shorten(value: Parameter): string {
  const text =
    value instanceof Uint8Array
      ? `${value.length} bytes`
      : (JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)) ?? '')
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text
}
