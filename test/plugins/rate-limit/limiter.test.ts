/** How often something may be done from one place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem, problems } from 'plinth'
import { createLimit, createMemoryStore, placeOf } from '../../../plugins/rate-limit/limiter.ts'

const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => (error instanceof Problem ? error.code : 'failed'),
  )

test('take() lets N pass and refuses N + 1, each place by itself', async () => {
  const { take } = createLimit(createMemoryStore(), 'x', 3, 60_000)
  const told: string[] = []
  for (let i = 0; i < 5; i++) told.push(await outcome(take('1.2.3.4')))
  assert.deepEqual(told, ['done', 'done', 'done', 'REQUESTS_EXCEEDED', 'REQUESTS_EXCEEDED'])
  assert.deepEqual([await outcome(take('1.2.3.5')), await outcome(take(null))], ['done', 'done'])
})

test('take() says when it is over, and lets pass again then', async () => {
  const { take } = createLimit(createMemoryStore(), 'x', 1, 60)
  await take('a')
  const refused: Problem = await take('a').then(
    () => assert.fail(),
    (error) => error,
  )
  assert.equal(refused.status, 429)
  assert.equal(refused.details.limit, 1)
  assert.ok(Math.abs(Date.parse(String(refused.details.reset)) - Date.now()) < 200)
  await new Promise((resolve) => setTimeout(resolve, 70))
  await take('a')
})

test('failures() counts those who are not who they say, and no others', async () => {
  const { failures } = createLimit(createMemoryStore(), 'x', 2, 60_000)
  const wrong = () => outcome(failures('a', async () => Promise.reject(problems.INVALID_CREDENTIALS())))
  const right = () => outcome(failures('a', async () => 1))
  const broken = () => outcome(failures('a', async () => Promise.reject(problems.INVALID_PAYLOAD())))
  for (let i = 0; i < 5; i++) assert.deepEqual([await right(), await broken()], ['done', 'INVALID_PAYLOAD'])
  assert.deepEqual([await wrong(), await right(), await wrong()], ['INVALID_CREDENTIALS', 'done', 'INVALID_CREDENTIALS'])
  assert.deepEqual([await wrong(), await right()], ['REQUESTS_EXCEEDED', 'REQUESTS_EXCEEDED'])
})

test('failures() lets no more be wrong than may be, however many come at once', async () => {
  const { failures } = createLimit(createMemoryStore(), 'x', 5, 60_000)
  const told = await Promise.all(
    Array.from({ length: 20 }, () =>
      outcome(failures('a', () => new Promise((_, refuse) => setTimeout(refuse, 5, problems.INVALID_CREDENTIALS())))),
    ),
  )
  assert.deepEqual(
    [told.filter((code) => code === 'INVALID_CREDENTIALS').length, told.filter((code) => code === 'REQUESTS_EXCEEDED').length],
    [5, 15],
  )
})

test('0 points are no limit', async () => {
  const { take, failures } = createLimit(createMemoryStore(), 'x', 0, 60_000)
  for (let i = 0; i < 20; i++) await take('a')
  assert.equal(await failures('a', async () => 5), 5)
})

test('the store forgets those who asked longest ago', async () => {
  const store = createMemoryStore(2)
  for (const key of ['a', 'b', 'c']) await store.hit(key, 60_000, 1)
  assert.deepEqual([(await store.hit('c', 60_000, 1)).hits, (await store.hit('a', 60_000, 1)).hits], [2, 1])
})

test('placeOf() takes an IPv6 network as one', () => {
  const cases: [ip: string | null, place: string][] = [
    ['1.2.3.4', '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    [null, 'unknown'],
  ]
  for (const [ip, place] of cases) assert.equal(placeOf(ip), place)
})
