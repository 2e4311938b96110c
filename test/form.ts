/** Forms with files, written out byte by byte (RFC 7578), so that tests may write them wrongly too. */

export interface FormFile {
  readonly filename: string
  readonly type: string
  readonly content: string | Uint8Array
}

export type FormPart = readonly [name: string, value: string | FormFile]

export const boundary = 'boundary-of-a-form'
export const formType = `multipart/form-data; boundary=${boundary}`

const quoted = (text: string) =>
  text.replace(/[\r\n"]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

export function partHead([name, value]: FormPart): string {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`
  return typeof value === 'string'
    ? `${head}\r\n\r\n`
    : `${head}; filename="${quoted(value.filename)}"\r\nContent-Type: ${value.type}\r\n\r\n`
}

export function formBytes(parts: readonly FormPart[]): Uint8Array<ArrayBuffer> {
  const pieces = parts.flatMap((part) => [partHead(part), typeof part[1] === 'string' ? part[1] : part[1].content, '\r\n'])
  return new Uint8Array(Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece as string))))
}

export const textFile = (content: string, filename = 'a.txt', type = 'text/plain'): FormFile => ({ filename, type, content })
