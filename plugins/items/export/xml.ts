/** XML: the root and each row are `<data>`, members are elements, a list repeats its element, null is the word. Pure. */
import type { Layout } from './layout.ts'

const declaration = "<?xml version='1.0'?>\n"

export const xml: Layout = {
  open: `${declaration}<data>`,
  between: '',
  close: '\n</data>',
  none: `${declaration}<data/>`,
  row: (item) => `\n${element('data', item, '    ')}`,
  one: (item) => declaration + element('data', item, ''),
}

function element(name: string, value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) {
    const text = escaped(String(value))
    return `${indent}<${name}${text === '' ? '/>' : `>${text}</${name}>`}`
  }
  const inner = Object.entries(value).flatMap(([key, member]) => elements(nameOf(key), member, `${indent}    `))
  return inner.length ? `${indent}<${name}>\n${inner.join('\n')}\n${indent}</${name}>` : `${indent}<${name}/>`
}

/** A list of lists is one list. */
const elements = (name: string, value: unknown, indent: string): string[] =>
  Array.isArray(value) ? value.flatMap((entry) => elements(name, entry, indent)) : [element(name, value, indent)]

/** Characters that no XML document may hold, however they are written: https://www.w3.org/TR/xml/#charsets */
const noCharacter = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu

const escaped = (text: string): string =>
  text.replace(noCharacter, '\uFFFD').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(']]>', ']]&gt;')

const starts =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}\\u{2070}-\\u{218F}'
const others = '\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'
const noStart = new RegExp(`^[^${starts}${others}]`, 'u')
const noName = new RegExp(`[^${starts}${others}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}]`, 'gu')

/** https://www.w3.org/TR/xml/#NT-Name without the colon, which means a namespace. What a name cannot hold becomes `_`. */
function nameOf(key: string): string {
  const name = key.replace(noName, '_')
  return name === '' || noStart.test(name) ? `_${name}` : name
}
