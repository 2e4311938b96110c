/** Files for scenarios about downloads: made here, added as forms, seen by format, size and coarse colour. */
import type { Api, CallOptions } from './runner.ts'

export interface Shelf {
  /** Adds a file, answers its key. */
  add(content: Uint8Array | string, name: string, type: string, fields?: Readonly<Record<string, string>>): Promise<string>
  /** Removes all that was added. */
  clear(): Promise<void>
}

export function makeShelf(api: Api): Shelf {
  const { target } = api
  const headers = { authorization: `Bearer ${target.admin.token}` }
  const added: string[] = []
  return {
    async add(content, name, type, fields = {}) {
      const form = new FormData()
      for (const [field, value] of Object.entries(fields)) form.append(field, value)
      form.append('file', new Blob([content as Uint8Array<ArrayBuffer>], { type }), name)
      const response = await target.fetch(new Request(`${target.base}/files`, { method: 'POST', headers, body: form }))
      if (!response.ok) throw new Error(`The upload of ${name} was answered ${response.status}`)
      const { data } = await response.json()
      added.push(data.id)
      return data.id
    },
    async clear() {
      const body = JSON.stringify(added)
      const request = { method: 'DELETE', headers: { ...headers, 'content-type': 'application/json' }, body }
      await target.fetch(new Request(`${target.base}/files`, request))
    },
  }
}

/** Paths and sizes in the directory of an archive, whose entries begin with PK, 1, 2; in alphabetical order. */
export async function entriesOf(bytes: Buffer): Promise<string[]> {
  const found: string[] = []
  for (let at = bytes.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 46, 'latin1')) {
    const length = bytes.readUInt16LE(at + 28)
    found.push(`${bytes.subarray(at + 46, at + 46 + length)} ${bytes.readUInt32LE(at + 24)}`)
  }
  return found.sort()
}

export const text = async (bytes: Buffer): Promise<string> => bytes.toString()
export const download = {
  see: text,
  headersKept: ['content-type', 'content-disposition', 'content-range', 'accept-ranges'],
} satisfies CallOptions
