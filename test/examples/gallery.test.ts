/** The gallery shows what its visitor may read, and nothing but addresses below /assets. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sharp from 'sharp'
import { startKernel, type TestHost } from '../host.ts'
import { image, upload } from '../plugins/files/library.ts'

let host: TestHost
before(async () => {
  host = await startKernel({
    change: ['./examples/gallery/mod.ts'],
    env: { STORAGE_LOCATIONS: 'main', STORAGE_MAIN_DRIVER: 'memory' },
  })
  for (const name of ['a', 'b', 'c', 'd'])
    await upload(host, [
      ['title', `<${name}>`],
      ['f', await image('jpeg', `${name}.jpg`, 600, 400)],
    ])
})
after(() => host.close())

const get = async (path: string, accept: string) => {
  const headers = { accept, authorization: 'Bearer admin-token' }
  return host.kernel.fetch(new Request(`http://localhost${path}`, { headers }))
}

test('GET /gallery: every picture comes from /assets, in the size of its place', async () => {
  const html = await (await get('/gallery', 'text/html')).text()
  assert.match(html, /&#60;d&#62;/)
  const shown = [...html.matchAll(/<img src="([^"]+)" srcset="[^"]+" width="(\d+)" height="(\d+)"/g)]
  assert.equal(shown.length, 3 + 1 + 6)
  assert.ok(shown.every(([, src]) => src!.startsWith('/assets/')))
  for (const [, src, width, height] of [shown[0]!, shown.at(-1)!]) {
    const answer = await get(src!.replaceAll('&#38;', '&'), 'image/webp')
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/webp'])
    const made = await sharp(await answer.arrayBuffer()).metadata()
    assert.deepEqual([made.width, made.height], [Number(width), Number(height)])
  }
})

test('who may read no files sees none', async () => {
  assert.equal((await host.api('GET', '/gallery', { token: null })).status, 403)
})
