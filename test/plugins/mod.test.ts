import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConfigFile } from '../../kernel/config.ts'
import { loadPlugins } from '../../plugins/mod.ts'

describe('what a config file may not hold stops the start', () => {
  const rows: [why: string, file: unknown, ...faults: RegExp[]][] = [
    ['no object', 5, /^plinth\.config\.ts exports something else/],
    ['a function', () => ({}), /^plinth\.config\.ts exports something else/],
    ['a word of another part', { toString: 1, optoins: {} }, /holds "toString".*plugins, without, options/, /holds "optoins"/],
    [
      'parts of other kinds',
      { plugins: 'x', without: 'items', options: [] },
      /"plugins" .*list/,
      /"without" .*names/,
      /"options" .*object/,
    ],
    ['what is no plugin', { plugins: [undefined] }, /"plugins" .*definePlugin/],
    ['a plugin without setup', { plugins: [{ name: 'x' }] }, /"plugins" .*definePlugin/],
  ]
  for (const [why, file, ...faults] of rows) {
    test(why, async () => {
      const { name, message } = await loadPlugins([], import.meta.url, file as ConfigFile).then(
        () => assert.fail('it starts'),
        (error: Error) => error,
      )
      const lines = message.split('\n')
      assert.deepEqual([name, lines.length], ['StartError', faults.length])
      for (const [i, fault] of faults.entries()) assert.match(lines[i]!, fault)
    })
  }

  test('an empty one, and one that leaves parts undefined, are fine', async () => {
    for (const file of [{}, { plugins: undefined, without: [], options: {} }] as ConfigFile[])
      assert.ok((await loadPlugins([], import.meta.url, file)).length > 10)
  })
})
