/**
 * Coverage: every fact that the API promises has recorded answers that show it.
 *
 * The facts ("bullets") of an area stand in coverage/AREA.ts, each a short id and a few words, in one of three groups: `both` (shown by an
 * answer below 400 and by a refusal), `answers` (nothing can be refused: two answers that differ) and `refusals`. A scenario names what its
 * next calls show: `api.proves('reading: between')`, or several: `api.proves('reading: between', 'reading: comma-lists')`.
 * The label is recorded with each answer. After renaming one, `node test/conformance/record.ts --labels [scenario…]` writes the recordings'
 * labels anew; it needs no reference. Where we differ on purpose (differences/) our own status counts.
 *
 * An area that is `complete: true` must have all of it shown, but for what is `pending`: id → the plugin that it waits for; and its scenarios may
 * name nothing else. Of the others the test prints what is
 * not shown yet, and labels that are no bullet: `node --test test/conformance/coverage.test.ts`. Labels before whose colon stands no area
 * (`issue: …`, `security: …`) are free. SCIM has no recordings, as the reference does not speak it: its facts are shown in test/plugins/scim.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { access } from './coverage/access.ts'
import { type Area, gaps, recorded, type Shown } from './coverage/area.ts'
import { files } from './coverage/files.ts'
import { graphql } from './coverage/graphql.ts'
import { permissions } from './coverage/permissions.ts'
import { reading } from './coverage/reading.ts'
import { system } from './coverage/system.ts'
import { writing } from './coverage/writing.ts'

const areas: readonly Area[] = [reading, writing, access, permissions, files, graphql, system]

test('every bullet of a complete area is shown by recorded answers', async (t) => {
  const points = await recorded()
  for (const area of areas) {
    const { missing, unknown } = gaps(area, points)
    if (area.complete) await t.test(area.name, () => assert.deepEqual({ missing, unknown }, { missing: [], unknown: [] }))
    else {
      for (const line of missing) t.diagnostic(line)
      for (const label of unknown) t.diagnostic(`no bullet: ${label}`)
    }
  }
})

test('gaps() tells what is not shown', () => {
  const area: Area = {
    name: 'a',
    complete: true,
    both: { b: 'fact b' },
    answers: { c: 'fact c' },
    refusals: { d: 'fact d', e: 'fact e' },
    pending: { e: 'later' },
  }
  const point = (contract: string, status: number, body: unknown = null): Shown => ({ contract, status, body })
  const all = [point('a: b', 200), point('a: b + a: d', 400), point('a: c', 200, 1), point('a: c', 200, 2)]
  const cases: [string, Shown[], string[], string[]][] = [
    ['all is shown', all, [], []],
    ['nothing', all.filter(({ contract }) => contract !== 'a: c'), ['a: c (fact c): nothing'], []],
    ['no refusal', [all[0]!, ...all.slice(2), point('a: d', 403)], ['a: b (fact b): lacks a refusal'], []],
    ['no answer', all.slice(1), ['a: b (fact b): lacks an answer'], []],
    ['the same answer twice', [...all.slice(0, 3), point('a: c', 200, 1)], ['a: c (fact c): lacks a second answer'], []],
    ['a label that is no bullet', [...all, point('a: f', 200), point('other: f', 200)], [], ['a: f']],
    ['what is pending', [...all, point('a: e', 400)], ['a: e (fact e): is shown, and waits for "later" no more'], []],
  ]
  for (const [why, points, missing, unknown] of cases) assert.deepEqual(gaps(area, points), { missing, unknown }, why)
})
