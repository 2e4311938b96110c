/** /assets/:id, asked as a browser would. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { storage } from 'plinth/files'
import { startKernel, type TestHost } from '../../host.ts'
import { type Opened, openStorage } from '../../storages.ts'
import { upload } from '../files/library.ts'
import { type Asked, ask, moving, put, quarters, seen } from './library.ts'

let host: TestHost
let contents: Opened
const ids: Record<string, string> = {}
before(async () => {
  contents = await openStorage('main')
  host = await startKernel({ env: contents.env })
  const picture = await quarters()
  ids.png = await put(host, await picture.clone().png().toBuffer(), 'quad.png', 'image/png')
  ids.jpg = await put(host, await picture.clone().jpeg().toBuffer(), 'quad.jpg', 'image/jpeg')
  ids.turned = await put(host, await picture.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(), 'turned.jpg', 'image/jpeg')
  ids.gif = await put(host, await moving('gif'), 'moving.gif', 'image/gif')
  ids.webp = await put(host, await moving('webp'), 'moving.webp', 'image/webp')
  ids.text = await put(host, '0123456789', 'ten.txt', 'text/plain')
  ids.svg = await put(host, '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'd.svg', 'image/svg+xml')
})
after(async () => {
  await host.close()
  await contents.close()
})

const get = (name: string, rest = '', asked: Asked = {}) => ask(host, `/assets/${ids[name]}${rest}`, asked)

describe('a file as it is', () => {
  test('has headers that say what it is, and keep it harmless', async () => {
    const { status, headers, bytes } = await get('png')
    assert.equal(status, 200)
    const { etag, 'last-modified': modified, 'content-length': length } = Object.fromEntries(headers)
    assert.equal(Number(length), bytes.length)
    assert.match(etag!, /^"[\w-]+"$/)
    assert.ok(Math.abs(Date.parse(modified!) - Date.now()) < 60_000)
    const expected = {
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=2592000',
      'content-disposition': 'inline; filename="quad.png"',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'image/png',
      vary: 'Origin',
      'x-content-type-options': 'nosniff',
    }
    for (const [name, value] of Object.entries(expected)) assert.equal(headers.get(name), value, name)
  })

  const named: [rest: string, disposition: string][] = [
    ['', 'inline; filename="ten.txt"'],
    ['?download', 'attachment; filename="ten.txt"'],
    ['/other.md?download', 'attachment; filename="other.md"'],
    ['.png', 'inline; filename="ten.txt"'],
    ['/%E6%9D%B1%E4%BA%AC%20tower.png', 'inline; filename="?? tower.png"; filename*=UTF-8\'\'%E6%9D%B1%E4%BA%AC%20tower.png'],
  ]
  for (const [rest, disposition] of named) {
    test(`is named: ${rest || 'by its own name'}`, async () => {
      const { status, headers } = await get('text', rest)
      assert.deepEqual([status, headers.get('content-disposition')], [200, disposition])
    })
  }

  const parts: [range: string, status: number, range: string | null, body: string][] = [
    ['bytes=2-4', 206, 'bytes 2-4/10', '234'],
    ['bytes=-3', 206, 'bytes 7-9/10', '789'],
    ['bytes=0-0,5-6', 206, 'bytes 0-0/10', '0'],
    ['lines=1-2', 200, null, '0123456789'],
  ]
  for (const [range, status, told, body] of parts) {
    test(`Range: ${range} answers ${status}`, async () => {
      const answer = await get('text', '', { headers: { range } })
      assert.deepEqual([answer.status, answer.headers.get('content-range'), answer.bytes.toString()], [status, told, body])
      assert.equal(answer.headers.get('content-length'), String(body.length))
    })
  }

  for (const range of ['bytes=10-', 'bytes=5-2', 'bytes=-0']) {
    test(`Range: ${range} answers 416`, async () => {
      const { status, code, headers } = await get('text', '', { headers: { range } })
      assert.deepEqual([status, code, headers.get('content-range')], [416, 'RANGE_NOT_SATISFIABLE', 'bytes */10'])
    })
  }

  test('is not sent again to whoever has it', async () => {
    const { headers } = await get('text')
    const [etag, since] = [headers.get('etag')!, headers.get('last-modified')!]
    const held: [Record<string, string>, number][] = [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': `"x", W/${etag}` }, 304],
      [{ 'if-none-match': '"x"', 'if-modified-since': since }, 200],
      [{ 'if-modified-since': since }, 304],
      [{ 'if-modified-since': new Date(0).toUTCString() }, 200],
      [{ 'if-range': etag, range: 'bytes=0-1' }, 206],
      [{ 'if-range': '"x"', range: 'bytes=0-1' }, 200],
    ]
    for (const [asked, status] of held) assert.equal((await get('text', '', { headers: asked })).status, status, JSON.stringify(asked))
  })

  test('HEAD tells all and sends nothing', async () => {
    const { status, headers, bytes } = await get('text', '', { method: 'HEAD' })
    assert.deepEqual([status, headers.get('content-length'), bytes.length], [200, '10', 0])
  })

  test('what a browser would run is to be saved', async () => {
    const { headers } = await get('svg', '?width=10')
    assert.match(headers.get('content-disposition')!, /^attachment/)
    assert.equal(headers.get('content-security-policy'), "default-src 'none'; sandbox")
  })

  test('a record without a content answers 503, a missing or strange key 403', async () => {
    const { data } = await host.api('POST', '/files', { body: { type: 'image/png', filename_download: 'x.png', storage: 'main' } })
    assert.equal((await ask(host, `/assets/${data.id}`)).code, 'SERVICE_UNAVAILABLE')
    for (const key of ['aaaaaaaa-0000-4000-8000-000000000000', 'nope', 'files', '%00'])
      assert.equal((await ask(host, `/assets/${key}`)).code, 'FORBIDDEN', key)
  })
})

