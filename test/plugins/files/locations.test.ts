/** Locations from the environment. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DriverFactory } from 'plinth/files'
import { createLog } from '../../../kernel/log.ts'
import { memoryDriver } from '../../../plugins/files/drivers/memory.ts'
import { s3Driver } from '../../../plugins/files/drivers/s3/mod.ts'
import { openLocations } from '../../../plugins/files/locations.ts'

const drivers = new Map<string, DriverFactory>([
  ['memory', memoryDriver],
  ['s3', (options) => s3Driver(options)],
])
const bucket = { DRIVER: 's3', KEY: 'an-id', SECRET: 'sesame', BUCKET: 'photos' }
const open = (options: Record<string, string>) => {
  const variables = Object.entries(options).map(([name, value]) => [`STORAGE_MAIN_${name}`, value])
  return openLocations(['main'], Object.fromEntries(variables), drivers, {
    log: createLog('silent', () => {}),
    hooked: () => false,
    run: async () => {},
  })
}

test('a bucket needs an id, its key and a name; all else has defaults', async () => {
  assert.equal((await open(bucket)).get('main')!.threshold, 750)
  assert.equal((await open({ ...bucket, HEALTHCHECK_THRESHOLD: '20' })).get('main')!.threshold, 20)
})

describe('what stops the start', () => {
  const cases: [why: string, options: Record<string, string>, message: RegExp][] = [
    ['no bucket', { DRIVER: 's3', KEY: 'an-id', SECRET: 'sesame' }, /^STORAGE_MAIN_BUCKET is not set; it needs a value\.$/],
    ['no key', { DRIVER: 's3', SECRET: 'sesame', BUCKET: 'b' }, /^STORAGE_MAIN_KEY is not set; it needs a value\.$/],
    ['a strange endpoint', { ...bucket, ENDPOINT: 'ftp://x' }, /^STORAGE_MAIN_ENDPOINT is "ftp:\/\/x"; it may hold an address such as/],
    ['parts that are too small', { ...bucket, PART_SIZE: '1mb' }, /^STORAGE_MAIN_PART_SIZE is .*; it may hold 5mb at least\.$/],
    [
      'a style that is none',
      { ...bucket, FORCE_PATH_STYLE: 'yes' },
      /^STORAGE_MAIN_FORCE_PATH_STYLE is "yes"; it may hold true or false\.$/,
    ],
    ['an unknown driver', { DRIVER: 'tape' }, /^STORAGE_MAIN_DRIVER is "tape"; it may hold one of memory, s3\.$/],
    [
      'a threshold that is none',
      { ...bucket, HEALTHCHECK_THRESHOLD: 'soon' },
      /^STORAGE_MAIN_HEALTHCHECK_THRESHOLD is "soon"; it may hold a whole/,
    ],
    ['two faults at once', { DRIVER: 's3', SECRET: 'sesame' }, /^STORAGE_MAIN_KEY is not set.*\nSTORAGE_MAIN_BUCKET is not set/],
  ]
  for (const [why, options, message] of cases)
    test(why, () =>
      assert.rejects(open(options), (error: Error) => {
        assert.match(error.message, message)
        return error.name === 'StartError' && !error.message.includes('sesame')
      }),
    )
})
