/** What subcommands work with: settings, database, kernel and server of this process. */
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { type ConfigFile, type Environment, parseKernelConfig, words } from '../config.ts'
import type { Kernel } from '../kernel.ts'
import { createLog } from '../log.ts'
import type { Plugin, Program } from '../plugin.ts'
import { readConfigFile } from './environment.ts'
import { serveOn } from './server.ts'

/** Plugins by the words of PLUGINS, with paths relative to `folder` (a file: URL), and the config file. */
export type LoadPlugins = (words: readonly string[], folder: string, file: ConfigFile | undefined) => Promise<readonly Plugin[]>

export interface OwnProgram extends Program {
  plugins(): Promise<readonly Plugin[]>
  /** Closes what was booted. */
  close(): Promise<void>
}

export async function createProgram(environment: Environment, loadPlugins: LoadPlugins): Promise<OwnProgram> {
  const runtime = readRuntime()
  const { default: about } = await import('../../package.json', { with: { type: 'json' } })
  const kernels: Kernel[] = []
  const configure = async () => parseKernelConfig(environment, await readConfigFile())
  const plugins = async () => loadPlugins(words(environment.PLUGINS ?? ''), pathToFileURL('./').href, await readConfigFile())
  return {
    version: about.version,
    runtime,
    configure,
    plugins,
    async open() {
      const { openDatabase } = await import('../database/open.ts')
      const silent = createLog('silent', () => {})
      return openDatabase(await configure(), await plugins(), silent)
    },
    async boot(print) {
      const log = createLog((await configure()).logLevel, print ?? console.error)
      const { createKernel } = await import('../kernel.ts')
      const kernel = await createKernel({ plugins: await plugins(), environment, configFile: await readConfigFile(), log })
      kernels.push(kernel)
      if (!print) for (const line of kernel.announcements) console.log(line)
      return kernel
    },
    serve: (answers, listen) => serveOn(runtime.name, answers, listen),
    async close() {
      for (const kernel of kernels) await kernel.close()
    },
  }
}

function readRuntime(): Program['runtime'] {
  const name = (['bun', 'deno', 'node'] as const).find((known) => process.versions[known])!
  return { name, version: process.versions[name]! }
}
