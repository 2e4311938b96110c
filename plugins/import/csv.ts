/** CSV as RFC 4180 has it, read piece by piece: records of fields, and items by the names of the first record. Pure. */
import { problems } from 'plinth'

/** An item of a file, and its place among them, from 1 on. */
export interface Row {
  readonly at: number
  readonly item: Record<string, unknown>
}

type Texts = AsyncIterable<string>
interface Line {
  readonly at: number
  readonly fields: readonly string[]
}

/** Characters, and fields, that one record may have. */
const longest = 10_000_000
const mostFields = 10_000

const broken = (at: number, reason: string) => problems.INVALID_PAYLOAD(`Line ${at} of the file ${reason}.`)

/** Whatever of these stands most often in the first line separates fields. */
function separatorOf(head: string): string {
  const bare = head.replace(/"[^"]*"/g, '')
  const count = (sign: string) => bare.split(sign).length
  return [',', ';', '\t', '|'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
}

/** @throws INVALID_PAYLOAD for quotes that are never closed, or that end within a field. */
export async function* records(texts: Texts): AsyncGenerator<Line> {
  let separator = ''
  let head = ''
  let state: 'plain' | 'quoted' | 'closing' = 'plain'
  let field = ''
  let fields: string[] = []
  let line = 1
  let at = 1
  /** Of the record so far, in earlier pieces. */
  let size = 0
  const finish = () => {
    const record = { at, fields: [...fields, field] }
    field = ''
    fields = []
    size = 0
    return record
  }
  const isEmpty = ({ fields: [only, another] }: Line) => only === '' && another === undefined

  for await (const piece of withEnd(texts)) {
    let text = piece
    if (!separator) {
      head += piece
      // The end of what there is comes as a line of its own.
      if (!piece.includes('\n')) {
        if (head.length > longest) throw broken(at, `has more than ${longest} characters`)
        continue
      }
      text = head.replace(/^\uFEFF/, '')
      separator = separatorOf(text.slice(0, text.indexOf('\n')))
    }
    let begun = 0
    let from = 0
    for (let i = 0; i < text.length; i++) {
      const sign = text[i]!
      if (sign === '\n') line++
      if (state === 'quoted') {
        if (sign !== '"') continue
        field += text.slice(begun, i)
        state = 'closing'
        continue
      }
      if (state === 'closing') {
        begun = i + 1
        if (sign === '"') {
          field += '"'
          state = 'quoted'
          continue
        }
        if (sign === '\r') continue
        if (sign !== separator && sign !== '\n') throw broken(line, 'goes on after a quote that ends a field')
        begun = i
        state = 'plain'
      }
      if (sign === '"' && field === '' && i === begun) {
        state = 'quoted'
        begun = i + 1
      } else if (sign === separator || sign === '\n') {
        field += text.slice(begun, i)
        begun = i + 1
        if (sign === '\n') {
          if (field.endsWith('\r')) field = field.slice(0, -1)
          const record = finish()
          if (!isEmpty(record)) yield record
          at = line
          from = i + 1
        } else {
          if (fields.push(field) > mostFields) throw broken(at, `has more than ${mostFields} fields`)
          field = ''
        }
      }
    }
    // Between a closing quote and what follows there is nothing to keep.
    if (state !== 'closing') field += text.slice(begun)
    size += text.length - from
    if (size > longest) throw broken(at, `begins a record of more than ${longest} characters`)
  }
  if (state === 'quoted') throw broken(at, 'opens a quote that is never closed')
}

async function* withEnd(texts: Texts): Texts & AsyncGenerator<string> {
  yield* texts
  yield '\n'
}

/**
 * Names with dots lead into items: `author.name`. What is empty is left out. `isText`: every value there is itself.
 * @throws INVALID_PAYLOAD for a record of more fields than names.
 */
export async function* csvRows(texts: Texts, isText: (path: readonly string[]) => boolean): AsyncGenerator<Row> {
  let columns: readonly { path: readonly string[]; text: boolean }[] | undefined
  let count = 0
  for await (const { at, fields } of records(texts)) {
    if (!columns) {
      columns = fields.map((name) => name.trim().split('.')).map((path) => ({ path, text: isText(path) }))
      continue
    }
    if (fields.length > columns.length) throw broken(at, `has ${fields.length} fields, the first one names ${columns.length}`)
    const item: Row['item'] = Object.create(null)
    for (const [i, value] of fields.entries()) {
      const { path, text } = columns[i]!
      if (value !== '') put(item, path, text ? value : jsonOr(value))
    }
    yield { at: ++count, item }
  }
}

function put(item: Row['item'], [name = '', ...rest]: readonly string[], value: unknown): void {
  if (!rest.length) item[name] = value
  else {
    const inner = item[name]
    const holder = typeof inner === 'object' && inner !== null ? (inner as Row['item']) : Object.create(null)
    item[name] = holder
    put(holder, rest, value)
  }
}

/** Lists, objects, true, false and null are what they are in JSON; all else is text, numbers of any length too. */
function jsonOr(text: string): unknown {
  if (!/^(true|false|null$|[[{])/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
