/** Contents in memory: for tests, and for trying things. They end with the process. */
import type { StorageDriver } from '../api.ts'
import { checkedName } from './names.ts'

export function memoryDriver(): StorageDriver {
  const contents = new Map<string, { readonly blob: Blob; readonly modified: Date }>()
  return {
    async put(name, content) {
      const blob = await new Response(content).blob()
      contents.set(checkedName(name), { blob, modified: new Date() })
      return blob.size
    },
    async get(name, range) {
      const { start = 0, end } = range ?? {}
      return contents
        .get(name)
        ?.blob.slice(start, end === undefined ? undefined : end + 1)
        .stream()
    },
    async stat(name) {
      const found = contents.get(name)
      return found && { size: found.blob.size, modified: found.modified }
    },
    async delete(name) {
      contents.delete(name)
    },
    async *list(prefix) {
      for (const name of [...contents.keys()]) if (name.startsWith(prefix)) yield name
    },
  }
}
