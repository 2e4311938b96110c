import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDotenv } from '../../../kernel/serve/dotenv.ts'

test('parseDotenv()', async (t) => {
  const rows: [why: string, text: string, values: Record<string, string>][] = [
    ['reads names and values', 'A=1\nB = two words \r\nexport C=3', { A: '1', B: 'two words', C: '3' }],
    ['passes over comments, blank lines and lines that are none', '# A=1\n\nnothing\n  #x\nB=2', { B: '2' }],
    ['ends a bare value at a comment, not at a # inside', 'A=1 # one\nB=a#b\nC=#c', { A: '1', B: 'a#b', C: '' }],
    ['keeps what quotes hold', `A=" 1 # "\nB='a"b'\nC=\`d'e\` # f`, { A: ' 1 # ', B: 'a"b', C: "d'e" }],
    [
      'knows escapes in double quotes alone',
      String.raw`A="a\nb\"c\\"` + '\n' + String.raw`B='a\nb'`,
      { A: 'a\nb"c\\', B: String.raw`a\nb` },
    ],
    ['lets quoted values have several lines', 'A="one\ntwo"\nB=3', { A: 'one\ntwo', B: '3' }],
    ['takes empty values and = in values', 'A=\nB=a=b', { A: '', B: 'a=b' }],
    ['lets the last of equal names win', 'A=1\nA=2', { A: '2' }],
    ['passes over a byte order mark', '\uFEFFA=1', { A: '1' }],
    ['expands nothing', 'A=$HOME', { A: '$HOME' }],
  ]
  for (const [why, text, values] of rows) await t.test(why, () => assert.deepEqual(parseDotenv(text), values))
})
