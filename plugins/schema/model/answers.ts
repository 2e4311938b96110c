/** What /schema answers: the model as a document, what leads to another one, and the way there. */
import type { Context } from 'hono'
import { type Env, problems, type Registry } from 'plinth'
import { isOn, list, mayLose, oneOf } from '../switches.ts'
import { checkOrigin, type Exchange, type Wish } from './exchange.ts'
import { extras } from './extras.ts'
import { parseDiff, parseDocument } from './input.ts'
import { type Choice, documentOf, type Format, printed } from './print.ts'
import { readUpload } from './upload.ts'

export type Answers = Readonly<Record<'snapshot' | 'diff' | 'apply', (c: Context<Env>) => Promise<Response>>>

/** `limit`: bytes of a document. */
export function createAnswers(registry: Registry, exchange: Exchange, limit: number): Answers {
  return {
    async snapshot(c) {
      const format = oneOf(c, 'export', ['json', 'yaml'], problems.INVALID_QUERY)
      const document = await documentOf(exchange, registry.snapshot, choiceOf(c))
      return format ? c.body(printed(document, format), 200, headersOf(format)) : c.json({ data: document })
    },
    async diff(c) {
      const document = parseDocument(await readUpload(c, limit))
      if (!isOn(c, 'force')) checkOrigin(document)
      const found = await exchange.compare(document, modeOf(c))
      return found ? c.json({ data: found }) : c.body(null, 204)
    },
    async apply(c) {
      const wish = toWish(c, await readUpload(c, limit))
      if (isOn(c, 'dry_run')) return c.json({ data: await exchange.plan(wish) })
      await exchange.apply(wish, c.env.accountability, mayLose(c))
      return c.body(null, 204)
    },
  }
}

const modeOf = (c: Context<Env>) => oneOf(c, 'mode', ['merge', 'mirror']) ?? 'mirror'

/** A document can be sent instead of a diff: then what leads to it is found out and done in one go. */
function toWish(c: Context<Env>, body: unknown): Wish {
  const force = isOn(c, 'force')
  if (!('collections' in (body as object))) return { diff: parseDiff(body), force }
  const document = parseDocument(body)
  if (!force) checkOrigin(document)
  return { document, mode: modeOf(c) }
}

function choiceOf(c: Context<Env>): Choice {
  const [only, without] = [list(c, 'includeCollections'), list(c, 'excludeCollections')]
  if (only && without) throw problems.INVALID_PAYLOAD('"includeCollections" and "excludeCollections" cannot be used together.')
  const include = extras.filter((extra) => list(c, 'include')?.includes(extra))
  const unknown = list(c, 'include')?.find((word) => !(extras as readonly string[]).includes(word))
  if (unknown !== undefined) throw problems.INVALID_QUERY(`"include" may name ${extras.join(', ')}, not "${unknown}".`)
  return { include, only, without }
}

const headersOf = (format: Format) => ({
  'content-type': format === 'json' ? 'application/json; charset=utf-8' : 'text/yaml; charset=utf-8',
  'content-disposition': `attachment; filename="snapshot.${format}"`,
})
