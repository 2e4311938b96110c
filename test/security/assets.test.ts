/** Contents that lie, burst or run, and parameters that ask for too much; each attack has a twin that works. The process lives through all of it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { storage } from 'plinth/files'
import sharp from 'sharp'
import { startKernel, type TestHost } from '../host.ts'
import { ask, memory, moving, put, quarters, seen } from '../plugins/assets/library.ts'

let host: TestHost
let good: string
before(async () => {
  host = await startKernel({ env: { ...memory, ASSETS_TRANSFORM_TIMEOUT: '1s', ASSETS_TRANSFORM_MAX_WAITING: '30' } })
  good = await put(host, await (await quarters()).jpeg().toBuffer(), 'good.jpg', 'image/jpeg')
})
after(() => host.close())

const isAlive = async () => assert.equal((await ask(host, `/assets/${good}?width=10`)).status, 200)

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(body))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  return Buffer.concat([length, body, crc])
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** A PNG whose head claims any size, with `rows` of it there. */
function png(width: number, height: number, rows: number): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 0, 0, 0, 0], 8)
  const data = deflateSync(Buffer.alloc((width + 1) * rows))
  const mark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([mark, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))])
}

describe('images that are not what they seem', () => {
  const jpeg = async () => (await quarters(1000, 800)).jpeg().toBuffer()
  const cases: [why: string, content: () => Promise<Buffer> | Buffer, name: string, expected: string | number][] = [
    ['as large as may be', () => png(6000, 6000, 6000), 'large.png', 200],
    ['a side of one pixel more', () => png(6001, 10, 10), 'wide.png', 'ILLEGAL_ASSET_TRANSFORMATION'],
    ['a bomb: a few bytes that unfold to gigabytes', () => png(100_000, 100_000, 1), 'bomb.png', 'ILLEGAL_ASSET_TRANSFORMATION'],
    ['a head with almost no rows', () => png(5000, 5000, 2), 'rows.png', 'UNPROCESSABLE_CONTENT'],
    ['a JPEG that breaks off', async () => (await jpeg()).subarray(0, 2000), 'cut.jpg', 'UNPROCESSABLE_CONTENT'],
    ['a JPEG that ends after its first bytes', async () => (await jpeg()).subarray(0, 30), 'head.jpg', 'UNPROCESSABLE_CONTENT'],
    ['a GIF that breaks off', async () => (await moving('gif')).subarray(0, 40), 'cut.gif', 'UNPROCESSABLE_CONTENT'],
    ['a whole JPEG', jpeg, 'whole.jpg', 200],
  ]
  for (const [why, content, name, expected] of cases) {
    test(`${why}: ${expected}`, async () => {
      const type = `image/${name.split('.')[1]!.replace('jpg', 'jpeg')}`
      const id = await put(host, await content(), name, type)
      const answer = await ask(host, `/assets/${id}?width=20`)
      assert.equal(answer.code ?? answer.status, expected, answer.bytes.toString().slice(0, 200))
      assert.equal((await ask(host, `/assets/${id}`)).status, 200)
      await isAlive()
    })
  }

  test('a text, a drawing or a PDF that a row calls a PNG is opened by nothing', async () => {
    const id = await put(host, 'text', 'a.txt', 'text/plain')
    const drawing =
      '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file:///etc/passwd"/></svg>'
    for (const content of ['text', drawing, '%PDF-1.4', 'GIMP', '']) {
      const [file] = await host.kernel.db.query<{ filename_disk: string }>('select filename_disk from directus_files where id = $1::uuid', [
        id,
      ])
      await host.kernel
        .use(storage)
        .at('main')
        .put(file!.filename_disk, new Blob([content]).stream())
      await host.kernel.db.query(`update directus_files set type = 'image/png' where id = $1::uuid`, [id])
      const { code } = await ask(host, `/assets/${id}?width=20`)
      assert.equal(code, 'UNPROCESSABLE_CONTENT', content.slice(0, 10))
    }
    await isAlive()
  })

  test('frames of one that moves count together', async () => {
    const frames = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        sharp({ create: { width: 2500, height: 2000, channels: 3, background: i % 2 ? 'blue' : 'red' } })
          .png()
          .toBuffer(),
      ),
    )
    const id = await put(
      host,
      await sharp(frames, { join: { animated: true } })
        .gif({ loop: 0, effort: 1 })
        .toBuffer(),
      'many.gif',
      'image/gif',
    )
    assert.equal((await ask(host, `/assets/${id}?width=20`)).code, 'ILLEGAL_ASSET_TRANSFORMATION')
    assert.equal(await seen((await ask(host, `/assets/${id}?width=20&format=png`)).bytes), 'png 20x16 rr/rr')
  })

  test('frames that get large count together too', async () => {
    const id = await put(host, await moving('webp'), 'small.webp', 'image/webp')
    const grown = (width: number) => ask(host, `/assets/${id}?width=${width}`)
    assert.equal((await grown(4300)).code, 'ILLEGAL_ASSET_TRANSFORMATION')
    assert.match(await seen((await grown(120)).bytes), /^webp 120x80 3 frames/)
  })
})

