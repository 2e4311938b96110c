/** The plugins that an installation has unless it says otherwise, and how PLUGINS and the config file change that. Imports are lazy. */
import { type ConfigFile, type Plugin, StartError } from 'plinth'

/** In the order in which they start, unless they need another one. */
const ours: Readonly<Record<string, () => Promise<Plugin>>> = {
  model: async () => (await import('./model/mod.ts')).model,
  trace: async () => (await import('./trace/mod.ts')).trace,
  proxy: async () => (await import('./proxy/mod.ts')).proxy,
  schedule: async () => (await import('./schedule/mod.ts')).schedule,
  doctor: async () => (await import('./doctor/mod.ts')).doctor,
  settings: async () => (await import('./settings/mod.ts')).settings,
  mail: async () => (await import('./mail/mod.ts')).mailPlugin,
  items: async () => (await import('./items/mod.ts')).itemsPlugin,
  schema: async () => (await import('./schema/mod.ts')).schema,
  access: async () => (await import('./access/mod.ts')).access,
  auth: async () => (await import('./auth/mod.ts')).auth,
  history: async () => (await import('./history/mod.ts')).history,
  server: async () => (await import('./server/mod.ts')).server,
  utilities: async () => (await import('./utilities/mod.ts')).utilities,
}

export const pluginNames: readonly string[] = Object.keys(ours)

/**
 * The plugins to run. `changes` are the words of PLUGINS: `-graphql` takes one of ours away, `./my-plugin.ts` adds a stranger's, read
 * relative to `folder` (a file: URL that ends with a slash); any other word is a package to import.
 * @throws StartError naming every word that leads nowhere.
 */
export async function loadPlugins(changes: readonly string[], folder: string, file: ConfigFile = {}): Promise<Plugin[]> {
  const without = new Set([...changes.filter((word) => word.startsWith('-')).map((word) => word.slice(1)), ...(file.without ?? [])])
  const faults = [...without]
    .filter((name) => !(name in ours))
    .map((name) => `There is no plugin "${name}" to leave out; there are ${pluginNames.join(', ')}.`)
  const added = changes.filter((word) => !word.startsWith('-') && !(word in ours))
  const [own, strange] = await Promise.all([
    Promise.all(pluginNames.filter((name) => !without.has(name)).map((name) => ours[name]!())),
    Promise.all(added.map((word) => importPlugin(word, folder).catch((error: unknown) => void faults.push(reasonOf(word, error))))),
  ])
  if (faults.length) throw new StartError(faults.join('\n'))
  return [...own, ...strange.filter((plugin) => plugin !== undefined), ...(file.plugins ?? [])]
}

const isPlugin = (value: unknown): value is Plugin =>
  typeof value === 'object' && value !== null && typeof (value as Plugin).name === 'string' && typeof (value as Plugin).setup === 'function'

async function importPlugin(word: string, folder: string): Promise<Plugin> {
  const module: Record<string, unknown> = await import(/^[./]/.test(word) ? new URL(word, folder).href : word)
  const found = [module.default, ...Object.values(module)].find(isPlugin)
  if (!found) throw new StartError('it exports no plugin: export one made with definePlugin')
  return found
}

function reasonOf(word: string, error: unknown): string {
  const reason = String((error as Error)?.message ?? error).split('\n')[0]
  return `Plugin "${word}" of PLUGINS could not be loaded: ${reason}.`
}
