/** `plinth start`: boots, listens, tells where, and stops without losing what is under way. */
import module from 'node:module'
import process from 'node:process'
import { format } from 'node:util'
import type { Kernel, Log, Program, Served } from 'plinth'
import { printLine } from './output.node.ts'

/** @returns the exit code, once the server has stopped. */
export async function start(program: Program): Promise<number> {
  const kernel = await program.boot(printLine)
  const { config, log } = kernel
  const told = toldToStop(log)
  const server = await program.serve(kernel, config)
  takeConsole(log)
  printLine(greeting(program, kernel, server))
  log.info('started', { address: server.address, ms: Math.round(performance.now()) })
  // At its end Node writes what it has compiled, but a process may be killed.
  module.flushCompileCache?.()
  const code = await told
  log.info('stopping')
  await server.stop(config.shutdownTimeout)
  await kernel.close()
  log.info('stopped')
  return code
}

/** Resolves with the exit code when a signal or a fault asks for the end. */
function toldToStop(log: Log): Promise<number> {
  return new Promise((resolve) => {
    let since: number | undefined
    const stop = () => {
      // npm passes on the Ctrl-C that the terminal has sent us already: only a later one means impatience.
      if (since !== undefined && performance.now() - since > 500) process.exit(1)
      since ??= performance.now()
      resolve(0)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    process.on('uncaughtException', (error) => {
      log.fatal('uncaught exception', { error })
      resolve(1)
    })
    process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error }))
  })
}

/** What libraries print becomes log lines, so that the output keeps its one form. */
function takeConsole(log: Log): void {
  for (const method of ['debug', 'info', 'warn', 'error'] as const) {
    console[method] = (...values: unknown[]) => log[method](format(...values), { from: 'console' })
  }
  console.log = console.info
}

function greeting({ version, runtime }: Program, { config, announcements }: Kernel, { address }: Served): string {
  return [
    `Plinth ${version} on ${runtime.name} ${runtime.version}`,
    `  address  ${address}${config.publicUrl ? `, public ${config.publicUrl}` : ''}`,
    `  data     ${config.data}`,
    ...announcements.map((line) => `  ${line}`),
    `Try: curl -H 'Authorization: Bearer <token>' ${address}/users/me`,
    '',
  ].join('\n')
}
