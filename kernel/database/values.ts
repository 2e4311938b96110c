/** How values travel as text: parameters out, columns in. Shared by the drivers, so that both answer alike. */
import { arrayLiteral, type Parameter } from './database.ts'

/** PostgreSQL's text for a parameter; the server decides its type. */
export function toText(value: Parameter): string | null {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Uint8Array) return '\\x' + Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
  if (Array.isArray(value)) return arrayLiteral(value)
  if (value === undefined) throw new TypeError('A parameter is undefined: pass null for SQL NULL')
  return String(value)
}

export type Parser = (text: string) => unknown

const toNumber: Parser = Number
const toBoolean: Parser = (text) => text === 't'
const toBytes: Parser = (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))
const toJson: Parser = (text) => JSON.parse(text)
const asIs: Parser = (text) => text

/** [parser, type's OID, its array's OID], https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const known: [Parser, ...[type: number, array: number][]][] = [
  [toBoolean, [16, 1000]],
  [toBytes, [17, 1001]],
  // int2, int4, float4, float8
  [toNumber, [21, 1005], [23, 1007], [700, 1021], [701, 1022]],
  // json, jsonb
  [toJson, [114, 199], [3802, 3807]],
  // int8, numeric, text, varchar, bpchar, name, "char", oid, uuid
  [asIs, [20, 1016], [1700, 1231], [25, 1009], [1043, 1015], [1042, 1014], [19, 1003], [18, 1002], [26, 1028], [2950, 2951]],
  // date, time, timetz, timestamp, timestamptz, interval
  [asIs, [1082, 1182], [1083, 1183], [1266, 1270], [1114, 1115], [1184, 1185], [1186, 1187]],
  // inet, cidr, macaddr, macaddr8, bit, varbit, money, xml
  [asIs, [869, 1041], [650, 651], [829, 1040], [774, 775], [1560, 1561], [1562, 1563], [790, 791], [142, 143]],
  // point, lseg, path, polygon, line, circle
  [asIs, [600, 1017], [601, 1018], [602, 1019], [604, 1027], [628, 629], [718, 719]],
  // tsvector, tsquery, regclass, regtype
  [asIs, [3614, 3643], [3615, 3645], [2205, 2210], [2206, 2211]],
  // int4range, numrange, tsrange, tstzrange, daterange, int8range
  [asIs, [3904, 3905], [3906, 3907], [3908, 3909], [3910, 3911], [3912, 3913], [3926, 3927]],
]

/** Parsers by the OIDs of PostgreSQL's own types. */
export const parsers: Readonly<Record<number, Parser>> = Object.fromEntries(
  known.flatMap(([parse, ...types]) =>
    types.flatMap(([type, array]) => [
      [type, parse],
      [array, (text: string) => parseArray(text, parse)],
    ]),
  ),
)

/** `{1,NULL,"a\"b",{nested}}`, also with bounds in front: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
export function parseArray(text: string, item: Parser): unknown[] {
  let at = text.indexOf('{') // bounds such as `[0:1]=` come before it
  const list = (): unknown[] => {
    const values: unknown[] = []
    at++
    while (text[at] !== '}') {
      if (text[at] === ',') at++
      else if (text[at] === '{') values.push(list())
      else if (text[at] === '"') values.push(item(quoted()))
      else values.push(plain())
    }
    at++
    return values
  }
  const quoted = () => {
    let value = ''
    for (at++; text[at] !== '"'; at++) {
      if (text[at] === '\\') at++
      value += text[at]
    }
    at++
    return value
  }
  const plain = () => {
    const start = at
    while (text[at] !== ',' && text[at] !== '}') at++
    const value = text.slice(start, at)
    return value === 'NULL' ? null : item(value)
  }
  return list()
}

/** OIDs of types that PostgreSQL does not bring along start here. */
const firstUserType = 16384

/** Array types of somebody's enums and domains: their OIDs are looked up when a result first holds one. */
export function createUserTypes() {
  /** null: not an array. */
  const learned = new Map<number, Parser | null>()

  /** Replaces the text of such columns in `rows`. */
  return async function parseUserTypes(
    rows: readonly Record<string, unknown>[],
    columns: readonly { readonly name: string; readonly type: number }[],
    ask: (text: string, parameters: Parameter[]) => Promise<readonly { oid: string; element: string }[]>,
  ): Promise<void> {
    const own = columns.filter(({ type }) => type >= firstUserType)
    if (own.length === 0 || rows.length === 0) return
    const unknown = own.map(({ type }) => type).filter((type) => !learned.has(type))
    if (unknown.length > 0) {
      for (const type of unknown) learned.set(type, null)
      for (const { oid, element } of await ask(arrayTypes, [unknown])) {
        learned.set(Number(oid), (text) => parseArray(text, parsers[Number(element)] ?? asIs))
      }
    }
    for (const { name, type } of own) {
      const parse = learned.get(type)
      if (parse) for (const row of rows) if (typeof row[name] === 'string') row[name] = parse(row[name])
    }
  }
}

const arrayTypes = `
  select a.oid, coalesce(nullif(e.typbasetype, 0), e.oid) as element
  from pg_catalog.pg_type a join pg_catalog.pg_type e on e.oid = a.typelem
  where a.oid = any($1::oid[]) and a.typcategory = 'A'`
