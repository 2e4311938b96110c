/** /files and /folders, asked as a client would. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { storage } from 'plinth/files'
import { type FormPart, textFile } from '../../form.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { type Opened, openStorage } from '../../storages.ts'
import { image, send, upload } from './library.ts'

let host: TestHost
let contents: Opened
before(async () => {
  contents = await openStorage('main', 'second')
  host = await startKernel({ env: contents.env })
})
after(async () => {
  await host.close()
  await contents.close()
})

const kept = async (location = 'main') => (await Array.fromAsync(host.kernel.use(storage).at(location).list(''))).sort()
const contentOf = async (name: string, location = 'main') => new Response(await host.kernel.use(storage).at(location).get(name)).text()

describe('POST /files', () => {
  test('one file answers an object: name on disk, size, title, type, dates, its uploader', async () => {
    const { status, data } = await upload(host, [['file', await image('png', 'two_words-here.png')]])
    assert.equal(status, 200)
    const { id, created_on, uploaded_on, modified_on, uploaded_by, ...rest } = data
    for (const date of [created_on, uploaded_on, modified_on]) assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000)
    assert.ok(uploaded_by)
    assert.deepEqual(rest, {
      storage: 'main',
      filename_disk: `${id}.png`,
      filename_download: 'two_words-here.png',
      title: 'Two Words Here',
      type: 'image/png',
      folder: null,
      modified_by: null,
      charset: null,
      filesize: rest.filesize,
      width: 20,
      height: 10,
      duration: null,
      embed: null,
      description: null,
      location: null,
      tags: null,
      metadata: {},
      focal_point_x: null,
      focal_point_y: null,
      tus_id: null,
      tus_data: null,
    })
    assert.equal(rest.filesize, String((await host.kernel.use(storage).at('main').stat(`${id}.png`))!.size))
  })

  test('several files answer a list; the fields before a file are its own, and last no longer', async () => {
    const parts: FormPart[] = [
      ['title', 'First'],
      ['tags', '["a","b"]'],
      ['unknown', 'x'],
      ['a', textFile('one', 'one.txt')],
      ['storage', 'second'],
      ['b', textFile('two', 'two.txt')],
      ['title', 'too late'],
    ]
    const { status, data } = await upload(host, parts, '/files?fields=title,tags,storage,filename_disk,filesize&sort=title')
    assert.equal(status, 200)
    assert.deepEqual(
      data.map(({ filename_disk, ...rest }: Record<string, unknown>) => rest),
      [
        { title: 'First', tags: ['a', 'b'], storage: 'main', filesize: '3' },
        { title: 'Two', tags: null, storage: 'second', filesize: '3' },
      ],
    )
    assert.equal(await contentOf(data[1].filename_disk, 'second'), 'two')
    assert.ok((await kept()).includes(data[0].filename_disk))
  })
})

/** What may be left of what failed. */
async function nothingLeft(before: readonly string[], path = '/files?aggregate[count]=*'): Promise<void> {
  assert.deepEqual(await kept(), before)
  assert.deepEqual(await host.kernel.db.query('select * from plinth.file_leftovers'), [], path)
}

