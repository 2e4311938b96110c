/** A JSON list, read piece by piece: each item is parsed when all of it is there. Pure. */
import { isObject, problems } from 'plinth'
import type { Row } from './csv.ts'

/** Characters that one item may have. */
const longest = 10_000_000
/** Levels of lists and objects. */
const deepest = 500

const noList = (cause?: unknown) => problems.INVALID_PAYLOAD('The file is no JSON list of objects.', {}, cause)

/** @throws INVALID_PAYLOAD for anything but a list of objects. */
export async function* jsonRows(texts: AsyncIterable<string>): AsyncGenerator<Row> {
  let depth = 0
  let inText = false
  let escaped = false
  let ended = false
  let piece = ''
  let at = 0
  let begun = 0

  const parse = (): Row => {
    let item: unknown
    try {
      item = JSON.parse(piece)
    } catch (cause) {
      throw problems.INVALID_PAYLOAD(`Item ${at + 1} of the list is no JSON.`, {}, cause)
    }
    if (!isObject(item)) throw noList()
    piece = ''
    return { at: ++at, item }
  }

  for await (const raw of texts) {
    const text = depth === 0 && !ended ? raw.replace(/^\uFEFF/, '') : raw
    begun = 0
    for (let i = 0; i < text.length; i++) {
      const sign = text[i]!
      if (inText) {
        if (escaped) escaped = false
        else if (sign === '\\') escaped = true
        else if (sign === '"') inText = false
        continue
      }
      if (depth === 0) {
        if (/\s/.test(sign)) continue
        if (sign !== '[' || ended) throw noList()
        depth = 1
        begun = i + 1
      } else if (sign === '"') inText = true
      else if (sign === '[' || sign === '{') {
        if (++depth > deepest) throw problems.INVALID_PAYLOAD(`The file is nested deeper than ${deepest} levels.`)
      } else if (sign === ']' || sign === '}') {
        depth--
        if (depth > 0) continue
        if (sign !== ']') throw noList()
        piece += text.slice(begun, i)
        ended = true
        if (piece.trim() !== '') yield parse()
        else if (at > 0) throw noList()
      } else if (sign === ',' && depth === 1) {
        piece += text.slice(begun, i)
        begun = i + 1
        yield parse()
      }
    }
    if (depth > 0) piece += text.slice(begun)
    if (piece.length > longest) throw problems.INVALID_PAYLOAD(`An item of the list has more than ${longest} characters.`)
  }
  if (!ended) throw noList()
}