describe('transforms', () => {
  const cases: [name: string, query: string, expected: string][] = [
    ['png', 'width=100', 'png 100x50 rg/by'],
    ['png', 'height=50', 'png 100x50 rg/by'],
    ['png', 'width=100&height=100', 'png 100x100 rg/by'],
    ['png', 'width=100&height=100&fit=contain', 'png 100x100 kk/kk'],
    ['png', 'width=100&height=100&fit=inside', 'png 100x50 rg/by'],
    ['png', 'width=100&height=100&fit=outside', 'png 200x100 rg/by'],
    ['png', 'width=100&height=100&fit=fill', 'png 100x100 rg/by'],
    ['png', 'width=800', 'png 800x400 rg/by'],
    ['png', 'width=800&withoutEnlargement=true', 'png 400x200 rg/by'],
    ['png', 'width=800&withoutEnlargement=false', 'png 800x400 rg/by'],
    ['png', 'width=', 'png 400x200 rg/by'],
    ['png', 'format=JPG&quality=10', 'jpeg 400x200 rg/by'],
    ['png', 'format=webp', 'webp 400x200 rg/by'],
    ['png', 'format=avif&width=40', 'heif 40x20 rg/by'],
    ['png', 'format=tiff', 'tiff 400x200 rg/by'],
    ['png', 'format=gif', 'gif 400x200 rg/by'],
    ['png', 'width=100&height=100&focal_point_x=0&focal_point_y=0', 'png 100x100 rr/bb'],
    ['png', 'width=100&height=100&focal_point_x=400&focal_point_y=200', 'png 100x100 gg/yy'],
    ['png', 'width=100&height=100&focal_point_x=400', 'png 100x100 rg/by'],
    ['png', 'focal_point_x=0&focal_point_y=0', 'png 400x200 rg/by'],
    ['png', 'key=system-small-cover', 'png 64x64 rg/by'],
    ['png', 'key=system-small-contain', 'png 64x32 rg/by'],
    ['png', 'key=system-large-contain&format=webp', 'webp 800x400 rg/by'],
    ['png', 'key=system-small-cover&width=10', 'png 10x5 rg/by'],
    ['png', 'transforms=[["rotate",90]]', 'png 200x400 br/yg'],
    ['png', 'transforms=[["flip"],["flop"]]', 'png 400x200 yb/gr'],
    ['png', 'transforms=[["flip"]]&width=100', 'png 100x50 by/rg'],
    ['png', 'transforms=[["extract",{"left":0,"top":0,"width":50,"height":50}]]', 'png 50x50 rr/rr'],
    ['png', 'transforms=[["extend",{"top":10,"background":"red"}]]', 'png 400x210 rr/by'],
    ['png', 'transforms=[["webp",{"quality":10}]]', 'webp 400x200 rg/by'],
    ['png', 'transforms=[["toFormat","jpg"]]', 'jpeg 400x200 rg/by'],
    ['png', 'transforms=[]', 'png 400x200 rg/by'],
    ['turned', 'width=100', 'jpeg 100x200 br/yg'],
    ['turned', 'width=100&height=100&focal_point_x=0&focal_point_y=0', 'jpeg 100x100 br/br'],
    ['gif', 'width=30', 'gif 30x20 3 frames rr/rr'],
    ['gif', 'format=webp', 'webp 60x40 3 frames rr/rr'],
    ['gif', 'format=png', 'png 60x40 rr/rr'],
    ['webp', 'width=30', 'webp 30x20 3 frames rr/rr'],
    ['webp', 'width=20&height=20&focal_point_x=0&focal_point_y=0', 'webp 20x20 3 frames rr/rr'],
  ]
  for (const [name, query, expected] of cases) {
    test(`${name}?${query}`, async () => {
      const { status, headers, bytes } = await get(name, `?${encodeURI(query)}`)
      assert.equal(status, 200, bytes.toString())
      assert.equal(await seen(bytes), expected)
      assert.equal(headers.get('content-type'), `image/${expected.split(' ')[0]!.replace('heif', 'avif')}`)
    })
  }

  const refused: [query: string, code: string][] = [
    ...[
      'width=0',
      'width=-5',
      'width=100.5',
      'width=abc',
      'width=1&width=2',
      'height=1e2',
      'quality=0',
      'quality=101',
      'format=bmp',
      'fit=foo',
      'key=nope',
      'withoutEnlargement=maybe',
      'width=9&height=9&focal_point_x=a&focal_point_y=1',
    ].map((query): [string, string] => [query, 'INVALID_QUERY']),
    ...[
      'foo',
      '{}',
      '["flip"]',
      '[["toFile","/tmp/x"]]',
      '[["composite",[]]]',
      '[["constructor"]]',
      '[["blur","x"]]',
      '[["tile"]]',
      '[["raw"]]',
      '[["toFormat","raw"]]',
      '[["toFormat",{"id":"raw"}]]',
      '[["avif",{"effort":9}]]',
      '[["extract",{"left":390,"top":0,"width":50,"height":50}]]',
      '[["extract"]]',
      `[${Array(6).fill('["flip"]')}]`,
    ].map((list): [string, string] => [`transforms=${list}`, 'INVALID_QUERY']),
    ...[
      'width=6001',
      'height=6000',
      'transforms=[["resize",{"width":7000}]]',
      'transforms=[["extend",7000]]',
      'transforms=[["resize",7000],["resize",10]]',
    ].map((query): [string, string] => [query, 'ILLEGAL_ASSET_TRANSFORMATION']),
  ]
  for (const [query, code] of refused) {
    test(`${query.slice(0, 60)} answers 400`, async () => {
      const answer = await get('png', `?${encodeURI(query)}`)
      assert.deepEqual([answer.status, answer.code], [400, code], answer.bytes.toString().slice(0, 300))
    })
  }

  test('what is no image stays as it is, whatever is asked', async () => {
    for (const query of ['width=0', 'format=webp', 'fit=foo&width=3']) {
      assert.equal((await get('text', `?${query}`)).bytes.toString(), '0123456789')
      assert.equal((await get('svg', `?${query}`)).headers.get('content-type'), 'image/svg+xml')
    }
    assert.equal((await get('text', '?key=nope')).code, 'INVALID_QUERY')
  })

  test('format=auto goes by what is accepted', async () => {
    const accepted: [name: string, accept: string, type: string][] = [
      ['jpg', 'image/avif,image/webp,*/*', 'image/avif'],
      ['jpg', 'image/webp', 'image/webp'],
      ['jpg', 'image/avif;q=0,image/webp', 'image/webp'],
      ['jpg', '*/*', 'image/jpeg'],
      ['gif', 'image/avif,image/webp', 'image/webp'],
      ['gif', '*/*', 'image/gif'],
    ]
    for (const [name, accept, type] of accepted) {
      const { headers } = await get(name, '?format=auto&width=10', { headers: { accept } })
      assert.deepEqual([headers.get('content-type'), headers.get('vary')], [type, 'Origin, Accept'], `${name} ${accept}`)
    }
  })

  test('the stored focal point counts where the query names none', async () => {
    const id = await put(host, await (await quarters()).png().toBuffer(), 'focal.png', 'image/png')
    await host.api('PATCH', `/files/${id}`, { body: { focal_point_x: 400, focal_point_y: 200 } })
    const query = '?width=100&height=100'
    assert.equal(await seen((await ask(host, `/assets/${id}${query}`)).bytes), 'png 100x100 gg/yy')
    assert.equal(await seen((await ask(host, `/assets/${id}${query}&focal_point_x=0&focal_point_y=0`)).bytes), 'png 100x100 rr/bb')
  })

  test('an image ignores Range, and is not sent again to whoever has it', async () => {
    const first = await get('png', '?width=100', { headers: { range: 'bytes=0-3' } })
    assert.equal(first.status, 200)
    const held = { 'if-none-match': first.headers.get('etag')! }
    assert.equal((await get('png', '?width=100', { headers: held })).status, 304)
    assert.equal((await get('png', '?width=101', { headers: held })).status, 200)
    const head = await get('png', '?width=100', { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('content-length'), head.bytes.length], [200, String(first.bytes.length), 0])
  })
})

