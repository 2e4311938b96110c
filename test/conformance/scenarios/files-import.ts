/** Imports by address, of what may be reached: IMPORT_IP_DENY_LIST is as own.ts has it. */
import { startUpstream } from '../../upstream.ts'
import { picture } from '../pictures.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const bytes = picture().content as Uint8Array
  const upstream = await startUpstream({
    '/a_picture.png': (response) => response.writeHead(200, { 'content-type': 'image/png' }).end(bytes),
    '/moved': (response) => response.writeHead(302, { location: '/a_picture.png' }).end(),
    '/inside': (response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
    '/broken': (response) => response.writeHead(500).end('x'),
    '/two%20words.txt': (response) => response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('text'),
  })
  const fields = 'title,type,filename_download,filesize,width,description'
  const load = (path: string, data?: object) =>
    api.post(
      `/files/import?fields=${fields}`,
      { url: upstream.address + path, ...(data && { data }) },
      { label: `import ${path} ${JSON.stringify(data)}` },
    )
  api.proves('files: import')
  try {
    await load('/a_picture.png?a=b')
    await load('/a_picture.png', { title: 'Mine', description: 'given', filename_download: 'x.png' })
    await load('/moved')
    await load('/inside')
    await load('/broken')
    await load('/missing')
    await load('/two%20words.txt')
    await load('/a_picture.png', { folder: 'aaaaaaaa-0000-4000-8000-00000000ffff' })
  } finally {
    await upstream.close()
  }
}

export default scenario
