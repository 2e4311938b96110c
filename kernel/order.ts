/** The order in which plugins start: each after those it needs, else as listed. Every fault is told at once. Pure. */
import { StartError } from './config.ts'
import type { Plugin } from './plugin.ts'

/** @throws StartError naming every clash, gap and cycle, a line each. */
export function orderPlugins(plugins: readonly Plugin[]): Plugin[] {
  const faults: string[] = []
  /** Who has each thing of a kind; a fault when several have it. */
  const owners = (things: (plugin: Plugin) => readonly string[], clash: (one: string, other: string, thing: string) => string) => {
    const found = new Map<string, Plugin>()
    for (const plugin of plugins) {
      for (const thing of things(plugin)) {
        const other = found.get(thing)
        if (other) faults.push(`${clash(other.name, plugin.name, thing)}: leave out one.`)
        found.set(thing, plugin)
      }
    }
    return found
  }
  const byName = owners(
    ({ name }) => [name],
    (name) => `Two plugins are called "${name}"`,
  )
  const giver = owners(
    ({ gives }) => (gives ? [gives.id] : []),
    (one, other, id) => `Plugins "${one}" and "${other}" both give the service "${id}"`,
  )
  owners(
    ({ commands = {} }) => Object.keys(commands),
    (one, other, name) => `Plugins "${one}" and "${other}" both have the command "${name}"`,
  )
  owners(
    ({ modeller }) => (modeller ? ['the model'] : []),
    (one, other) => `Plugins "${one}" and "${other}" both model the schema`,
  )

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
