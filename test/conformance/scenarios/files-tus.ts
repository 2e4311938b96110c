/**
 * Resumable uploads. The server is started with what own.ts has for files, and TUS_ENABLED. Refusals of the protocol are words there and the API's
 * form of errors with us: their status counts.
 */
import type { Api, CallOptions, Scenario } from '../runner.ts'

const encode = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')
const text = { filename_download: 'two_words.txt', type: 'text/plain' }
const version = { 'tus-resumable': '1.0.0' }
const headersKept = ['upload-offset', 'upload-length', 'tus-resumable', 'cache-control']

function tus(api: Api) {
  const ask = (method: string, path: string, label: string, { headers, ...options }: CallOptions = {}) =>
    api.call(method, path, { label, keep: () => null, headers: { ...version, ...headers }, ...options })
  const create = (label: string, size: string, fields: Record<string, string> | string = text, { headers, ...options }: CallOptions = {}) =>
    ask('POST', '/files/tus', label, {
      ...options,
      headers: { 'upload-length': size, 'upload-metadata': typeof fields === 'string' ? fields : encode(fields), ...headers },
    })
  const begin = async (size: number, fields: Record<string, string> = text) => {
    const { headers } = await create('', String(size), fields, { setup: true })
    return /\/files\/tus\/[^/]+$/.exec(headers.get('location') ?? '')![0]
  }
  const patch = (path: string, label: string, offset: string, body: string, { headers, ...options }: CallOptions = {}) =>
    ask('PATCH', path, label, {
      text: body,
      headersKept,
      ...options,
      headers: { 'upload-offset': offset, 'content-type': 'application/offset+octet-stream', ...headers },
    })
  return { ask, create, begin, patch }
}

const scenario: Scenario = async (api) => {
  const { ask, create, begin, patch } = tus(api)
  api.proves('issue: resumable uploads')

  await create('create', '5')
  await create('create: nobody', '5', text, { token: null, keep: undefined })
  await create('create: no version', '5', text, { headers: { 'tus-resumable': '' } })
  await create('create: a length of words', 'five')
  await create('create: a negative length', '-1')
  await create('create: a length above the limit', '102401')
  await create('create: a type that is not allowed', '5', { ...text, type: 'application/x-refused' })
  await create('create: no metadata', '5', '')
  await create('create: no name', '5', { type: 'text/plain' })
  await create('create: metadata that are none', '5', 'filename_download %%%', { keep: undefined })
  await create('create: an unknown folder', '5', { ...text, folder: 'aaaaaaaa-0000-4000-8000-00000000000f' })
  await create('create: an id that is none', '5', { ...text, id: 'none' })

  const path = await begin(11)
  await ask('HEAD', path, 'head', { headersKept })
  await ask('HEAD', path, 'head: nobody', { token: null })
  await ask('GET', path, 'get')
  await patch(path, 'patch', '0', 'hello')
  await patch(path, 'patch: an offset that is over', '0', 'hello')
  await patch(path, 'patch: an offset ahead', '9', 'x')
  await patch(path, 'patch: too long', '5', ' world and more')
  await patch(path, 'patch: another version', '5', 'x', { headers: { 'tus-resumable': '0.2.0' } })
  await patch(path, 'patch: another type', '5', 'x', { headers: { 'content-type': 'text/plain' } })
  await ask('PATCH', path, 'patch: no offset', { text: 'x', headers: { 'content-type': 'application/offset+octet-stream' } })
  await ask('HEAD', path, 'head: in the middle', { headersKept })
  await api.get('/files?aggregate[count]=*', { label: 'no file yet' })
  const { headers } = await patch(path, 'patch: the rest', '5', ' world')
  const id = headers.get('directus-file-id')!
  await api.get(`/files/${id}`, { label: 'the file' })
  await api.get(`/assets/${id}`, { label: 'its content' })
  await ask('HEAD', path, 'head: afterwards', { headersKept: ['upload-offset'] })

  const replacing = await begin(3, { ...text, id, filename_download: 'new.txt', title: 'New' })
  await patch(replacing, 'replace', '0', 'new')
  await api.get(`/files/${id}?fields=title,filename_download,filesize,type,modified_by`, { label: 'the file with a new content' })
  await api.get(`/assets/${id}`, { label: 'its new content' })
  await create('create: an id that there is not', '3', { ...text, id: 'aaaaaaaa-0000-4000-8000-00000000000e' })

  const tagged = await begin(3, { ...text, tags: '["a"]', description: 'd', unknown: 'x' })
  const answer = await patch(tagged, 'patch: all', '0', 'abc')
  await api.get(`/files/${answer.headers.get('directus-file-id')}`, { label: 'a file with fields' })

  const ended = await begin(3)
  await ask('DELETE', ended, 'delete')
  await ask('DELETE', ended, 'delete: again')
  await patch(ended, 'patch: what has ended', '0', 'abc')
  await patch('/files/tus/unknown', 'patch: unknown', '0', 'abc')
  await create('create: an empty file', '0')
  await create('create with content', '3', text, { text: 'abc', headers: { 'content-type': 'application/offset+octet-stream' } })
}

export default scenario