describe('presets and modes', () => {
  const settings = (body: object) => host.api('PATCH', '/settings', { body })
  after(() => settings({ storage_asset_transform: 'all', storage_asset_presets: null }))

  test('a preset, what is said beside it, and what each mode allows', async () => {
    await settings({
      storage_asset_presets: [
        { key: 'a', fit: 'cover', width: 120, height: 80, quality: 50, format: 'webp', withoutEnlargement: true },
        { key: 't', transforms: [['rotate', 90]], width: null },
        { key: 's', width: 50, transforms: '[["flip"]]' },
        { key: 'big', width: 9000 },
      ],
    })
    const cases: [query: string, all: string, presets: string, none: string][] = [
      ['width=10', 'png 10x5 rg/by', 'INVALID_QUERY', 'INVALID_QUERY'],
      ['key=a', 'webp 120x80 rg/by', 'webp 120x80 rg/by', 'INVALID_QUERY'],
      ['key=t', 'png 200x400 br/yg', 'png 200x400 br/yg', 'INVALID_QUERY'],
      ['key=s', 'png 50x25 by/rg', 'png 50x25 by/rg', 'INVALID_QUERY'],
      ['key=a&width=10', 'webp 10x80 rg/by', 'INVALID_QUERY', 'INVALID_QUERY'],
      ['key=a&height=10', 'webp 120x10 rg/by', 'INVALID_QUERY', 'INVALID_QUERY'],
      ['key=a&format=png', 'png 120x80 rg/by', 'INVALID_QUERY', 'INVALID_QUERY'],
      ['key=big', 'ILLEGAL_ASSET_TRANSFORMATION', 'ILLEGAL_ASSET_TRANSFORMATION', 'INVALID_QUERY'],
      ['key=nope&width=1', 'INVALID_QUERY', 'INVALID_QUERY', 'INVALID_QUERY'],
      ['key=system-small-cover', 'png 64x64 rg/by', 'png 64x64 rg/by', 'png 64x64 rg/by'],
      ['key=', 'png 400x200 rg/by', 'INVALID_QUERY', 'INVALID_QUERY'],
      ['transforms=[]', 'png 400x200 rg/by', 'png 400x200 rg/by', 'png 400x200 rg/by'],
      ['download', 'png 400x200 rg/by', 'png 400x200 rg/by', 'png 400x200 rg/by'],
    ]
    for (const [i, mode] of ['all', 'presets', 'none'].entries()) {
      await settings({ storage_asset_transform: mode })
      for (const [query, ...expected] of cases) {
        const { code, bytes } = await get('png', `?${query}`)
        assert.equal(code ?? (await seen(bytes)), expected[i], `${mode}: ${query}`)
      }
    }
  })
})

