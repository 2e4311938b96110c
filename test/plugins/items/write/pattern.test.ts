/** Patterns: what they match is what the runtime's own engine says; how long they take does not depend on what they are. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compilePattern, PatternError } from '../../../../plugins/items/write/pattern.ts'

describe('compilePattern()', () => {
  const texts = [
    '',
    'a',
    'b',
    'ab',
    'ba',
    'aab',
    'abab',
    'a\nb',
    'A1_',
    '12',
    '-',
    ' a ',
    'ü',
    'p{L}',
    'aaaaaaaaab',
    '2024-02-29',
    'Secret1!',
    '/',
  ]
  const patterns = [
    '', 'a', '^a', 'a$', '^$', '^a*$', '^(a|b)+$', '^a{2,}b?$', 'a{0}', '(?:ab){2}', '.', '^.{3}$', '[^a]', '[a-c1]+', '\\d{4}-\\d\\d', '\\bab\\b', '\\Ba',
    '\\w+\\s\\W', '(?=a)', '^(?!a)', '(?<=a)b', '(?<!a)b', '^(?=.*\\d)(?=.*[^a-zA-Z0-9])(?=.*[A-Z]).{6,}$', '\\p{L}', '(?<n>a)b', 'a|', '(|a)+b', '\\/', '[\\w-]',
    '(?:a*)*b', '(?=(a+))b|a', 'a**'.slice(0, 2), '\\u0061', '[^]', '[]', '(?:(?:a{1,3}){2}){2}',
  ] // biome-ignore format: a list
  for (const pattern of patterns) {
    test(JSON.stringify(pattern), () => {
      const matches = compilePattern(pattern)
      for (const text of texts) assert.equal(matches(text), new RegExp(pattern).test(text), JSON.stringify(text))
    })
  }

  // Bun's own engine has faults: /(?:[^a]*(?:|)(?:a*||){2}|)*\d/ finds nothing in " 1" there.
  const compared = !('Bun' in globalThis)
  test('random patterns, random texts', { skip: !compared }, () => {
    const { pattern } = fc.letrec<{ pattern: string; part: string; atom: string }>((tie) => ({
      pattern: fc
        .array(
          fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
          { minLength: 1, maxLength: 3 },
        )
        .map((all) => all.join('|')),
      part: fc
        .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '*?', '{0,}'))
        .map(([atom, times]) => atom + times),
      atom: fc.oneof(
        // Deeper ones may keep the runtime's own engine, which tries all ways, busy for minutes.
        { maxDepth: 2, withCrossShrink: true },
        fc.constantFrom('a', 'b', '.', '\\w', '\\d', '[ab]', '[^a]', '(?:)', '1'),
        fc.tuple(fc.constantFrom('(?:', '(', '(?=', '(?!'), tie('pattern')).map(([open, inner]) => `${open}${inner})`),
        fc.tuple(fc.constantFrom('^', '$', '\\b', '\\B', '(?<=a)', '(?<!b|a1)'), tie('atom')).map(([edge, atom]) => `(?:${edge}${atom})`),
      ),
    }))
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '\n'), maxLength: 8 })
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 5 }), (source, all) => {
        const matches = compilePattern(source)
        for (const one of all) assert.equal(matches(one), new RegExp(source).test(one), JSON.stringify([source, one]))
      }),
      { numRuns: 2000 },
    )
  })

  const long = 'a'.repeat(20_000)
  for (const pattern of ['^(a+)+$', '^(a|a)*$', '(a*)*b', 'a*a*a*a*a*b', '^(?=(a+)+b)', '(?:a|aa)+$', '(x+x+)+y|(a?){20}a{20}b']) {
    test(`${pattern} on ${long.length} characters answers at once`, () => {
      const matches = compilePattern(pattern)
      const started = performance.now()
      try {
        matches(`${long}!`)
      } catch (error) {
        assert.ok(error instanceof PatternError)
      }
      assert.ok(performance.now() - started < 5000)
    })
  }

  for (const pattern of ['(', '[b-a]', '(a)\\1', '(?<n>a)\\k<n>', '((((a{9}){9}){9}){9}){9}', 'a{3,2}', '*']) {
    test(`${pattern} is refused`, () => assert.throws(() => compilePattern(pattern), PatternError))
  }

  test('a text that is too long for its pattern is refused, not waited for', () =>
    assert.throws(() => compilePattern('(?:(?=.*b)a)*c')('a'.repeat(100_000)), PatternError))
})
