/** Commands that boot, print and exit: `plinth bootstrap` and `plinth boot`. */
import { parseKernelConfig } from '../config.ts'
import { type Kernel, open, type PluginReport } from '../kernel.ts'
import { createLog } from '../log.ts'
import type { World } from './commands.ts'
import { readConfigFile } from './environment.ts'
import { describeData } from './start.ts'

export async function bootstrap(world: World): Promise<number> {
  return withKernel(world, ({ announcements, config }) => {
    console.log([`Ready: ${describeData(config)}`, ...announcements].join('\n'))
  })
}

export async function boot(world: World): Promise<number> {
  return withKernel(world, ({ plugins, announcements, registry }) => {
    const { warnings } = registry.snapshot
    console.log([...announcements, ...plugins.map(describePlugin), ...warnings.map((line) => `! ${line}`)].join('\n'))
  })
}

/** Logs go to standard error, so that the report can be piped. */
async function withKernel(world: World, report: (kernel: Kernel) => void): Promise<number> {
  const kernel = await world.boot(console.error)
  try {
    report(kernel)
    return 0
  } finally {
    await kernel.close()
  }
}

function describePlugin({ name, ...parts }: PluginReport, index: number): string {
  const lines = Object.entries(parts).filter(([, list]) => list.length)
  return [
    `${index + 1}. ${name}`,
    ...lines.flatMap(([part, list]) => [`   ${part}`, ...list.map((entry: string) => `     ${entry}`)]),
  ].join('\n')
}

/** Whether Plinth has worked on this database before. Creates nothing, not even the folder of an embedded one. */
export async function isSetUp({ environment }: World): Promise<boolean> {
  const config = parseKernelConfig(environment, await readConfigFile())
  if (!config.databaseUrl && !(await import('node:fs')).existsSync(config.dataDir)) return false
  const db = await open(
    config,
    createLog('silent', () => {}),
  )
  try {
    return (await db.text(`select (to_regnamespace('plinth') is not null)::text`)) === 'true'
  } finally {
    await db.close()
  }
}
