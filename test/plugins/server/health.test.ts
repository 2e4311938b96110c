import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthCheck } from '../../../plugins/server/api.ts'
import { examine } from '../../../plugins/server/health.ts'

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms))
const good: HealthCheck = { name: 'pg:responseTime', componentType: 'datastore', threshold: 1000, run: async () => {} }
const slow: HealthCheck = { name: 's3:responseTime', componentType: 'objectstore', threshold: 5, run: () => wait(30) }
const bad: HealthCheck = { name: 'mail:connection', componentType: 'email', run: () => Promise.reject(new Error('nobody there')) }

const cases: [why: string, checks: HealthCheck[], status: string][] = [
  ['nothing to look at is ok', [], 'ok'],
  ['a check that works is ok', [good], 'ok'],
  ['a slow one is a warning', [good, slow], 'warn'],
  ['a failing one is an error', [slow, good, bad], 'error'],
]

test('examine()', async (t) => {
  for (const [why, checks, status] of cases) {
    await t.test(why, async () => {
      const report = await examine(checks)
      assert.equal(report.status, status)
      assert.deepEqual(
        Object.keys(report.checks),
        checks.map(({ name }) => name),
      )
    })
  }
})

test('examine() tells what failed, and counts one that throws at once', async () => {
  const thrower: HealthCheck = {
    ...bad,
    name: 'mail:queue',
    run: () => {
      throw new Error('broken')
    },
  }
  const { checks } = await examine([bad, thrower])
  assert.deepEqual([checks['mail:connection']?.[0]?.output, checks['mail:queue']?.[0]?.output], ['nobody there', 'broken'])
})

test('examine() tells a number as it is, and of some nothing but whether they work', async () => {
  const number: HealthCheck = { name: 'pg:connectionsUsed', componentType: 'datastore', observes: 'value', run: async () => 3 }
  const silent: HealthCheck = { name: 'email:connection', componentType: 'email', observes: 'nothing', run: async () => 'well' }
  const { checks } = await examine([number, silent, { ...silent, name: 'email:broken', run: bad.run }])
  assert.deepEqual(checks, {
    'pg:connectionsUsed': [{ status: 'ok', componentType: 'datastore', observedValue: 3 }],
    'email:connection': [{ status: 'ok', componentType: 'email' }],
    'email:broken': [{ status: 'error', componentType: 'email', output: 'nobody there' }],
  })
})
