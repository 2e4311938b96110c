/** CSV and JSON files, read piece by piece. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from 'plinth'
import { csvRows, type Row } from '../../../plugins/import/csv.ts'
import { placesOf } from '../../../plugins/import/import.ts'
import { jsonRows } from '../../../plugins/import/json.ts'

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

async function read(rows: (texts: AsyncIterable<string>) => AsyncIterable<Row>, text: string, size: number): Promise<unknown> {
  const found: unknown[] = []
  try {
    for await (const { at, item } of rows(pieces(text, size))) found.push([at, JSON.parse(JSON.stringify(item))])
  } catch (error) {
    assert.ok(error instanceof Problem, String(error))
    return error.code
  }
  return found
}

const csv = (texts: AsyncIterable<string>) => csvRows(texts, ([name]) => name === 't')

type Case = [why: string, text: string, rows: [at: number, item: unknown][] | string]
const files: [name: string, read: typeof csv, cases: Case[]][] = [
  [
    'csvRows()',
    csv,
    [
      ['names and values', 'a,b\n1,x\n', [[1, { a: '1', b: 'x' }]]],
      [
        'no line end at the end, CRLF, a byte order mark',
        '\uFEFFa,b\r\n1,x\r\n2,y',
        [
          [1, { a: '1', b: 'x' }],
          [2, { a: '2', b: 'y' }],
        ],
      ],
      ['quotes', 'a,b\n"1,2","say ""hi""\nnow"\n', [[1, { a: '1,2', b: 'say "hi"\nnow' }]]],
      ['empty quotes are empty', 'a,b\n"",x\n', [[1, { b: 'x' }]]],
      ['empty lines, missing ends', 'a,b\n\n1\n\n', [[1, { a: '1' }]]],
      [
        'paths',
        'a.b,a.c.d,e\n1,2,3\n,,3\n',
        [
          [1, { a: { b: '1', c: { d: '2' } }, e: '3' }],
          [2, { e: '3' }],
        ],
      ],
      ['JSON', 'a,b,c,d\n"{""x"":1}",[1],true,null\n', [[1, { a: { x: 1 }, b: [1], c: true, d: null }]]],
      [
        'text is itself',
        't,a\n[1],007\ntrue,{no\n',
        [
          [1, { t: '[1]', a: '007' }],
          [2, { t: 'true', a: '{no' }],
        ],
      ],
      ['semicolons', 'a;b\n"x,y";2\n', [[1, { a: 'x,y', b: '2' }]]],
      ['names of prototypes', '__proto__.x,a\n1,2\n', [[1, JSON.parse('{"__proto__":{"x":"1"},"a":"2"}')]]],
      ['nothing', '', []],
      ['names alone', 'a,b', []],
      ['an open quote', 'a\n"x\n', 'INVALID_PAYLOAD'],
      ['a quote that ends within a field', 'a\n"x"y\n', 'INVALID_PAYLOAD'],
      ['too many fields', 'a\n1,2\n', 'INVALID_PAYLOAD'],
    ],
  ],
  [
    'jsonRows()',
    jsonRows,
    [
      [
        'items',
        ' [{"a":[1,{"b":"],"}]}, {"c":"\\"\\\\"}]\n',
        [
          [1, { a: [1, { b: '],' }] }],
          [2, { c: '"\\' }],
        ],
      ],
      ['a byte order mark', '\uFEFF[{}]', [[1, {}]]],
      ['none', '[]', []],
      ['an object', '{"a":1}', 'INVALID_PAYLOAD'],
      ['no items', '[1]', 'INVALID_PAYLOAD'],
      ['cut off', '[{"a":1}', 'INVALID_PAYLOAD'],
      ['nothing', '', 'INVALID_PAYLOAD'],
      ['something behind', '[{}] x', 'INVALID_PAYLOAD'],
      ['an open end', '[{},]', 'INVALID_PAYLOAD'],
      ['broken', '[{"a" 1}]', 'INVALID_PAYLOAD'],
      ['brackets that do not fit', '[{}}', 'INVALID_PAYLOAD'],
      ['too deep', `[{"a":${'['.repeat(600)}`, 'INVALID_PAYLOAD'],
    ],
  ],
]
for (const [name, rows, cases] of files) {
  describe(name, () => {
    for (const [why, text, expected] of cases) {
      test(why, async () => {
        for (const size of [1, 3, 1000]) assert.deepEqual(await read(rows, text, size), expected, `in pieces of ${size}`)
      })
    }
  })
}

test('a record without end is refused, whatever it is made of', async () => {
  async function* endless(head: string, piece: string): AsyncGenerator<string> {
    yield head
    for (let n = 0; n < 1000; n++) yield piece.repeat(100_000)
  }
  const cases: [head: string, piece: string, rows: (texts: AsyncIterable<string>) => AsyncIterable<Row>][] = [
    ['a,b\n', ',', csv],
    ['a,b\n', '\r', csv],
    ['a,b\n"', 'x', csv],
    ['a', ',', csv],
    ['[{"a":"', 'x', jsonRows],
  ]
  for (const [head, piece, rows] of cases) {
    const reading = async () => {
      for await (const row of rows(endless(head, piece))) assert.fail(`Row ${row.at} was made`)
    }
    await assert.rejects(reading, { code: 'INVALID_PAYLOAD' }, head + piece)
  }
})

test('placesOf() tells rows one by one, and many in a row by their ends', () => {
  assert.deepEqual(placesOf([1, 2, 5]), [{ type: 'lines', rows: [1, 2, 5] }])
  assert.deepEqual(placesOf([1, 3, 4, 5, 6, 9]), [
    { type: 'lines', rows: [1, 9] },
    { type: 'range', start: 3, end: 6 },
  ])
})