describe('parameters that ask for too much', () => {
  test('an operation that would take minutes ends in time', async () => {
    const id = await put(host, await (await quarters(4000, 4000)).jpeg().toBuffer(), 'large.jpg', 'image/jpeg')
    for (const list of ['[["median",900]]', '[["blur",900],["blur",1000]]']) {
      const { code } = await ask(host, `/assets/${id}?transforms=${encodeURIComponent(list)}`)
      assert.equal(code, 'SERVICE_UNAVAILABLE', list)
    }
    await isAlive()
  })

  test('names of the prototype, files and programs are no operations; values that are nested lead nowhere', async () => {
    const lists = [
      '[["__proto__"]]',
      '[["toString"]]',
      '[["toFile","/tmp/plinth"]]',
      '[["pipe"]]',
      '[["composite",[{"input":"/etc/passwd"}]]]',
      '[["joinChannel","/etc/passwd"]]',
      '[["boolean","/etc/passwd","and"]]',
      '[["withIccProfile","/etc/passwd"]]',
      '[["resize",{"width":{"a":1}}]]',
      '[["linear",[1,2,3,4,5,6]]]',
      '[["recomb",[[1]]]]',
      '[["convolve",{"width":3,"height":3,"kernel":[1]}]]',
      '[["extract",{"left":-1,"top":0,"width":5,"height":5}]]',
      '[["extend",{"top":-5}]]',
      '[["toFormat","svg"]]',
      '[["toFormat","dz"]]',
      '[null]',
      '[[]]',
      '[[["flip"]]]',
    ]
    for (const list of lists) {
      const { code, bytes } = await ask(host, `/assets/${good}?transforms=${encodeURIComponent(list)}`)
      assert.equal(code, 'INVALID_QUERY', `${list}: ${bytes.toString('latin1').slice(0, 200)}`)
    }
    assert.equal((await ask(host, `/assets/${good}?transforms=${encodeURIComponent('[["linear",[1,1,1],[0,0,0]]]')}`)).status, 200)
  })

  test('a hundred at once: as many as may wait are answered, the others told to come again', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(host, `/assets/${good}?width=${100 + i}`)))
    const count = (status: number) => answers.filter((answer) => answer.status === status).length
    assert.equal(count(200) + count(503), 100)
    assert.ok(count(200) >= 30, `${count(200)}`)
    await isAlive()
  })
})

describe('contents that would run in a browser', () => {
  for (const [name, type] of [
    ['page.html', 'text/html'],
    ['page.xhtml', 'application/xhtml+xml'],
    ['feed.xml', 'text/xml'],
    ['d.svg', 'image/svg+xml'],
    ['run.js', 'text/javascript'],
  ] as const) {
    test(`${type} is to be saved, and runs nothing`, async () => {
      const id = await put(host, '<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>', name, type)
      await host.kernel.db.query('update directus_files set type = $2 where id = $1::uuid', [id, type])
      for (const path of [`/assets/${id}`, `/assets/${id}/picture.png`, `/assets/${id}?width=1&format=png`]) {
        const { headers } = await ask(host, path)
        assert.match(headers.get('content-disposition')!, /^attachment;/, path)
        assert.equal(headers.get('content-security-policy'), "default-src 'none'; sandbox")
        assert.equal(headers.get('x-content-type-options'), 'nosniff')
      }
    })
  }

  test('a name cannot add a header, a picture is shown', async () => {
    const { status, headers } = await ask(host, `/assets/${good}/${encodeURIComponent('a"\r\nSet-Cookie: x=y\r\n.jpg')}`)
    assert.deepEqual([status, headers.get('set-cookie')], [200, null])
    assert.match(headers.get('content-disposition')!, /^inline; filename="a\\"\?\?Set-Cookie: x=y\?\?\.jpg"/)
  })
})

describe('storage', () => {
  test('a row that names a content elsewhere opens nothing', async () => {
    const id = await put(host, 'text', 'a.txt', 'text/plain')
    for (const name of ['../../etc/passwd', '/etc/passwd', '..', 'a\u0001b']) {
      await host.kernel.db.query('update directus_files set filename_disk = $2 where id = $1::uuid', [id, name])
      assert.equal((await ask(host, `/assets/${id}`)).code, 'FORBIDDEN', name)
    }
  })

  test('a content that has gone, or breaks off, does not take the process with it', async () => {
    const id = await put(host, await (await quarters()).png().toBuffer(), 'a.png', 'image/png')
    const driver = host.kernel.use(storage).at('main') as { get: (name: string) => Promise<ReadableStream<Uint8Array>> }
    const { get } = driver
    driver.get = async () =>
      new ReadableStream({
        pull(controller) {
          controller.error(new Error('the disk is gone'))
        },
      })
    try {
      await assert.rejects(ask(host, `/assets/${id}`), /the disk is gone/)
      assert.equal((await ask(host, `/assets/${id}?width=3`)).status, 503)
    } finally {
      driver.get = get
    }
    assert.equal((await ask(host, `/assets/${id}?width=3`)).status, 200)
  })
})
