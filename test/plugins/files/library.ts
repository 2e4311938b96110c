/** Files for tests: made here, sent as forms. */
import sharp from 'sharp'
import { type FormFile, type FormPart, formBytes, formType } from '../../form.ts'
import type { Answer, TestHost } from '../../host.ts'
import { admin } from '../../host.ts'

/** A body that need not be a form. */
export async function send(
  host: TestHost,
  method: string,
  path: string,
  body: BodyInit | null,
  { token = admin.token, headers = {} }: { token?: string | null; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const request = new Request(`http://localhost${path}`, {
    method,
    headers: { ...headers, ...(token !== null && { authorization: `Bearer ${token}` }) },
    body,
    duplex: 'half',
  } as RequestInit)
  const response = await host.kernel.fetch(request)
  const text = await response.text()
  const parsed = text === '' ? null : JSON.parse(text)
  return {
    status: response.status,
    headers: response.headers,
    body: parsed,
    data: parsed?.data,
    code: parsed?.errors?.[0]?.extensions?.code,
  }
}

export const upload = (
  host: TestHost,
  parts: readonly FormPart[],
  path = '/files',
  method = 'POST',
  token: string | null = admin.token,
): Promise<Answer> => send(host, method, path, formBytes(parts), { token, headers: { 'content-type': formType } })

export async function image(
  format: 'png' | 'jpeg' | 'gif' | 'webp' | 'avif' | 'tiff',
  filename = `a.${format}`,
  width = 20,
  height = 10,
): Promise<FormFile> {
  const made = sharp({ create: { width, height, channels: 3, background: 'red' } })
  return { filename, type: `image/${format}`, content: await made.toFormat(format).toBuffer() }
}
