/** What the document of the API says of files and images. */
import type { OpenapiEvent } from 'plinth/specs'
import * as v from 'valibot'
import { Chosen, Lending } from './bodies.ts'
import type { AssetOptions } from './mod.ts'
import { fits, formats, type names } from './parameters.ts'

export function describeAssets({ describe }: OpenapiEvent, options: AssetOptions): void {
  const said = (description: string) => v.optional(v.pipe(v.string(), v.description(description)))
  const whole = (most: number, description: string) =>
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most), v.description(description)))
  const number = (description: string) => v.optional(v.pipe(v.number(), v.description(description)))
  const oneOf = (words: readonly string[], description: string) => v.optional(v.pipe(v.picklist(words), v.description(description)))
  const side = options.ASSETS_TRANSFORM_IMAGE_MAX_DIMENSION

  const image: Record<(typeof names)[number], v.GenericSchema> = {
    key: said('A preset of the project, by its key.'),
    transforms: said(`Operations of sharp as JSON, ${options.ASSETS_TRANSFORM_MAX_OPERATIONS} at most: \`[["rotate", 90], ["blur", 5]]\`.`),
    width: whole(side, 'Pixels.'),
    height: whole(side, 'Pixels.'),
    fit: oneOf(fits, 'What becomes of an image of other proportions.'),
    format: oneOf([...formats, 'jpg', 'auto'], '`auto`: the best of what the client takes.'),
    quality: whole(100, 'Percent.'),
    withoutEnlargement: v.optional(v.pipe(v.boolean(), v.description('An image that is small stays so.'))),
    focal_point_x: number('What is kept in sight where the image is cut, in pixels of the original.'),
    focal_point_y: number('The same, from above.'),
  }
  const query = v.object({
    ...image,
    download: said('There, with any value: to be kept instead of shown.'),
    sign: said('Of an address that was signed.'),
  })
  describe('GET /assets/:id/:filename?', {
    summary: 'A file, or an image as it is wanted',
    query,
    answers: ['*/*', ...formats.map((format) => `image/${format}`)],
  })
  const zip = ['application/zip']
  describe('POST /assets/files', { summary: 'Files as an archive', body: Chosen(options.ASSETS_ZIP_MAX_FILES), answers: zip })
  describe('POST /assets/folder/:id', { summary: 'A folder and those in it as an archive', answers: zip })
  describe('POST /assets/:id/sign', {
    summary: 'Lend a file, or an image made of it, by an address',
    body: v.object({ ...Lending(options.ASSETS_SIGN_MAX_TTL / 1000).entries, ...image }),
    response: v.object({ data: v.object({ url: v.string() }) }),
    audience: 'users',
  })
}
