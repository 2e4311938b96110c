/** Letters as files, for their owner's eyes: where no mail server is, somebody reads them here. */
import { access, constants, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** @throws Error when letters cannot be written there. */
export async function checkFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await access(folder, constants.W_OK)
}

/** Writes `message` below `folder`; names sort by time. */
export async function writeLetter(folder: string, date: Date, message: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const name = `${date.toISOString().replace(/[-:.]/g, '')}-${crypto.randomUUID().slice(0, 8)}.eml`
  await writeFile(join(folder, name), message, { mode: 0o600, flag: 'wx' })
}
