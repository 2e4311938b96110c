/** The official SDK's commands for assets, every one of them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createDirectus, readAssetArrayBuffer, readAssetBlob, readAssetRaw, rest, staticToken } from '@directus/sdk'
import { admin, startKernel, type TestHost } from '../host.ts'
import { memory, put, quarters, seen } from '../plugins/assets/library.ts'
import { asking } from './options.ts'

let host: TestHost
let id: string
before(async () => {
  host = await startKernel({ env: memory })
  id = await put(host, await (await quarters()).png().toBuffer(), 'quad.png', 'image/png')
})
after(() => host.close())

const connect = (token = admin.token) => createDirectus('http://plinth.test', asking(host)).with(staticToken(token)).with(rest())

test('@directus/sdk reads assets as blobs, buffers and streams, transformed by parameters, presets and operations', async () => {
  const client = connect()
  const blob = await client.request(readAssetBlob(id, { width: 100, height: 100, fit: 'contain', format: 'webp' }))
  assert.equal(await seen(Buffer.from(await blob.arrayBuffer())), 'webp 100x100 kk/kk')
  const buffer = await client.request(readAssetArrayBuffer(id, { transforms: [['flip'], ['resize', { width: 40 }]] } as never))
  assert.equal(await seen(Buffer.from(buffer)), 'png 40x20 by/rg')
  const stream = await client.request(readAssetRaw(id, { key: 'system-small-cover' } as never))
  assert.equal(await seen(Buffer.from(await new Response(stream as ReadableStream).arrayBuffer())), 'png 64x64 rg/by')
  assert.equal(await seen(Buffer.from(await client.request(readAssetArrayBuffer(id)))), 'png 400x200 rg/by')
})

test('what is refused rejects', async () => {
  await assert.rejects(connect().request(readAssetBlob(id, { width: 0 })))
  await assert.rejects(connect('wrong').request(readAssetBlob(id)))
})
