/** What the document of the API says of versions and of going back. */
import type { Handler } from 'plinth'
import type { OpenapiEvent } from 'plinth/specs'
import * as v from 'valibot'

const Item = v.looseObject({})

export const describeRoutes: Handler<OpenapiEvent> = async function describeHistory({ describe }, next) {
  describe('POST /versions/:key/save', {
    summary: 'Save changes in a version',
    body: Item,
    response: v.object({ data: Item }),
  })
  describe('GET /versions/:key/compare', {
    summary: 'A version beside its item',
    response: v.object({ data: v.object({ outdated: v.boolean(), mainHash: v.string(), current: Item, main: Item }) }),
  })
  describe('POST /versions/:key/promote', {
    summary: 'Make a version what its item is',
    body: v.object({
      mainHash: v.pipe(v.string(), v.description('As the comparison told it: a change of the item since then is an error.')),
      fields: v.optional(v.nullable(v.pipe(v.array(v.string()), v.description('These alone.')))),
    }),
    response: v.object({ data: v.pipe(v.union([v.string(), v.number()]), v.description('The key of the item.')) }),
  })
  describe('POST /utils/revert/:revision', { summary: 'Make an item what a revision says that it was', status: 204 })
  await next()
}
