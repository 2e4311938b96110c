/** What is known of contents: checksums, placeholders, tags. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { thumbHashToAverageRGBA } from 'thumbhash'
import { describe as describeImage } from '../../../plugins/files/describe.ts'
import { type FormFile, textFile } from '../../form.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { addReader } from '../../readers.ts'
import { image, upload } from './library.ts'

let host: TestHost
before(async () => {
  host = await startKernel({ env: { STORAGE_LOCATIONS: 'main', STORAGE_MAIN_DRIVER: 'memory' } })
})
after(() => host.close())

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
const make = async (file: FormFile): Promise<string> => (await upload(host, [['f', file]])).data.id
const detailsOf = (ids: readonly string[], token?: string) => host.api('GET', `/files/details?ids=${ids}`, token ? { token } : {})

/** It is made after the answer to the upload. */
async function thumbhashOf(id: string): Promise<string> {
  for (let tries = 0; tries < 500; tries++) {
    const { thumbhash } = (await detailsOf([id])).data[0]
    if (thumbhash !== null) return thumbhash
    await sleep(10)
  }
  throw new Error('There is no thumbhash')
}

describe('GET /files/details', () => {
  test('tells the checksum of each content, in the order asked for', async () => {
    const ids = [await make(textFile('one')), await make(textFile('two')), await make(textFile(''))]
    const { status, data } = await detailsOf([ids[2]!, ids[0]!, ids[0]!, crypto.randomUUID(), ids[1]!])
    assert.equal(status, 200)
    const of = (id: string, content: string) => ({ id, sha256: sha256(content), thumbhash: null })
    assert.deepEqual(data, [of(ids[2]!, ''), of(ids[0]!, 'one'), of(ids[1]!, 'two')])
  })

  test('tells the ThumbHash of a picture, turned upright', async () => {
    const content = await sharp({ create: { width: 60, height: 30, channels: 3, background: '#f00' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const hash = Buffer.from(await thumbhashOf(await make({ filename: 'a.jpg', type: 'image/jpeg', content })), 'base64')
    const { r, g, b } = thumbHashToAverageRGBA(hash)
    assert.ok(r > 0.9 && g < 0.1 && b < 0.1)
    assert.equal(hash[4]! & 0x80, 0, 'it is no landscape')
  })

  test('a new content has its own', async () => {
    const id = await make(await image('png'))
    const red = await thumbhashOf(id)
    const content = await sharp({ create: { width: 20, height: 10, channels: 3, background: '#00f' } })
      .png()
      .toBuffer()
    await upload(host, [['f', { filename: 'b.png', type: 'image/png', content }]], `/files/${id}`, 'PATCH')
    assert.equal((await detailsOf([id])).data[0].sha256, sha256(content))
    assert.notEqual(await thumbhashOf(id), red)
  })

  test('a file that came otherwise gets its ThumbHash when it is first asked for; its checksum nobody knows', async () => {
    const id = await make(await image('webp'))
    await thumbhashOf(id)
    await host.kernel.db.query('delete from plinth.file_details where file = $1', [id])
    assert.deepEqual((await detailsOf([id])).data, [{ id, sha256: null, thumbhash: null }])
    assert.ok(await thumbhashOf(id))
  })

  test('a picture that is broken has none, and is looked at once', async () => {
    const { content } = await image('png', 'a.png', 300, 300)
    const id = await make({ filename: 'a.png', type: 'image/png', content: (content as Uint8Array).slice(0, 40) })
    for (let tries = 0; ; tries++) {
      const [row] = await host.kernel.db.query('select thumbhash from plinth.file_details where file = $1', [id])
      if (row!.thumbhash === '') break
      assert.ok(tries < 500)
      await sleep(10)
    }
    assert.equal((await detailsOf([id])).data[0].thumbhash, null)
  })

  test('they go with their file', async () => {
    const id = await make(textFile('x'))
    await host.api('DELETE', `/files/${id}`)
    assert.deepEqual(await host.kernel.db.query('select from plinth.file_details where file = $1', [id]), [])
  })

  test('nobody hears of a file that they may not read', async () => {
    const [mine, other] = [await make(textFile('a', 'mine.txt')), await make(textFile('b', 'other.txt'))]
    const token = await addReader(host, 'reader', 'directus_files', { title: { _eq: 'Mine' } })
    const { data } = await detailsOf([mine, other], token)
    assert.deepEqual(
      data.map(({ id }: { id: string }) => id),
      [mine],
    )
    assert.equal((await host.api('GET', `/files/details?ids=${mine}`, { token: null })).status, 403)
  })

  for (const ids of ['', 'x', Array(101).fill(crypto.randomUUID()).join(',')]) {
    test(`?ids=${ids.slice(0, 20)} answers 400`, async () => {
      const { status, code } = await host.api('GET', `/files/details?ids=${ids}`)
      assert.deepEqual([status, code], [400, 'INVALID_QUERY'])
    })
  }
})

test('describe() keeps the tags that are allowed, no bytes, and no place unless it is asked for', async () => {
  const bytes = await sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } })
    .withExif({
      IFD0: { Make: 'Acme', Model: 'One', Artist: 'Ann' },
      IFD2: { FNumber: '28/10', ISOSpeedRatings: '400', ExposureTime: '1/50' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100', GPSLongitudeRef: 'W', GPSLongitude: '0/1 7/1 4366/100' },
    })
    .jpeg()
    .toBuffer()
  const kept = async (...allowed: string[]) => (await describeImage(bytes, allowed)).metadata as Record<string, Record<string, unknown>>
  assert.deepEqual(await kept('ifd0.Make', 'exif.ISOSpeedRatings', 'exif.FNumber'), {
    ifd0: { Make: 'Acme' },
    exif: { FNumber: 2.8, ISOSpeedRatings: 400 },
  })
  assert.deepEqual(await kept(), {})
  assert.deepEqual(await kept('gps.GPSLatitude'), { gps: { GPSLatitude: [51, 30, 32.3] } })
  const all = await kept('*')
  assert.deepEqual(Object.keys(all), ['ifd0', 'exif', 'gps'])
  assert.deepEqual([all.ifd0!.Artist, all.ifd0!.Orientation, all.exif!.PixelXDimension], ['Ann', 1, 40])
  assert.ok(!('ExifVersion' in all.exif!) || typeof all.exif!.ExifVersion === 'string')
})

/** A JPEG with an Exif segment of our own, as libvips writes no lists of numbers: an orientation and one tag of shorts (TIFF 6.0, section 2). */
function withExif(jpeg: Buffer, orientation: number, tag: number, values: readonly number[]): Buffer {
  const tiff = Buffer.alloc(64)
  tiff.write('MM\0*', 0, 'latin1')
  tiff.writeUInt32BE(8, 4)
  const entry = (at: number, id: number, type: number, count: number) => {
    tiff.writeUInt16BE(id, at)
    tiff.writeUInt16BE(type, at + 2)
    tiff.writeUInt32BE(count, at + 4)
  }
  tiff.writeUInt16BE(2, 8)
  entry(10, 0x112, 3, 1)
  tiff.writeUInt16BE(orientation, 18)
  entry(22, 0x8769, 4, 1)
  tiff.writeUInt32BE(38, 30)
  tiff.writeUInt16BE(1, 38)
  entry(40, tag, 3, values.length)
  if (values.length > 2) tiff.writeUInt32BE(56, 48)
  for (const [i, value] of values.entries()) tiff.writeUInt16BE(value, (values.length > 2 ? 56 : 48) + 2 * i)
  const head = Buffer.from([0xff, 0xe1, 0, 8 + tiff.length, ...Buffer.from('Exif\0\0')])
  return Buffer.concat([jpeg.subarray(0, 2), head, tiff, jpeg.subarray(2)])
}

test('describe() says where the subject is in the image as it is shown, whatever its orientation', async () => {
  const [area, location, number] = [0x9214, 0xa214, 0x829d]
  const block = await sharp({ create: { width: 20, height: 20, channels: 3, background: 'white' } })
    .png()
    .toBuffer()
  const jpeg = await sharp({ create: { width: 400, height: 200, channels: 3, background: 'black' } })
    .composite([{ input: block, left: 90, top: 40 }])
    .jpeg()
    .toBuffer()
  for (let orientation = 1; orientation <= 8; orientation++) {
    const bytes = withExif(jpeg, orientation, area, [100, 50, 20, 20])
    const { data, info } = await sharp(bytes).autoOrient().greyscale().raw().toBuffer({ resolveWithObject: true })
    const bright = [...data.keys()].filter((i) => data[i]! > 127)
    const middle = (of: (i: number) => number) => bright.reduce((sum, i) => sum + of(i), 0) / bright.length
    const said = await describeImage(bytes, [])
    assert.deepEqual([said.width, said.height], [info.width, info.height])
    assert.ok(Math.abs(said.focal_point_x! - middle((i) => i % info.width)) < 2, `x, orientation ${orientation}`)
    assert.ok(Math.abs(said.focal_point_y! - middle((i) => Math.floor(i / info.width))) < 2, `y, orientation ${orientation}`)
  }
  const pointOf = async (tag: number, values: number[]) => {
    const { focal_point_x: x, focal_point_y: y } = await describeImage(withExif(jpeg, 1, tag, values), [])
    return [x, y]
  }
  assert.deepEqual(await pointOf(area, [30, 60]), [30, 60])
  assert.deepEqual(await pointOf(area, [30, 60, 9]), [30, 60])
  assert.deepEqual(await pointOf(location, [7, 60]), [7, 60])
  assert.deepEqual(await pointOf(area, [0, 0]), [undefined, undefined], 'nothing is said')
  assert.deepEqual(await pointOf(area, [500, 60]), [undefined, undefined], 'outside')
  assert.deepEqual(await pointOf(number, [1, 2]), [undefined, undefined], 'another tag')
})
