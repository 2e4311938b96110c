/** What the document of the API says of files. */
import type { Handler } from 'plinth'
import type { OpenapiEvent } from 'plinth/specs'
import * as v from 'valibot'

const text = v.optional(v.string())
/** Fields count for the files that come behind them. */
const Form = v.looseObject({
  title: text,
  description: text,
  folder: v.optional(v.pipe(v.string(), v.uuid())),
  storage: v.optional(v.pipe(v.string(), v.description('One of STORAGE_LOCATIONS.'))),
  filename_download: text,
  file: v.pipe(v.string(), v.description('The content; several make several files. The last part of the form.')),
})
const type = 'multipart/form-data'

export const describeRoutes: Handler<OpenapiEvent> = async function describeFiles({ describe }, next) {
  describe('POST /files', { body: Form, type })
  describe('PATCH /files/:key', { body: Form, type })
  describe('POST /files/import', {
    summary: 'Make a file of what is at an address',
    body: v.strictObject({ url: v.pipe(v.string(), v.url()), data: v.optional(v.looseObject({})) }),
    item: 'directus_files',
  })
  const orNull = v.nullable(v.string())
  describe('GET /files/details', {
    summary: 'Digests, and small previews of images',
    query: v.object({ ids: v.pipe(v.string(), v.description('Keys of files, between commas.')) }),
    response: v.object({ data: v.array(v.object({ id: v.string(), sha256: orNull, thumbhash: orNull })) }),
  })
  // https://tus.io says how these are asked.
  for (const method of ['GET', 'POST', 'PATCH', 'DELETE'])
    for (const path of ['', '/:id']) describe(`${method} /files/tus${path}`, { hidden: true })
  await next()
}
