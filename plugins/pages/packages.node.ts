/** Files of npm packages: those installed beside Plinth, else those of the folder that it was started in. */
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { remember } from 'plinth'

export interface PackageFile {
  /** Differs wherever the content does, as far as the file system tells. */
  readonly tag: string
  read(): Promise<Uint8Array<ArrayBuffer>>
  /** Compressed once for all: bundles are megabytes. */
  zipped(): Promise<Uint8Array<ArrayBuffer>>
}

/** By tag and path. */
const compressed = remember(20, async (key) => {
  const content = await readFile(key.slice(key.indexOf(' ') + 1))
  return (await promisify(gzip)(content)) as Uint8Array<ArrayBuffer>
})

/** @param place such as `react/umd/react.production.min.js`, never anything that a request says. */
export async function findFile(place: string): Promise<PackageFile | undefined> {
  for (const folder of [...upwards(dirname(fileURLToPath(import.meta.url))), ...upwards(process.cwd())]) {
    const path = join(folder, 'node_modules', place)
    const found = await stat(path).catch(() => undefined)
    if (!found?.isFile()) continue
    const tag = `${found.size.toString(36)}-${Math.round(found.mtimeMs).toString(36)}`
    return { tag, read: () => readFile(path), zipped: async () => (await compressed.get(`${tag} ${path}`))! }
  }
  return undefined
}

function upwards(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...upwards(parent)]
}
