/** /schema: the model as a document, what leads to another one, and the way there. For administrators. */
import type { Context } from 'hono'
import { dump } from 'js-yaml'
import { type Env, type Host, problems } from 'plinth'
import { admins } from '../guard.ts'
import { isOn, list, mayLose, oneOf } from '../switches.ts'
import { type Model, partOf, toldPart } from './document.ts'
import { checkOrigin, type Exchange, type Wish } from './exchange.ts'
import { parseDiff, parseModel } from './input.ts'
import { readUpload } from './upload.ts'

/** `limit`: bytes of a document. */
export function schemaRoutes(host: Host, exchange: Exchange, limit: number): void {
  host
    .routes('/schema')
    .get('/snapshot', admins, (c) => {
      const format = oneOf(c, 'export', ['json', 'yaml'], problems.INVALID_QUERY)
      const model = chosen(c, exchange.model())
      return format ? c.body(printed(model, format), 200, headersOf(format)) : c.json({ data: model })
    })
    .post('/diff', admins, async (c) => {
      const model = parseModel(await readUpload(c, limit))
      if (!isOn(c, 'force')) checkOrigin(model)
      const found = await exchange.compare(model, { mode: oneOf(c, 'mode', ['merge', 'mirror']) ?? 'mirror' })
      return found ? c.json({ data: found }) : c.body(null, 204)
    })
    .post('/apply', admins, async (c) => {
      const wish = toWish(c, await readUpload(c, limit))
      if (isOn(c, 'dry_run')) return c.json({ data: await exchange.plan(wish) })
      await exchange.apply(wish, c.env.accountability, { mayLose: mayLose(c) })
      return c.body(null, 204)
    })
}

/** A model can be sent instead of a diff: then what leads to it is found out and done in one go. */
function toWish(c: Context<Env>, body: unknown): Wish {
  const force = isOn(c, 'force')
  if (!('collections' in (body as object))) return { diff: parseDiff(body), force }
  const model = parseModel(body)
  if (!force) checkOrigin(model)
  return { model, options: { mode: oneOf(c, 'mode', ['merge', 'mirror']) ?? 'mirror' } }
}

function chosen(c: Context<Env>, model: Model): Model {
  const [included, excluded] = [list(c, 'includeCollections'), list(c, 'excludeCollections')]
  if (included && excluded) throw problems.INVALID_PAYLOAD('"includeCollections" and "excludeCollections" cannot be used together.')
  const told = toldPart(model)
  if (included) return partOf(told, (name) => included.includes(name), false)
  return excluded ? partOf(told, (name) => !excluded.includes(name), true) : told
}

type Format = 'json' | 'yaml'

export const printed = (model: Model, format: Format): string =>
  format === 'json' ? JSON.stringify(model, null, 2) : dump(model, { noRefs: true, lineWidth: -1 })

const headersOf = (format: Format) => ({
  'content-type': format === 'json' ? 'application/json; charset=utf-8' : 'text/yaml; charset=utf-8',
  'content-disposition': `attachment; filename="snapshot.${format}"`,
})
