/** One process at a time in a data folder: PGlite opened twice loses rows that it had confirmed. */
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, readFile, realpath, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setInterval } from 'node:timers'

export interface FolderLock {
  release(): Promise<void>
}

interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process started, in the kernel's ticks since boot; null where /proc does not tell. */
  readonly started: string | null
  readonly token: string
}

const heartbeat = 5000
/** Another host's lock without a heartbeat for so long is nobody's, ms. */
const silence = 60_000
/** Unreadable means that its maker is just writing it, or was killed doing so: nobody's after this, ms. */
const writeTime = 5000
/** After a take-over, until it counts as won, ms. */
const settleTime = 50

/** Of this process. The pid in a file says nothing there: a restarted container has the same pid as before. */
const ownFolders = new Set<string>()

/** @throws Error, one line, when a living process holds the folder. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true })
  const path = join(await realpath(folder), 'plinth.lock')
  if (ownFolders.has(path)) throw inUse(path, `this process (${process.pid})`)
  ownFolders.add(path)
  try {
    const own: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid), token: randomUUID() }
    if (!(await create(path, own))) await takeOver(path, own)
    return keep(path, own)
  } catch (error) {
    ownFolders.delete(path)
    throw error
  }
}

function keep(path: string, own: Holder): FolderLock {
  const timer = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => clearInterval(timer)), heartbeat).unref()
  const remove = () => {
    if (parse(readFileSync(path, 'utf8'))?.token === own.token) rmSync(path)
  }
  process.once('exit', remove)
  return {
    async release() {
      if (!ownFolders.delete(path)) return
      clearInterval(timer)
      process.removeListener('exit', remove)
      if (existsSync(path)) remove()
    },
  }
}

async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(holder), { flag: 'wx' })
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

/**
 * Replaces a stale lock. Of several that try at once only the one that makes the guard file goes on, and it looks again before it replaces.
 * A guard whose maker was killed is removed, which two could do at once: so the winner is who still stands in the lock a moment later.
 */
async function takeOver(path: string, own: Holder): Promise<void> {
  const guard = `${path}.takeover`
  await refuseIfHeld(path)
  if (!(await isHeld(guard))) await rm(guard, { force: true })
  if (!(await create(guard, own))) throw inUse(path, 'another process that is just starting')
  try {
    await refuseIfHeld(path)
    const next = `${path}.${own.token}`
    await writeFile(next, JSON.stringify(own))
    await rename(next, path)
    await new Promise((resolve) => setTimeout(resolve, settleTime))
    if ((await read(path))?.token !== own.token) throw inUse(path, 'another process that started at the same time')
  } finally {
    await rm(guard, { force: true })
  }
}

async function refuseIfHeld(path: string): Promise<void> {
  if (!(await isHeld(path))) return
  const holder = await read(path)
  throw inUse(
    path,
    holder ? `process ${holder.pid}${holder.host === hostname() ? '' : ` on ${holder.host}`}` : 'another process that is just starting',
  )
}

const inUse = (path: string, who: string) =>
  new Error(
    `The data folder ${dirname(path)} is in use by ${who}: stop that first, or choose another folder with DATA_DIR, or a server with DATABASE_URL`,
  )

async function isHeld(path: string): Promise<boolean> {
  let silent: number
  try {
    silent = Date.now() - (await stat(path)).mtimeMs
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
  const holder = await read(path)
  if (!holder) return silent < writeTime
  if (holder.host !== hostname()) return silent < silence
  return holder.pid !== process.pid && isRunning(holder)
}

function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (isCode(error, 'ESRCH')) return false
    if (!isCode(error, 'EPERM')) throw error
  }
  const now = startOf(pid)
  return started === null || now === null || started === now // another process may have the number by now
}

/** proc(5): field 22 of /proc/<pid>/stat; the second, the command in brackets, may hold anything. */
function startOf(pid: number): string | null {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return null
  const text = readFileSync(path, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

async function read(path: string): Promise<Holder | null> {
  try {
    return parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw error
  }
}

/** null for a file that is not written to its end. */
function parse(text: string): Holder | null {
  return text.endsWith('}') ? JSON.parse(text) : null
}

const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code
