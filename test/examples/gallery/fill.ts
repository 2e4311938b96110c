/** Uploads the pictures and lets everybody see them: `node test/examples/gallery/fill.ts http://127.0.0.1:8055 <token of an administrator>`. */
import process from 'node:process'
import { paint } from './scenes.ts'

const [api, token] = process.argv.slice(2)
const authorization = `Bearer ${token}`

async function call(method: string, path: string, body?: unknown): Promise<any> {
  const headers = { authorization, ...(body instanceof FormData ? {} : { 'content-type': 'application/json' }) }
  const sent = body instanceof FormData ? body : body === undefined ? null : JSON.stringify(body)
  const response = await fetch(api + path, { method, headers, body: sent })
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`)
  return (await response.json()).data
}

for (const { filename, title, description, content } of await paint()) {
  const form = new FormData()
  form.append('title', title)
  form.append('description', description)
  form.append('file', new Blob([new Uint8Array(content)], { type: 'image/jpeg' }), filename)
  await call('POST', '/files', form)
}
const { id: policy } = await call('POST', '/policies', { name: 'Gallery' })
await call('POST', '/permissions', {
  policy,
  collection: 'directus_files',
  action: 'read',
  fields: ['*'],
  permissions: { type: { _starts_with: 'image/' } },
})
await call('POST', '/access', { policy, role: null, user: null })
