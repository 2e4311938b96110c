/** Several files as one archive, made while it is sent: nothing of it is kept in memory or on a disk. */
import { makeZip } from 'client-zip'
import type { FileRow, Storage } from 'plinth/files'
import { openContent, placeOf } from './contents.ts'

export interface Entry {
  readonly file: FileRow
  /** Names of the folders that it lies in, outermost first. */
  readonly folders: readonly string[]
}

/** Paths of archives never lead out of where they are unpacked. */
const safe = (name: string): string => name.replace(/[/\\\p{Cc}]/gu, '').replace(/^\.{1,2}$/, '_') || '_'

export const folderPath = (folders: readonly string[]): string => folders.map((name) => `${safe(name)}/`).join('')

/** A path for each entry; what is called as an earlier one, or as a folder, gets a number behind it. `folders`: paths with a slash at their ends. */
export function pathsOf(entries: readonly Entry[], folders: readonly string[] = []): string[] {
  const taken = new Set(folders.map((path) => path.slice(0, -1)))
  const counts = new Map<string, number>()
  return entries.map(({ file, folders: within }) => {
    const path = folderPath(within) + safe(file.filename_download)
    let count = counts.get(path) ?? 0
    const numbered = () => (count ? `${path} (${count})` : path)
    while (taken.has(numbered())) count++
    counts.set(path, count)
    taken.add(numbered())
    return numbered()
  })
}

/**
 * Contents are opened one after the other, as the client reads, and let go of when it stops. One that cannot be read breaks the download off.
 * @throws FORBIDDEN, SERVICE_UNAVAILABLE when it is the first one: then there is time to say so
 */
export async function zipOf(folders: readonly string[], entries: readonly Entry[], storage: Storage): Promise<ReadableStream<Uint8Array>> {
  const paths = pathsOf(entries, folders)
  const read = async ({ storage: location, filename_disk }: FileRow) =>
    (await openContent(placeOf(storage, location), filename_disk!)).getReader()
  let ahead = entries[0] && (await read(entries[0].file))
  let open = ahead
  let over = false

  async function* contentOf(file: FileRow) {
    if (over) return
    open = ahead ?? (await read(file))
    ahead = undefined
    if (over) await open.cancel()
    for (let part = await open.read(); !part.done; part = await open.read()) yield part.value
  }

  async function* parts() {
    for (const name of folders) yield { name }
    for (const [i, { file }] of entries.entries())
      yield { name: paths[i]!, input: contentOf(file), lastModified: new Date(file.modified_on) }
  }

  const zip = makeZip(parts()).getReader()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await zip.read()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    // The archive waits for the content that it reads: that one ends first.
    async cancel(reason) {
      over = true
      await open?.cancel(reason)
      await zip.cancel(reason).catch(() => {}) // it answers with the reason itself
    },
  })
}
