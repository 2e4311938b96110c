import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileRow, Storage } from 'plinth/files'
import { pathsOf, zipOf } from '../../../plugins/assets/zip.ts'

const entry = (filename_download: string, folders: string[] = []) => ({
  file: { filename_download, filename_disk: filename_download, storage: 'main', modified_on: '2026-01-01T00:00:00Z' } as FileRow & {
    filename_disk: string
  },
  folders,
})

test('pathsOf() numbers equal names, and leads nowhere else', () => {
  const entries = [entry('a'), entry('a'), entry('a', ['x']), entry('..', ['..', 'y/z']), entry('a/b\\c\u0000'), entry('')]
  assert.deepEqual(pathsOf(entries), ['a', 'a (1)', 'x/a', '_/yz/_', 'abc', '_'])
  assert.deepEqual(
    pathsOf(
      ['a', 'a', 'a (1)', 'a', 'x'].map((name) => entry(name)),
      ['x/'],
    ),
    ['a', 'a (1)', 'a (1) (1)', 'a (2)', 'x (1)'],
  )
})

test('zipOf() lets go of the content that it reads when the client does not want more', async () => {
  let [opened, cancelled] = [0, 0]
  const endless = () => {
    opened++
    return new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel: () => void cancelled++,
    })
  }
  const storage = { locations: ['main'], at: () => ({ get: async () => endless() }) } as unknown as Storage
  for (const read of [0, 1, 2, 5]) {
    const reader = (await zipOf(['f/'], [entry('a'), entry('b')], storage)).getReader()
    for (let n = 0; n < read; n++) await reader.read()
    await reader.cancel()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(cancelled, opened, `after ${read} chunks`)
  }
  assert.ok(opened > 0)
})
