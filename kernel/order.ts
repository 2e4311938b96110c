/** The order in which plugins start: each after those it needs, else as listed. Every fault is told at once. Pure. */
import { StartError } from './config.ts'
import type { Plugin } from './plugin.ts'

/** @throws StartError naming every clash, gap and cycle, a line each. */
export function orderPlugins(plugins: readonly Plugin[]): Plugin[] {
  const faults: string[] = []
  /** Who has each thing of a kind; a fault when several have it. */
  const owners = (claim: string, things: (plugin: Plugin) => readonly string[]) => {
    const found = new Map<string, Plugin>()
    for (const plugin of plugins) {
      for (const thing of things(plugin)) {
        const other = found.get(thing)
        const both = other?.name === plugin.name ? 'Two plugins' : `Plugins "${other?.name}" and "${plugin.name}" both`
        if (other) faults.push(`${both} ${claim} "${thing}": leave out one.`)
        found.set(thing, plugin)
      }
    }
    return found
  }
  const byName = owners('are called', ({ name }) => [name])
  const giver = owners('give the service', ({ gives }) => (gives ? [gives.id] : []))
  owners('have the command', ({ commands = {} }) => Object.keys(commands))
  for (const role of ['modeller', 'maker', 'embedded'] as const) owners('have the role', (plugin) => (plugin[role] ? [role] : []))

  const blind = plugins.some(({ modeller }) => modeller) ? undefined : plugins.find(({ maker }) => maker)
  if (blind) faults.push(`Plugin "${blind.name}" makes what the database lacks, but none reads the database: add one, or leave it out.`)

  const before = (plugin: Plugin): Plugin[] => [
    ...(plugin.needs ?? []).flatMap((need) => giver.get(need.id) ?? []),
    ...(plugin.after ?? []).flatMap((name) => byName.get(name) ?? []),
  ]
  for (const plugin of plugins) {
    for (const need of plugin.needs ?? []) {
      if (giver.has(need.id)) continue
      const { name } = plugin
      faults.push(`Plugin "${name}" needs the service "${need.id}", which no plugin gives: add one that does, or leave "${name}" out.`)
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
