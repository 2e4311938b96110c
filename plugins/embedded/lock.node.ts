/** One process at a time in a data folder: PGlite opened twice loses rows that it had confirmed. */
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, readdir, realpath, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setInterval } from 'node:timers'

export interface FolderLock {
  release(): Promise<void>
}

/** A lock is an empty file whose name says all: nobody ever meets a half-written one. */
const form = /^plinth\.(\d+)\.(\d*)\.([\da-f-]{36})\.(.+)\.lock$/
const here = encodeURIComponent(hostname())
const heartbeat = 5000
/** Another host's lock without a heartbeat for so long is nobody's, ms. */
const silence = 60_000
/** How often it is tried while others try at the same time, with pauses that grow from this, ms. */
const tries = 4
const pause = 50

/** Of this process. The pid in a name says nothing there: a restarted container has the same pid as before. */
const ownFolders = new Set<string>()

/** @throws Error, one line, when a living process holds the folder. */
export async function lockFolder(path: string): Promise<FolderLock> {
  await mkdir(path, { recursive: true })
  const folder = await realpath(path)
  if (ownFolders.has(folder)) throw inUse(folder, `this process (${process.pid})`)
  ownFolders.add(folder)
  try {
    for (let run = 1; ; run++) {
      const own = join(folder, `plinth.${process.pid}.${startOf(process.pid)}.${randomUUID()}.${here}.lock`)
      // Each shows itself before it looks: of two that try at once, at least one sees the other. If both do, both try again.
      await writeFile(own, '', { flag: 'wx' })
      const holder = await findHolder(folder, own)
      if (holder === undefined) return keep(folder, own)
      await rm(own, { force: true })
      if (run === tries) throw inUse(folder, holder)
      await new Promise((resolve) => setTimeout(resolve, pause * 2 ** run * Math.random()))
    }
  } catch (error) {
    ownFolders.delete(folder)
    throw error
  }
}

/** Who else holds the folder, in words. Locks that nobody holds any more are removed. */
async function findHolder(folder: string, own: string): Promise<string | undefined> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const [, pid = '', started = '', , host = ''] = form.exec(name) ?? []
    if (!pid || path === own) continue
    if (host === here ? isRunning(Number(pid), started) : await isFresh(path)) {
      return `process ${pid}${host === here ? '' : ` on ${decodeURIComponent(host)}`}`
    }
    await rm(path, { force: true })
  }
}

function keep(folder: string, own: string): FolderLock {
  const timer = setInterval(() => void utimes(own, new Date(), new Date()).catch(() => clearInterval(timer)), heartbeat).unref()
  const remove = () => rmSync(own, { force: true })
  process.once('exit', remove)
  return {
    async release() {
      clearInterval(timer)
      process.removeListener('exit', remove)
      remove()
      ownFolders.delete(folder)
    },
  }
}

const inUse = (folder: string, who: string) =>
  new Error(
    `The data folder ${folder} is in use by ${who}: stop that first, or choose another folder with DATA_DIR, or a server with DATABASE_URL`,
  )

async function isFresh(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined) // it may have been released meanwhile
  return found !== undefined && Date.now() - found.mtimeMs < silence
}

function isRunning(pid: number, started: string): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH') return false
    if (code !== 'EPERM') throw error
  }
  const now = startOf(pid)
  return !started || !now || started === now // another process may have the number by now
}

/** When the process started, in ticks since boot; empty where /proc does not tell. proc(5): field 22; the second, the command in brackets, may hold anything. */
function startOf(pid: number): string {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return ''
  const text = readFileSync(path, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
