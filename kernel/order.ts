/** The order in which plugins start: each after those it needs, else as listed. Every fault is told at once. Pure. */
import { StartError } from './config.ts'
import type { Plugin } from './plugin.ts'

/** @throws StartError naming every clash, gap and cycle, a line each. */
export function orderPlugins(plugins: readonly Plugin[]): Plugin[] {
  const faults: string[] = []
  const byName = new Map<string, Plugin>()
  const giver = new Map<string, Plugin>()
  const commander = new Map<string, Plugin>()
  for (const plugin of plugins) {
    if (byName.has(plugin.name)) faults.push(`Two plugins are called "${plugin.name}": rename or leave out one.`)
    byName.set(plugin.name, plugin)
    for (const command of Object.keys(plugin.commands ?? {})) {
      const other = commander.get(command)
      if (other) faults.push(`Plugins "${other.name}" and "${plugin.name}" both have the command "${command}": leave out one.`)
      commander.set(command, plugin)
    }
    if (!plugin.gives) continue
    const other = giver.get(plugin.gives.id)
    if (other) faults.push(`Plugins "${other.name}" and "${plugin.name}" both give the service "${plugin.gives.id}": leave out one.`)
    giver.set(plugin.gives.id, plugin)
  }

  const before = (plugin: Plugin): Plugin[] => [
    ...(plugin.needs ?? []).flatMap((need) => giver.get(need.id) ?? []),
    ...(plugin.after ?? []).flatMap((name) => byName.get(name) ?? []),
  ]
  for (const plugin of plugins) {
    for (const need of plugin.needs ?? []) {
      if (!giver.has(need.id))
        faults.push(
          `Plugin "${plugin.name}" needs the service "${need.id}", which no plugin gives: add one that does, or leave "${plugin.name}" out.`,
        )
    }
  }

  const done = new Set<Plugin>()
  const path: Plugin[] = []
  const visit = (plugin: Plugin): void => {
    if (done.has(plugin)) return
    const turn = path.indexOf(plugin)
    if (turn >= 0) {
      const circle = [...path.slice(turn), plugin].map(({ name }) => `"${name}"`)
      faults.push(`Plugins wait for each other: ${circle.join(' → ')}.`)
      return
    }
    path.push(plugin)
    for (const earlier of before(plugin)) visit(earlier)
    path.pop()
    done.add(plugin)
  }
  for (const plugin of plugins) visit(plugin)

  if (faults.length) throw new StartError(faults.join('\n'))
  return [...done]
}
