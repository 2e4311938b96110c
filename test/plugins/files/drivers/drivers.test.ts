/** Every driver does the same. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { StorageDriver } from 'plinth/files'
import { localDriver } from '../../../../plugins/files/drivers/local.node.ts'
import { memoryDriver } from '../../../../plugins/files/drivers/memory.ts'
import { s3Driver } from '../../../../plugins/files/drivers/s3/mod.ts'
import { optionsOf } from '../../../../plugins/files/locations.ts'
import { type S3, startS3 } from '../../../s3.ts'

const from = (chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) =>
  (ReadableStream as unknown as { from(chunks: unknown): ReadableStream<Uint8Array> }).from(chunks) // the types lack it
const streamOf = (...parts: string[]) => from(parts.map((part) => new TextEncoder().encode(part)))
const text = async (stream: Promise<ReadableStream<Uint8Array> | undefined>) => new Response(await stream).text()
const names = async (driver: StorageDriver, prefix: string) => (await Array.fromAsync(driver.list(prefix))).sort()

async function* failing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(100_000)
  throw new Error('cut off')
}

let folder: string
let s3: S3
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plinth-files-'))
  s3 = await startS3()
})
after(async () => {
  await rm(folder, { recursive: true })
  await s3.close()
})

const drivers: [name: string, make: () => StorageDriver][] = [
  ['memory', memoryDriver],
  ['local', () => localDriver(join(folder, 'uploads'))],
  ['s3', () => s3Driver(optionsOf('main', s3.variables('main')))],
]

for (const [name, make] of drivers) {
  describe(name, () => {
    let driver: StorageDriver
    before(() => {
      driver = make()
    })

    test('before anything is kept there is nothing', async () => {
      assert.equal(await driver.stat('a.txt'), undefined)
      assert.deepEqual(await names(driver, ''), [])
      assert.equal(await driver.get('a.txt'), undefined)
      await driver.delete('a.txt')
    })

    test('what is kept is read as it was, whole and in parts', async () => {
      assert.equal(await driver.put('a.txt', streamOf('hel', 'lo')), 5)
      assert.equal(await text(driver.get('a.txt')), 'hello')
      assert.equal(await text(driver.get('a.txt', { start: 1, end: 3 })), 'ell')
      assert.equal(await text(driver.get('a.txt', { start: 3 })), 'lo')
      const { size, modified } = (await driver.stat('a.txt'))!
      assert.equal(size, 5)
      assert.ok(Math.abs(Date.now() - modified.getTime()) < 60_000)
    })

    test('an empty content is one', async () => {
      assert.equal(await driver.put('empty', streamOf()), 0)
      assert.equal(await text(driver.get('empty')), '')
      await driver.delete('empty')
    })

    test('a second content of a name takes the place of the first', async () => {
      await driver.put('a.txt', streamOf('again'))
      assert.equal(await text(driver.get('a.txt')), 'again')
    })

    test('a content that fails leaves nothing, and what was there', async () => {
      await assert.rejects(driver.put('a.txt', from(failing())), /cut off/)
      await assert.rejects(driver.put('b.txt', from(failing())), /cut off/)
      assert.equal(await text(driver.get('a.txt')), 'again')
      assert.deepEqual(await names(driver, ''), ['a.txt'])
    })

    test('lists by prefix, removes', async () => {
      for (const name of ['a__1.webp', 'a__2.webp', 'b__1.webp']) await driver.put(name, streamOf('x'))
      assert.deepEqual(await names(driver, 'a__'), ['a__1.webp', 'a__2.webp'])
      await driver.delete('a__1.webp')
      assert.deepEqual(await names(driver, 'a__'), ['a__2.webp'])
    })

    test('a name that holds a path, or could lead elsewhere, is none', async () => {
      for (const wrong of ['../up', 'a/b', '/etc/passwd', '..', '.', '.hidden', 'a\\b', 'a\0b', 'a\nb', '', 'x'.repeat(256)]) {
        await assert.rejects(driver.put(wrong, streamOf('x')), /no name of a content/, wrong)
        assert.equal(await driver.get(wrong), undefined)
        assert.equal(await driver.stat(wrong), undefined)
        await driver.delete(wrong)
      }
    })
  })
}

test('local: a reader that stops closes the file, and nothing unfinished stays in the folder', async () => {
  const driver = localDriver(join(folder, 'other'))
  await driver.put('big', streamOf('x'.repeat(1_000_000)))
  const stream = await driver.get('big')
  const reader = stream!.getReader()
  await reader.read()
  await reader.cancel()
  assert.deepEqual(await readdir(join(folder, 'other')), ['big'])
})

test('local: tidy() removes what a process left that ended in the middle, of this name alone', async () => {
  const root = join(folder, 'crashed')
  const driver = localDriver(root)
  await driver.put('a.txt', streamOf('x'))
  const sources: ReadableStreamDefaultController[] = []
  const start = (controller: ReadableStreamDefaultController) => {
    controller.enqueue(new Uint8Array(10)) // and then waits for more
    sources.push(controller)
  }
  const puts = ['a.txt', 'a.txt.old'].map((name) => driver.put(name, new ReadableStream({ start })))
  const unfinished = async () => (await readdir(root)).filter((name) => name.startsWith('.')).map((name) => name.replace(/~.*/, ''))
  while ((await unfinished()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  await driver.tidy!('a.txt')
  assert.deepEqual([await unfinished(), await names(driver, '')], [['.a.txt.old'], ['a.txt']])
  for (const source of sources) source.error(new Error('over'))
  await Promise.all(puts.map((put) => assert.rejects(put, /over/)))
})

test('local: what lies outside its folder, or in a folder of it, is not there', async () => {
  const root = join(folder, 'inner')
  await mkdir(join(root, 'below'), { recursive: true })
  await writeFile(join(root, 'below', 'x'), 'secret')
  const driver = localDriver(root)
  assert.equal(await driver.get('below/x'), undefined)
  assert.equal(await driver.get('../inner/below/x'), undefined)
})
