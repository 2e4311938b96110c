/** DEBUG=sql. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plugin } from 'plinth'
import { traced } from '../../../plugins/trace/traced.ts'
import { freshDatabase } from '../../database.ts'
import { startKernel } from '../../host.ts'

test('traced() prints text, parameters, rows and label, and passes all through', async () => {
  const { db, drop } = await freshDatabase()
  const lines: string[] = []
  const watched = traced(db, 'items', (line) => lines.push(line))
  assert.deepEqual(await watched.query('select $1::int as n', [7]), [{ n: 7 }])
  assert.equal(await watched.text('select $1', ['x'.repeat(500)]), 'x'.repeat(500))
  await assert.rejects(watched.query('select 1/0'), { state: '22012' })
  await watched.transaction(async (tx) => {
    await tx.execute('select 1')
    await tx.savepoint(() => tx.query('select 2'))
  })
  assert.equal(watched.capabilities, db.capabilities)
  const shape = lines.map((line) => line.replace(/[\d.]+ ms/, 'ms').replace(/x{20,}/, 'x…'))
  assert.deepEqual(shape, [
    'items ms 1 rows: select $1::int as n [7]',
    'items ms 500 characters: select $1 ["x……]',
    'items ms failed (division by zero): select 1/0',
    'items ms done: select 1',
    'items ms 1 rows: select 2',
    'items ms committed: transaction',
  ])
  await drop()
})

test('DEBUG=sql logs the statements of each plugin under its name; nothing does without', async () => {
  const asker: Plugin = { name: 'asker', setup: async (host) => void (await host.db.query('select $1::int as n', [5])) }
  for (const [DEBUG, told] of [
    ['sql', true],
    ['', false],
  ] as const) {
    const host = await startKernel({ plugins: [asker], env: { DEBUG } })
    const lines = host.logs.map(({ message }) => String(message))
    assert.equal(
      lines.some((line) => /^asker .* 1 rows: select \$1::int as n \[5\]$/.test(line)),
      told,
    )
    await host.close()
  }
})
