/** The plugins that an installation has unless it says otherwise, and how PLUGINS and the config file change that. Imports are lazy. */
import { type ConfigFile, isObject, type Plugin, StartError } from 'plinth'

/** In the order in which they start, unless they need another one. */
const ours: Readonly<Record<string, () => Promise<Plugin>>> = {
  embedded: async () => (await import('./embedded/mod.ts')).embedded,
  tables: async () => (await import('./tables/mod.ts')).tables,
  model: async () => (await import('./model/mod.ts')).model,
  trace: async () => (await import('./trace/mod.ts')).trace,
  compression: async () => (await import('./compression/mod.ts')).compression,
  headers: async () => (await import('./headers/mod.ts')).headers,
  metrics: async () => (await import('./metrics/mod.ts')).metrics,
  proxy: async () => (await import('./proxy/mod.ts')).proxy,
  cors: async () => (await import('./cors/mod.ts')).cors,
  'rate-limit': async () => (await import('./rate-limit/mod.ts')).rateLimit,
  schedule: async () => (await import('./schedule/mod.ts')).schedule,
  cli: async () => (await import('./cli/mod.ts')).cli,
  doctor: async () => (await import('./doctor/mod.ts')).doctor,
  settings: async () => (await import('./settings/mod.ts')).settings,
  mail: async () => (await import('./mail/mod.ts')).mailPlugin,
  pages: async () => (await import('./pages/mod.ts')).pagesPlugin,
  items: async () => (await import('./items/mod.ts')).itemsPlugin,
  schema: async () => (await import('./schema/mod.ts')).schema,
  access: async () => (await import('./access/mod.ts')).access,
  auth: async () => (await import('./auth/mod.ts')).auth,
  shares: async () => (await import('./shares/mod.ts')).shares,
  history: async () => (await import('./history/mod.ts')).history,
  graphql: async () => (await import('./graphql/mod.ts')).graphql,
  scim: async () => (await import('./scim/mod.ts')).scim,
  presets: async () => (await import('./presets/mod.ts')).presets,
  notifications: async () => (await import('./notifications/mod.ts')).notifications,
  translations: async () => (await import('./translations/mod.ts')).translations,
  files: async () => (await import('./files/mod.ts')).files,
  assets: async () => (await import('./assets/mod.ts')).assets,
  dashboards: async () => (await import('./dashboards/mod.ts')).dashboards,
  flows: async () => (await import('./flows/mod.ts')).flows,
  server: async () => (await import('./server/mod.ts')).server,
  specs: async () => (await import('./specs/mod.ts')).specs,
  docs: async () => (await import('./docs/mod.ts')).docs,
  import: async () => (await import('./import/mod.ts')).importPlugin,
  utilities: async () => (await import('./utilities/mod.ts')).utilities,
}

export const pluginNames: readonly string[] = Object.keys(ours)

/**
 * The plugins to run. `changes` are the words of PLUGINS: `-graphql` takes one of ours away, `./my-plugin.ts` adds a stranger's, read
 * relative to `folder` (a file: URL that ends with a slash); any other word is a package to import.
 * @throws StartError naming every word that leads nowhere, and what the config file may not hold.
 */
export async function loadPlugins(changes: readonly string[], folder: string, file: ConfigFile = {}): Promise<Plugin[]> {
  checkFile(file)
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

const isListOf = (isOne: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(isOne)

/** Its author may have had no types to lean on. */
function checkFile(file: ConfigFile): void {
  const parts: Readonly<Record<keyof ConfigFile, [fits: (value: unknown) => boolean, expected: string]>> = {
    plugins: [isListOf(isPlugin), 'a list of plugins, each made with definePlugin'],
    without: [isListOf((name) => typeof name === 'string'), 'a list of names'],
    options: [isObject, 'an object of options by the names of plugins'],
  }
  if (!isObject(file)) throw new StartError('plinth.config.ts exports something else than an object: see defineConfig.')
  const faults = Object.entries(file).flatMap(([name, value]) => {
    const [fits, expected] = (Object.hasOwn(parts, name) && parts[name as keyof ConfigFile]) || []
    if (!fits) return [`plinth.config.ts holds "${name}", which is nothing: it may hold ${Object.keys(parts).join(', ')}.`]
    return value === undefined || fits(value) ? [] : [`"${name}" of plinth.config.ts must be ${expected}.`]
  })
  if (faults.length) throw new StartError(faults.join('\n'))
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
