#!/usr/bin/env node
/** The entry of `plinth`, and the one place that knows the default plugins. All else is imported after the compile cache is on. */
import module from 'node:module'
import process from 'node:process'

module.enableCompileCache?.()
const { runCommandLine } = await import('./commands.ts')
process.exit(
  await runCommandLine(process.argv.slice(2), async (...request) => {
    const { loadPlugins } = await import('../../plugins/mod.ts')
    return loadPlugins(...request)
  }),
)
