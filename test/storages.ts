/** Where the contents of a test are kept: one set of tests, run on each. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startS3 } from './s3.ts'

const kinds = {
  async memory(locations: readonly string[]) {
    return { env: Object.fromEntries(locations.map((name) => [`STORAGE_${name.toUpperCase()}_DRIVER`, 'memory'])), close: async () => {} }
  },
  async local(locations: readonly string[]) {
    const folder = await mkdtemp(join(tmpdir(), 'plinth-contents-'))
    const env = Object.fromEntries(locations.map((name) => [`STORAGE_${name.toUpperCase()}_ROOT`, join(folder, name)]))
    return { env, close: () => rm(folder, { recursive: true, force: true }) }
  },
  async s3(locations: readonly string[]) {
    const s3 = await startS3()
    return { env: Object.assign({}, ...locations.map((name) => s3.variables(name))) as Record<string, string>, close: () => s3.close() }
  },
}

export type Kind = keyof typeof kinds

let chosen: Kind = 'memory'

/** For all tests that are loaded from now on. */
export function chooseStorage(kind: Kind): void {
  chosen = kind
}

export interface Opened {
  /** What a kernel is started with. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Empty ones. */
export async function openStorage(...locations: string[]): Promise<Opened> {
  const { env, close } = await kinds[chosen](locations)
  return { env: { STORAGE_LOCATIONS: locations.join(','), ...env }, close }
}
