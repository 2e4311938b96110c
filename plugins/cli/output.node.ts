/** Standard output, for a program that prints a line a request. */
import process from 'node:process'
import { setImmediate } from 'node:timers'

let waiting = ''

/** Lines are written together once a tick, the last ones when the process exits. */
export function printLine(line: string): void {
  if (!waiting) setImmediate(flush)
  waiting += line + '\n'
}

function flush(): void {
  const text = waiting
  waiting = ''
  if (text) process.stdout.write(text)
}

process.on('exit', flush)
// Whoever read our output has gone (`plinth start | head`); those who send requests have not.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