describe('what is refused leaves nothing', () => {
  const id = '11111111-1111-4111-8111-111111111111'
  const refused: [why: string, parts: FormPart[], status: number, code: string][] = [
    ['no file', [['title', 'x']], 400, 'INVALID_PAYLOAD'],
    [
      'an unknown folder',
      [
        ['folder', crypto.randomUUID()],
        ['f', textFile('x', 'x.txt')],
      ],
      400,
      'INVALID_FOREIGN_KEY',
    ],
    [
      'an id that is taken',
      [
        ['id', id],
        ['f', textFile('other', 'x.txt')],
      ],
      400,
      'RECORD_NOT_UNIQUE',
    ],
    [
      'an id that is none',
      [
        ['id', '../x'],
        ['f', textFile('x', 'x.txt')],
      ],
      400,
      'INVALID_PAYLOAD',
    ],
    [
      'an unknown storage',
      [
        ['storage', 'nope'],
        ['f', textFile('x', 'x.txt')],
      ],
      400,
      'INVALID_PAYLOAD',
    ],
    ['a name of 300 characters', [['f', textFile('x', 'x'.repeat(300))]], 400, 'VALUE_TOO_LONG'],
    ['a name of 10,000 characters', [['f', textFile('x', 'x'.repeat(10_000))]], 400, 'VALUE_TOO_LONG'],
    [
      'a title that is too long',
      [
        ['title', 'x'.repeat(300)],
        ['f', textFile('x', 'x.txt')],
      ],
      400,
      'VALUE_TOO_LONG',
    ],
    [
      'a second file that is refused takes the first with it',
      [
        ['a', textFile('a', 'a.txt')],
        ['folder', crypto.randomUUID()],
        ['f', textFile('x', 'x.txt')],
      ],
      400,
      'INVALID_FOREIGN_KEY',
    ],
    [
      'a second file of a wrong storage does too',
      [
        ['a', textFile('a', 'a.txt')],
        ['storage', 'nope'],
        ['f', textFile('x', 'x.txt')],
      ],
      400,
      'INVALID_PAYLOAD',
    ],
  ]
  let before: string[]
  test('first there is one', async () => {
    assert.equal(
      (
        await upload(host, [
          ['id', id],
          ['f', textFile('mine', 'x.txt')],
        ])
      ).status,
      200,
    )
    before = await kept()
  })
  for (const [why, parts, status, code] of refused)
    test(why, async () => {
      const answer = await upload(host, parts)
      assert.deepEqual([answer.status, answer.code], [status, code])
      await nothingLeft(before)
      assert.equal(await contentOf(`${id}.txt`), 'mine')
    })

  test('nobody without the right to create gets to send a byte', async () => {
    let read = false
    const body = new ReadableStream(
      {
        pull(controller) {
          read = true
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const answer = await send(host, 'POST', '/files', body, { token: null, headers: { 'content-type': 'multipart/form-data; boundary=x' } })
    assert.deepEqual([answer.status, answer.code, read], [403, 'FORBIDDEN', false])
  })

  const bodies: [why: string, method: string, body: unknown, code: string][] = [
    ['a record without a type', 'POST', { filename_download: 'a' }, 'INVALID_PAYLOAD'],
    ['a list', 'POST', [{ filename_download: 'a' }], 'INVALID_PAYLOAD'],
    ['an import without an address', 'POST', {}, 'INVALID_PAYLOAD'],
  ]
  for (const [why, method, body, code] of bodies)
    test(why, async () => assert.equal((await host.api(method, why.includes('import') ? '/files/import' : '/files', { body })).code, code))
})

const png = (await image('png')).content

describe('types, names, titles', () => {
  const cases: [why: string, declared: string, content: string | Uint8Array, filename: string, expected: Record<string, unknown>][] = [
    ['a picture that is declared as another one', 'image/gif', png, 'a.gif', { type: 'image/png', width: 20 }],
    [
      'a page that is declared as a picture',
      'image/png',
      '<html><script>alert(1)</script></html>',
      'a.png',
      { type: 'application/octet-stream', width: null },
    ],
    ['a broken picture', 'image/png', png.slice(0, 20), 'a.png', { type: 'image/png', width: null, metadata: null }],
    [
      'a vector picture',
      'image/svg+xml',
      '<svg xmlns="http://www.w3.org/2000/svg"/>',
      'a.svg',
      { type: 'image/svg+xml', width: null, metadata: null },
    ],
    ['an empty content', 'text/plain', '', 'a.txt', { type: 'text/plain', filesize: '0' }],
    ['a path is left out', 'text/plain', 'x', '../../etc/passwd', { filename_download: 'passwd', title: 'Passwd' }],
    ['a path of Windows too', 'text/plain', 'x', 'C:\\a\\b.txt', { filename_download: 'b.txt' }],
    ['no extension: that of the type', 'image/png', png, 'README', { filename_download: 'README', title: 'Readme', extension: '.png' }],
    ['an extension that is no word', 'text/plain', 'x', 'a.b c', { filename_download: 'a.b c', extension: '.txt' }],
    ['capitals stay on disk', 'image/png', png, 'LOUD.PnG', { title: 'Loud', extension: '.PnG' }],
  ]
  for (const [why, declared, content, filename, expected] of cases)
    test(why, async () => {
      const { status, data } = await upload(host, [['f', { filename, type: declared, content }]])
      assert.equal(status, 200)
      const got = { ...data, extension: data.filename_disk.slice(36) }
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(got[name], value, name)
    })

  for (const format of ['png', 'jpeg', 'gif', 'webp', 'avif', 'tiff'] as const)
    test(`${format}: width and height`, async () => {
      const { data } = await upload(host, [['f', await image(format, undefined, 32, 16)]])
      assert.deepEqual([data.type, data.width, data.height, data.metadata], [`image/${format}`, 32, 16, {}])
    })
})

describe('PATCH', () => {
  test('with a file: content, type, size and name are new, title and focal point stay; the old content and what was made of it are gone', async () => {
    const { data: first } = await upload(host, [
      ['focal_point_x', '3'],
      ['focal_point_y', '4'],
      ['f', await image('png', 'one.png')],
    ])
    const place = host.kernel.use(storage).at('main')
    await place.put(`${first.id}__small.webp`, new Response('derived').body!)
    const before = await kept()
    const { status, data } = await upload(host, [['f', await image('jpeg', 'two.jpg', 8, 6)]], `/files/${first.id}`, 'PATCH')
    assert.equal(status, 200)
    assert.deepEqual(
      [data.title, data.focal_point_x, data.type, data.width, data.height, data.filename_download],
      ['One', 3, 'image/jpeg', 8, 6, 'two.jpg'],
    )
    assert.ok(data.modified_by)
    const gone = [first.filename_disk, `${first.id}__small.webp`]
    assert.deepEqual(await kept(), [...before.filter((name) => !gone.includes(name)), data.filename_disk].sort())

    const again = await upload(
      host,
      [
        ['title', 'Given'],
        ['f', textFile('text', 'three.txt')],
      ],
      `/files/${first.id}`,
      'PATCH',
    )
    assert.deepEqual([again.data.title, again.data.width, again.data.height, again.data.metadata], ['Given', null, null, null])
    await nothingLeft(await kept())
  })

  test('with a file that is refused: all is as it was', async () => {
    const { data } = await upload(host, [['f', textFile('old', 'a.txt')]])
    const before = await kept()
    const refused = await upload(
      host,
      [
        ['folder', crypto.randomUUID()],
        ['f', textFile('new', 'a.txt')],
      ],
      `/files/${data.id}`,
      'PATCH',
    )
    assert.equal(refused.code, 'INVALID_FOREIGN_KEY')
    assert.equal((await upload(host, [['title', 'x']], `/files/${data.id}`, 'PATCH')).code, 'INVALID_PAYLOAD')
    await nothingLeft(before)
    assert.equal(await contentOf(data.filename_disk), 'old')
    assert.deepEqual((await host.api('GET', `/files/${data.id}`)).data, data)
  })

  test('several replacements at once: one content stays, and it is that of the row', async () => {
    const { data } = await upload(host, [['f', textFile('0')]])
    const others = (await kept()).filter((name) => name !== data.filename_disk)
    await Promise.all(['1', '2', '3', '4'].map((text) => upload(host, [['f', textFile(text)]], `/files/${data.id}`, 'PATCH')))
    const row = (await host.api('GET', `/files/${data.id}`)).data
    await nothingLeft([...others, row.filename_disk].sort())
    assert.match(await contentOf(row.filename_disk), /^[1-4]$/)
  })
})

describe('DELETE', () => {
  test('takes the content with it, and what was made of it', async () => {
    const { data } = await upload(host, [
      ['a', textFile('1', 'a.txt')],
      ['b', textFile('2', 'b.txt')],
    ])
    const ids = data.map(({ id }: { id: string }) => id)
    await host.kernel.use(storage).at('main').put(`${ids[0]}__x.webp`, new Response('derived').body!)
    assert.equal((await host.api('DELETE', '/files', { body: ids })).status, 204)
    const left = await kept()
    for (const id of ids) assert.ok(!left.some((name) => name.startsWith(id)))
    await nothingLeft(left)
  })

  test('that is refused leaves the content', async () => {
    const { data } = await upload(host, [['f', textFile('logo', 'a.txt')]])
    await host.api('PATCH', '/settings', { body: { project_logo: data.id } })
    const refused = await host.api('DELETE', `/files/${data.id}`)
    assert.equal(refused.code, 'INVALID_FOREIGN_KEY')
    assert.equal(await contentOf(data.filename_disk), 'logo')
    await host.api('PATCH', '/settings', { body: { project_logo: null } })
    assert.equal((await host.api('DELETE', `/files/${data.id}`)).status, 204)
  })

  test('of one of two files that share a content leaves it to the other', async () => {
    const { data } = await upload(host, [['f', textFile('shared', 'a.txt')]])
    const record = { type: 'text/plain', storage: 'main', filename_download: 'b.txt', filename_disk: `../${data.filename_disk}` }
    const { data: second } = await host.api('POST', '/files', { body: record })
    assert.equal(second.filename_disk, data.filename_disk)
    assert.equal((await host.api('DELETE', `/files/${data.id}`)).status, 204)
    assert.equal(await contentOf(data.filename_disk), 'shared')
    assert.equal((await host.api('DELETE', `/files/${second.id}`)).status, 204)
    await nothingLeft((await kept()).filter((name) => name !== data.filename_disk))
  })
})

describe('folders', () => {
  test('a folder that is deleted leaves its files without one', async () => {
    const { data: folder } = await host.api('POST', '/folders', { body: { name: 'Press' } })
    assert.equal(folder.type, 'files')
    const { data } = await upload(host, [
      ['folder', folder.id],
      ['f', textFile('x', 'x.txt')],
    ])
    assert.equal(data.folder, folder.id)
    assert.equal((await host.api('DELETE', `/folders/${folder.id}`)).status, 204)
    assert.equal((await host.api('GET', `/files/${data.id}`)).data.folder, null)
  })

  test('the default folder is that of uploads that name none', async () => {
    const { data: folder } = await host.api('POST', '/folders', { body: { name: 'Inbox' } })
    await host.api('PATCH', '/settings', { body: { storage_default_folder: folder.id } })
    assert.equal((await upload(host, [['f', textFile('x', 'x.txt')]])).data.folder, folder.id)
    await host.api('PATCH', '/settings', { body: { storage_default_folder: null } })
    assert.equal((await upload(host, [['f', textFile('x', 'x.txt')]])).data.folder, null)
  })
})
