/** Contents as files of one folder. */
import { createReadStream } from 'node:fs'
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { StorageDriver } from '../api.ts'
import { streamOf } from '../streams.ts'
import { checkedName, isName } from './names.ts'

const isMissing = (error: unknown) => (error as { code?: string }).code === 'ENOENT'

export function localDriver(root: string): StorageDriver {
  const folder = resolve(root)
  const path = (name: string) => join(folder, checkedName(name))
  /** No name of a content begins like this, and what a process leaves that ends in the middle is known by it. */
  const unfinishedOf = (name: string) => `.${name.slice(0, 200)}~`
  return {
    path,
    async put(name, content) {
      const target = path(name)
      await mkdir(folder, { recursive: true })
      const unfinished = join(folder, unfinishedOf(name) + crypto.randomUUID())
      const file = await open(unfinished, 'wx')
      try {
        let size = 0
        for await (const chunk of content as unknown as AsyncIterable<Uint8Array>) {
          await file.writeFile(chunk)
          size += chunk.byteLength
        }
        await file.sync()
        await file.close()
        await rename(unfinished, target)
        return size
      } catch (error) {
        await file.close().catch(() => {}) // closed already when renaming failed
        await rm(unfinished, { force: true })
        throw error
      }
    },
    async get(name, range) {
      if (!isName(name)) return undefined
      // Opened before it is answered, so that a missing one is told of here and not in the middle of a download.
      const file = await open(path(name), 'r').catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
      if (!file) return undefined
      const stream = createReadStream('', { fd: file, ...range, highWaterMark: 256 * 1024 })
      return streamOf(stream, () => stream.destroy())
    },
    async stat(name) {
      if (!isName(name)) return undefined
      try {
        const { size, mtime } = await stat(path(name))
        return { size, modified: mtime }
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    async delete(name) {
      if (isName(name)) await rm(path(name), { force: true })
    },
    async *list(prefix) {
      for await (const name of entriesOf(folder)) if (isName(name) && name.startsWith(prefix)) yield name
    },
    async tidy(name) {
      for await (const entry of entriesOf(folder)) if (entry.startsWith(unfinishedOf(name))) await rm(join(folder, entry), { force: true })
    },
  }
}

/** A folder that there is not yet has none. */
async function* entriesOf(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(folder)) yield name
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
