/** A page in edges as SQL: rows with their places in the order, and what is told of the page. Pure. */
import { quoteName } from 'plinth'
import { cursorText, orderText } from '../cursor.ts'
import type { ReadPlan } from '../plan.ts'
import type { EdgePart, PageField, PagePart, PageShape } from '../query.ts'
import { objectText } from './groups.ts'
import { compilePage } from './page.ts'
import { columnsOf, levelOf } from './show.ts'
import { quoteLiteral, type Writer } from './writer.ts'

/** `data`: SQL for the page as JSON text, from the rows of `from`. `total` is SQL too, used where it is asked for. */
export function compileEdges(writer: Writer, plan: ReadPlan, { direction, parts }: PageShape, total: () => string) {
  const backward = direction === 'backward'
  // One row more tells whether there are more.
  const most = plan.limit
  const rows = { ...plan, limit: most === null ? null : most + 1, offset: 0, backward } as const
  const page = compilePage(writer, rows, () => [], plan.behind)
  const { row, head, from } = levelOf(writer, writer.alias(), page.text, plan.node)
  const { list, joins } = columnsOf(writer, { row, from }, plan.node)
  const keys = page.keys.map((key) => `${row}.${quoteName(key)}::text`).join(', ')
  const numbered = `row_number() over (${page.order(row).trim()}) as n`

  const kept = most === null ? '' : ` filter (where d.n <= ${most})`
  const [ahead, back] = backward ? ['d.n desc', 'd.n'] : ['d.n', 'd.n desc']
  const cursor = (last: string) => cursorText(writer.parameter({ kind: 'constant', value: orderText(plan.order) }), last)
  const cursorOfFirst = (order: string) => {
    const first = `(array_agg(d.place order by ${order})${kept})[1]`
    return `case when ${first} is null then 'null' else ${cursor(first)} end`
  }
  const [more, before] = [most === null ? `'false'` : `(count(*) > ${most})::text`, `'${plan.behind}'`]
  const told: Readonly<Record<PageField, () => string>> = {
    hasNextPage: () => (backward ? before : more),
    hasPreviousPage: () => (backward ? more : before),
    startCursor: () => cursorOfFirst(ahead),
    endCursor: () => cursorOfFirst(back),
  }
  const edgePart = (part: EdgePart): string => {
    if (part.kind === 'constant') return quoteLiteral(part.value)
    return part.kind === 'cursor' ? `${cursor('d.place')}::json` : `d.${quoteName(part.column)}`
  }
  const edges = (of: readonly EdgePart[]) => {
    const edge = objectText(of.map((part) => [part.key, edgePart(part)]))
    return `coalesce('[' || string_agg(${edge}::text, ',' order by ${ahead})${kept} || ']', '[]')`
  }
  const partText = (part: PagePart): string => {
    if (part.kind === 'total') return total()
    if (part.kind === 'edges') return edges(part.of)
    if (part.kind === 'constant') return quoteLiteral(JSON.stringify(part.value))
    return joined(part.of.map((one) => [one.key, one.kind === 'constant' ? quoteLiteral(JSON.stringify(one.value)) : told[one.name]()]))
  }
  return {
    data: joined(parts.map((part) => [part.key, partText(part)])),
    from: `(${head}select ${list}, json_build_array(${keys}) as place, ${numbered} from ${from}${joins})`,
  }
}

/** SQL for an object as text, of members that are SQL for JSON as text. Not a row made JSON: aggregates in there would be of that row. */
const joined = (members: readonly (readonly [key: string, text: string])[]): string =>
  `'{' || ${members.map(([key, text]) => `${quoteLiteral(`${JSON.stringify(key)}:`)} || ${text} || `).join(`',' || `)}'}'`