describe('what is made is kept', () => {
  const derived = async (id: string) => {
    const names = await Array.fromAsync(host.kernel.use(storage).at('main').list(id))
    return names.filter((name) => name.includes('__'))
  }
  /** Results are kept after they have been sent. */
  const until = async (holds: () => boolean | Promise<boolean>) => {
    for (let waited = 0; !(await holds()); waited += 5) {
      assert.ok(waited < 5000, String(holds))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const picture = async () => (await quarters()).jpeg().toBuffer()

  test('equal requests at the same moment make one image, later ones find it', async () => {
    const id = await put(host, await picture(), 'p.jpg', 'image/jpeg')
    await until(async () => (await host.api('GET', `/files/details?ids=${id}`)).data[0].thumbhash !== null) // which reads it too
    const driver = host.kernel.use(storage).at('main')
    const reads: string[] = []
    const { get, path } = driver
    Object.assign(driver, {
      get: (name: string) => {
        reads.push(name)
        return get.call(driver, name)
      },
      ...(path && {
        path: (name: string) => {
          reads.push(name)
          return path.call(driver, name)
        },
      }),
    })
    try {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(host, `/assets/${id}?width=33`)))
      assert.ok(answers.every(({ bytes }) => bytes.equals(answers[0]!.bytes)))
      assert.equal(reads.filter((name) => name === `${id}.jpg`).length, 1)
      assert.ok((await ask(host, `/assets/${id}?width=33`)).bytes.equals(answers[0]!.bytes))
      assert.ok((await ask(host, `/assets/${id}?fit=cover&width=33`)).status === 200)
      assert.equal(reads.filter((name) => name === `${id}.jpg`).length, 2)
      await until(async () => (await derived(id)).length === 2)
    } finally {
      Object.assign(driver, { get, path })
    }
  })

  test('it goes with its file', async () => {
    const id = await put(host, await picture(), 'p.jpg', 'image/jpeg')
    await ask(host, `/assets/${id}?width=33`)
    await until(async () => (await derived(id)).length === 1)
    await host.api('DELETE', `/files/${id}`)
    assert.equal((await derived(id)).length, 0)
    assert.equal((await ask(host, `/assets/${id}?width=33`)).code, 'FORBIDDEN')
  })

  for (const query of ['', '?width=33']) {
    test(`one whose content is replaced in the meantime is sent with the new one: ${query}`, async () => {
      const id = await put(host, await picture(), 'p.jpg', 'image/jpeg')
      const driver = host.kernel.use(storage).at('main')
      const { stat } = driver
      Object.assign(driver, {
        async stat(name: string) {
          driver.stat = stat
          const content = await (await quarters()).rotate(180).png().toBuffer()
          await upload(host, [['f', { filename: 'q.png', type: 'image/png', content }]], `/files/${id}`, 'PATCH')
          return stat.call(driver, name)
        },
      })
      const { status, headers, bytes } = await ask(host, `/assets/${id}${query}`)
      assert.equal(status, 200)
      assert.equal(headers.get('content-type'), 'image/png')
      assert.match(await seen(bytes), /yb\/gr$/)
    })
  }

  test('what cannot be kept is sent all the same', async () => {
    const id = await put(host, await picture(), 'p.jpg', 'image/jpeg')
    const driver = host.kernel.use(storage).at('main')
    const { put: original } = driver
    ;(driver as { put: typeof original }).put = () => Promise.reject(new Error('no space left'))
    try {
      assert.equal((await ask(host, `/assets/${id}?width=33`)).status, 200)
      await until(() => host.logs.some((line) => /could not be kept/.test(JSON.stringify(line))))
    } finally {
      ;(driver as { put: typeof original }).put = original
    }
  })
})
