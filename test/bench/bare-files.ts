/** The bare limit for files: Hono on Node, a file of FOLDER by its name, streamed with its size and time. Prints its address. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { Readable } from 'node:stream'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono()
app.get('/server/ping', (c) => c.text('pong'))
app.get('/assets/:name', async (c) => {
  const path = join(process.env.FOLDER!, c.req.param('name').replace(/[^\w.-]/g, ''))
  const { size, mtime } = await stat(path)
  const headers = { 'content-type': 'image/jpeg', 'content-length': String(size), 'last-modified': mtime.toUTCString() }
  return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream, { headers })
})

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
