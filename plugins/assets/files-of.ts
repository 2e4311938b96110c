/** Files as somebody may have them: whoever may read the row may have the content. */
import { type Access, type Accountability, isUuid, problems, system } from 'plinth'
import type { FileRow } from 'plinth/files'
import type { Items } from 'plinth/items'
import type { ProjectSettings } from 'plinth/settings'

const collection = 'directus_files'

const columns = [
  'id',
  'storage',
  'filename_disk',
  'filename_download',
  'title',
  'type',
  'filesize',
  'width',
  'height',
  'folder',
  'focal_point_x',
  'focal_point_y',
  'uploaded_on',
  'modified_on',
] as const satisfies readonly (keyof FileRow)[]

/** Files of the project's own pages, which everybody sees. */
const shown = ['project_logo', 'public_foreground', 'public_background', 'public_favicon']

export interface Files {
  /** @throws FORBIDDEN when there is none, or it may not be read */
  one(id: string, access: Accountability): Promise<FileRow>
  /** Those of the filter that may be read, `most` at most. @throws FORBIDDEN when none may be */
  list(filter: Readonly<Record<string, unknown>>, access: Accountability, most: number): Promise<FileRow[]>
}

export function createFiles(items: Items, settings: ProjectSettings | undefined): Files {
  const isShown = async (id: string) => {
    const current = await settings?.current()
    return current !== undefined && shown.some((name) => current[name] === id)
  }

  return {
    async one(id, access) {
      if (!isUuid(id)) throw problems.FORBIDDEN()
      const key = id.toLowerCase()
      if (access.admin) return items.one<FileRow>(collection, key, { fields: columns }, { access })
      if (!(await isShown(key))) {
        // Rules may allow a row and not all of what we need of it.
        const row = await items.one<FileRow>(collection, key, { fields: ['*'] }, { access })
        if (columns.every((column) => column in row)) return row
      }
      return items.one<FileRow>(collection, key, { fields: columns }, { access: system })
    },
    async list(filter, access, most) {
      const read = <Row>(fields: readonly string[], rows: object, by: Access) =>
        items.list<Row>(collection, { fields, filter: rows, limit: most, sort: ['id'] }, { access: by })
      if (access.admin) return read<FileRow>(columns, filter, access)
      const ids = (await read<{ id: string }>(['id'], filter, access)).map(({ id }) => id)
      return ids.length ? read<FileRow>(columns, { id: { _in: ids } }, system) : []
    },
  }
}
