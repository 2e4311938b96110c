/** Unpacks a ustar archive of folders and plain files: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'

const block = 512

/** @param folder exists already. */
export async function unpackTar(tar: Buffer, folder: string): Promise<void> {
  for (let at = 0; at < tar.length && tar[at] !== 0; ) {
    const field = (start: number, length: number) => {
      const bytes = tar.subarray(at + start, at + start + length)
      const end = bytes.indexOf(0)
      return bytes.toString('utf8', 0, end === -1 ? length : end)
    }
    const size = Number.parseInt(field(124, 12) || '0', 8)
    const path = join(resolve(folder), field(345, 155), field(0, 100))
    if (!`${path}${sep}`.startsWith(resolve(folder) + sep)) throw new Error(`The archive holds a path outside of its folder: ${path}`)
    const type = field(156, 1) || '0'
    if (type === '5') await mkdir(path, { recursive: true })
    else if (type === '0') await writeFile(path, tar.subarray(at + block, at + block + size), { flush: false })
    else throw new Error(`The archive holds an entry of type ${type}: ${path}`)
    at += block + Math.ceil(size / block) * block
  }
}
