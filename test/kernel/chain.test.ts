/** Handlers around one action. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { done, runChain } from '../../kernel/chain.ts'
import type { Handler } from '../../kernel/plugin.ts'

type Event = string[]

/** Notes its way in and its way out. */
const noted =
  (name: string): Handler<Event> =>
  async (event, next) => {
    event.push(`${name} in`)
    await next()
    event.push(`${name} out`)
  }

test('runChain() runs the first handler outermost, the action inmost', async () => {
  const event: Event = []
  await runChain([noted('a'), noted('b')], event, (e) => void e.push('action'))
  assert.deepEqual(event, ['a in', 'b in', 'action', 'b out', 'a out'])
})

test('runChain() without handlers runs the action alone, and waits for it', async () => {
  const event: Event = []
  await runChain([], event, async (e) => {
    await Promise.resolve()
    e.push('action')
  })
  assert.deepEqual(event, ['action'])
})

test('runChain() is done at once where nobody waits', async () => {
  const passing: Handler<Event> = (_, next) => next()
  const event: Event = []
  assert.equal(
    runChain([passing, passing], event, (e) => void e.push('action')),
    done,
  )
  assert.deepEqual(event, ['action'])
  assert.notEqual(
    runChain([passing, noted('a')], event, () => {}),
    done,
  )
  await assert.rejects(
    runChain([passing], event, () => {
      throw new Error('no')
    }),
    /no/,
  )
})

test('runChain() ends where a handler leaves out next(): outer handlers still get their way out', async () => {
  const event: Event = []
  await runChain([noted('a'), () => {}, noted('c')], event, (e) => void e.push('action'))
  assert.deepEqual(event, ['a in', 'a out'])
})

test('runChain() refuses a second next(), naming the handler, and runs the action once', async () => {
  const cases: [why: string, handler: Handler<Event>, expected: RegExp][] = [
    [
      'one after the other',
      async function twice(_, next) {
        await next()
        await next()
      },
      /"twice" called next\(\) twice/,
    ],
    ['side by side', async (_, next) => void (await Promise.all([next(), next()])), /called next\(\) twice/],
  ]
  for (const [why, handler, expected] of cases) {
    const event: Event = []
    await assert.rejects(
      runChain([handler], event, (e) => void e.push('action')),
      expected,
      why,
    )
    assert.deepEqual(event, ['action'], why)
  }
})

test('runChain() refuses a second next() after the first one failed: what failed is not tried again', async () => {
  let runs = 0
  const again: Handler<null> = async (_, next) => next().catch(next)
  await assert.rejects(
    runChain([again], null, () => {
      runs++
      throw new Error('no')
    }),
    /called next\(\) twice/,
  )
  assert.equal(runs, 1)
})

test('runChain() passes what is thrown on unchanged, from wherever it comes', async () => {
  const thrown = { neither: 'an Error nor text' }
  const fails = () => {
    throw thrown
  }
  const cases: [why: string, handlers: Handler<Event>[], action: () => void][] = [
    ['a handler that is not async', [noted('a'), fails], () => {}],
    ['the way out', [noted('a'), async (_, next) => next().then(fails)], () => {}],
    ['the action', [noted('a'), noted('b')], fails],
  ]
  for (const [why, handlers, action] of cases) {
    const event: Event = []
    await runChain(handlers, event, action).then(
      () => assert.fail(why),
      (error) => assert.equal(error, thrown, why),
    )
    assert.ok(!event.includes('a out'), why)
  }
})

test('runChain() lets a handler catch what comes from within', async () => {
  const event: Event = []
  await runChain<Event>([async (e, next) => next().catch((error) => void e.push(`caught ${error}`))], event, () => {
    throw 'it'
  })
  assert.deepEqual(event, ['caught it'])
})
