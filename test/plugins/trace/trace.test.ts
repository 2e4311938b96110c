/** What is told at LOG_LEVEL=debug, and by DEBUG=sql. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKernel, definePlugin, type Plugin } from 'plinth'
import { createLog } from '../../../kernel/log.ts'
import { trace } from '../../../plugins/trace/mod.ts'
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

test('level debug logs each request, without its token', async () => {
  const answering = definePlugin({ name: 'answering', setup: (host) => void host.routes('/a').get('/', (c) => c.text('x')) })
  for (const level of ['debug', 'info'] as const) {
    const { db, drop } = await freshDatabase()
    const logs: Record<string, unknown>[] = []
    const log = createLog(level, (line) => logs.push(JSON.parse(line)))
    const kernel = await createKernel({ plugins: [trace, answering], database: db, log })
    await kernel.fetch(new Request('http://localhost/a?access_token=secret-1'), { ip: '1.2.3.4', gone: () => false })
    await kernel.close()
    await drop()
    const [told] = logs.filter(({ message }) => message === 'request')
    if (level === 'info') {
      assert.equal(told, undefined)
      continue
    }
    const { time, ms, request, ...line } = told!
    const url = 'http://localhost/a?access_token=***'
    assert.deepEqual(line, { level, plugin: 'trace', ip: '1.2.3.4', method: 'GET', url, status: 200, message: 'request' })
    assert.ok(typeof ms === 'number' && typeof request === 'string' && time)
  }
})
