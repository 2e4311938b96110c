/** What archives hold: a selection of files, or all of a folder and those in it, as far as the caller may read them. */
import { type Accountability, isUuid, problems } from 'plinth'
import type { Items } from 'plinth/items'
import type { Files } from './files-of.ts'
import type { Entry } from './zip.ts'

interface Folder {
  readonly id: string
  readonly name: string
  readonly parent: string | null
}

export interface Selection {
  readonly name: string
  /** Paths of folders, so that empty ones are there too: names, outermost first. */
  readonly folders: readonly (readonly string[])[]
  readonly entries: readonly Entry[]
}

const none = () => problems.INVALID_PAYLOAD('There are no files to pack.')

/** @throws INVALID_PAYLOAD when there is none, FORBIDDEN */
export async function selected(files: Files, ids: readonly string[], access: Accountability, most: number): Promise<Selection> {
  const found = new Map((await files.list({ id: { _in: ids } }, access, most)).map((file) => [file.id, file]))
  const entries = [...new Set(ids)].flatMap((id) => {
    const file = found.get(id)
    return file?.filename_disk ? [{ file, folders: [] }] : []
  })
  if (!entries.length) throw none()
  return { name: 'files', folders: [], entries }
}

/** @throws INVALID_PAYLOAD when it is empty, not there, or too much; FORBIDDEN */
export async function folder(files: Files, items: Items, id: string, access: Accountability, most: number): Promise<Selection> {
  const all = await items.list<Folder>(
    'directus_folders',
    { fields: ['id', 'name', 'parent'], limit: -1, sort: ['name', 'id'] },
    { access },
  )
  const top = isUuid(id) ? all.find((one) => one.id === id.toLowerCase()) : undefined
  if (!top) throw none()
  const paths = pathsBelow(top, all)
  const found = await files.list({ folder: { _in: [...paths.keys()] } }, access, most + 1)
  if (found.length > most) throw problems.INVALID_PAYLOAD(`An archive may hold ${most} files at most.`)
  const entries = found.flatMap((file) => (file.filename_disk ? [{ file, folders: paths.get(file.folder!)! }] : []))
  if (!entries.length) throw none()
  return { name: `folder-${top.name}`, folders: [...paths.values()], entries }
}

/** By id, the folder itself first. Folders may stand in a circle: each counts once. */
function pathsBelow(top: Folder, all: readonly Folder[]): Map<string, readonly string[]> {
  const children = Map.groupBy(all, ({ parent }) => parent)
  const paths = new Map<string, readonly string[]>([[top.id, [top.name]]])
  for (const [id, path] of paths) {
    for (const child of children.get(id) ?? []) if (!paths.has(child.id)) paths.set(child.id, [...path, child.name])
  }
  return paths
}
