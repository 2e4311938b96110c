/** Timed jobs across processes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKernel, definePlugin } from 'plinth'
import { createLog } from '../../../kernel/log.ts'
import { model } from '../../../plugins/model/mod.ts'
import { schedule } from '../../../plugins/schedule/mod.ts'
import { tables } from '../../../plugins/tables/mod.ts'
import { freshDatabase } from '../../database.ts'

test('several kernels on one database run a job once a tick between them, and none after they closed', { timeout: 60_000 }, async () => {
  const database = await freshDatabase()
  const logs: any[] = []
  let runs = 0
  let failures = 0
  const clock = definePlugin({
    name: 'clock',
    setup(host) {
      host.schedule('* * * * * *', async () => void runs++)
      host.schedule('* * * * * *', async () => {
        failures++
        throw new Error('the clock is broken')
      })
    },
  })
  const start = () =>
    createKernel({
      plugins: [tables, model, schedule, clock],
      database: { ...database.db, close: async () => {} },
      log: createLog('error', (line) => logs.push(JSON.parse(line))),
    })
  const kernels = await Promise.all([start(), start(), start()])
  const began = Date.now()
  while ((runs < 3 || failures < 3) && Date.now() - began < 20_000) await pause(100)
  const ticks = Math.ceil((Date.now() - began) / 1000) + 1
  await Promise.all(kernels.map((kernel) => kernel.close()))
  const counted = [runs, failures]
  await pause(2100)
  await database.drop()

  assert.deepEqual([runs, failures], counted, 'a job ran after close')
  assert.ok(runs >= 3 && runs <= ticks, `${runs} runs in ${ticks} ticks`)
  assert.ok(failures >= 3 && failures <= ticks, `${failures} failures in ${ticks} ticks`)
  assert.deepEqual(
    [logs[0].message, logs[0].job, logs[0].error.message],
    ['a scheduled job failed', 'clock:1:* * * * * *', 'the clock is broken'],
  )
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
