/** What happens around writes of files: rows get what their contents say, and contents go when their rows have gone. */
import { type Access, type Host, isUuid, problems, quoteTable, system, type Transaction } from 'plinth'
import { type Item, itemsChanged, itemsCreate, itemsDelete, itemsUpdate } from 'plinth/items'
import { projectSettings } from 'plinth/settings'
import type { Place } from './api.ts'
import type { Leftovers } from './leftovers.ts'
import { filesTable } from './tables.ts'
import type { Uploaded } from './uploads.ts'

export interface HookParts {
  readonly leftovers: Leftovers
  readonly additions: WeakMap<Transaction, readonly Uploaded[]>
}

export function watchFiles(host: Host, { leftovers, additions }: HookParts): void {
  const settings = host.maybe(projectSettings)
  const isFiles = (table: { readonly name: string }) => table.name === filesTable.name

  host.hook(itemsCreate, async function completeFiles({ table, rows, db, access }, next) {
    if (isFiles(table)) {
      const uploads = additions.get(db)
      additions.delete(db)
      const folder =
        uploads && rows.some((row) => row.folder === undefined) ? (await settings?.current(db))?.storage_default_folder : undefined
      for (const [i, row] of rows.entries()) {
        if (!uploads) {
          checkRecord(row, access)
          continue
        }
        complete(row, uploads[i]!, (value) => value === undefined || value === '')
        if (row.folder === undefined && folder) row.folder = folder
      }
    }
    await next()
  })

  host.hook(itemsUpdate, async function completeChanges({ table, changes, db, access }, next) {
    if (isFiles(table)) {
      const [upload] = additions.get(db) ?? []
      additions.delete(db)
      for (const { patch } of changes) {
        if (upload) complete(patch, upload, (value) => value === undefined)
        else checkPlace(patch, access)
      }
    }
    await next()
  })

  host.hook(itemsDelete, async function dropContents({ table, keys, db }, next) {
    if (!isFiles(table)) return next()
    const ids = keys.map(String).filter(isUuid)
    const dropped = await db.query<Place & { file: string }>(
      `select id as file, storage, filename_disk as name from ${quoteTable(table)} where id = any($1::uuid[]) and filename_disk is not null`,
      [ids],
    )
    await next()
    await leftovers.drop(db, dropped)
    await db.query('delete from plinth.file_details where file = any($1::uuid[])', [ids])
  })

  host.hook(itemsChanged, async function clearContents({ table, action, keys }, next) {
    if (isFiles(table) && action === 'delete') await leftovers.clear(keys.map(String))
    await next()
  })
}

function complete(row: Item, { kept, otherwise }: Uploaded, isLeftOut: (value: unknown) => boolean): void {
  if (typeof row.tags === 'string') row.tags = listIn(row.tags)
  for (const [name, value] of Object.entries(otherwise)) if (isLeftOut(row[name])) row[name] = value
  Object.assign(row, kept)
}

/** A form holds text alone. */
function listIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : text
  } catch {
    return text // words as they are
  }
}

/** @throws INVALID_PAYLOAD for a record that does not say of what type its content is to be. */
function checkRecord(row: Item, access: Access): void {
  if (access !== system && (row.type === undefined || row.type === null)) throw problems.INVALID_PAYLOAD('"type" is required.')
  checkPlace(row, access)
}

/** Whoever says where a content is could read, and remove, those of other files. */
function checkPlace(row: Item, access: Access): void {
  const names = ['storage', 'filename_disk'].filter((name) => row[name] !== undefined && row[name] !== null)
  if (typeof row.filename_disk === 'string') row.filename_disk = row.filename_disk.split(/[/\\]/).at(-1)
  if (access === system || access.admin || !names.includes('filename_disk')) return
  throw problems.FORBIDDEN('Only administrators say where a content is kept.', { field: 'filename_disk' })
}
