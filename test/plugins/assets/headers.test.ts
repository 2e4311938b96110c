import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentPolicy, contentType, disposition, isActive } from '../../../plugins/assets/headers.ts'
import { parseRange, partOf } from '../../../plugins/assets/ranges.ts'

test('disposition() names what it can in Latin-1, and encodes the rest beside it', () => {
  const cases: [why: string, name: string, header: string][] = [
    ['plain', 'a b.png', 'inline; filename="a b.png"'],
    ['Latin-1, quotes and backslashes', 'é"x\'.jpg', 'inline; filename="é\\"x\'.jpg"'],
    ['a path is reduced to its end', '../../etc/passwd', 'inline; filename="passwd"'],
    ['a path of Windows too', 'C:\\x\\y.txt', 'inline; filename="y.txt"'],
    ['nothing left', 'a/', 'inline; filename="file"'],
    ['line breaks', 'a\r\nset-cookie: b', 'inline; filename="a??set-cookie: b"; filename*=UTF-8\'\'a%0D%0Aset-cookie%3A%20b'],
    ['other letters', '€.jpg', 'inline; filename="?.jpg"; filename*=UTF-8\'\'%E2%82%AC.jpg'],
    ['half a letter', '\ud800.jpg', 'inline; filename="?.jpg"; filename*=UTF-8\'\'%EF%BF%BD.jpg'],
    ['what looks encoded', '%41.txt', 'inline; filename="%41.txt"; filename*=UTF-8\'\'%2541.txt'],
    ["what RFC 8187 does not take: ' ( ) *", "€'()*", "inline; filename=\"?'()*\"; filename*=UTF-8''%E2%82%AC%27%28%29%2A"],
  ]
  for (const [why, name, header] of cases) {
    assert.equal(disposition('inline', name), header, why)
    new Headers({ 'content-disposition': header })
  }
  assert.equal(disposition('attachment', 'x'.repeat(10_000)).length, 'attachment; filename=""'.length + 255)
})

test('types that somebody wrote are types, or bytes; what runs is known', () => {
  const types: [type: string | null, told: string, active: boolean][] = [
    ['image/png', 'image/png', false],
    ['application/pdf', 'application/pdf', false],
    ['text/html', 'text/html', true],
    ['application/xhtml+xml', 'application/xhtml+xml', true],
    ['image/svg+xml', 'image/svg+xml', true],
    ['Text/HTML', 'Text/HTML', true],
    ['text/javascript', 'text/javascript', true],
    ['text/html; charset=x', 'application/octet-stream', false],
    ['image/png\r\nx: y', 'application/octet-stream', false],
    ['', 'application/octet-stream', false],
    [null, 'application/octet-stream', false],
  ]
  for (const [type, told, active] of types) assert.deepEqual([contentType(type), isActive(contentType(type))], [told, active], String(type))
  assert.equal(contentPolicy('image/png'), "default-src 'none'; sandbox")
  assert.equal(contentPolicy('application/pdf'), "default-src 'none'")
})

test('parseRange() and partOf() answer the first part; null when there is none of it; undefined for what it does not understand', () => {
  const cases: [header: string | null, size: number, part: [number, number] | null | undefined][] = [
    [null, 10, undefined],
    ['bytes=0-3', 10, [0, 3]],
    ['bytes=4-', 10, [4, 9]],
    ['bytes=-3', 10, [7, 9]],
    ['bytes=-30', 10, [0, 9]],
    ['bytes=8-100', 10, [8, 9]],
    ['BYTES=0-0', 10, [0, 0]],
    ['bytes=0-1,5-6', 10, [0, 1]],
    ['bytes=10-', 10, null],
    ['bytes=5-2', 10, null],
    ['bytes=-0', 10, null],
    ['bytes=0-', 0, null],
    [`bytes=${'9'.repeat(400)}-`, 10, null],
    ['bytes=-', 10, undefined],
    ['bytes=a-b', 10, undefined],
    ['lines=1-2', 10, undefined],
  ]
  for (const [header, size, part] of cases) {
    const expected = part && { start: part[0], end: part[1] }
    const range = parseRange(header)
    assert.deepEqual(range && partOf(range, size), expected, `${header} of ${size}`)
  }
})
