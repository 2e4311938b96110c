/** What an image says of itself: size, camera, caption, keywords, and where its subject is. */

export interface Description {
  readonly width: number | null
  readonly height: number | null
  readonly metadata: Readonly<Record<string, unknown>> | null
  readonly title?: string
  readonly description?: string
  readonly tags?: readonly string[]
  /** Pixels of the image as it is shown. */
  readonly focal_point_x?: number
  readonly focal_point_y?: number
}

interface Size {
  readonly width: number
  readonly height: number
}

export const nothing: Description = { width: null, height: null, metadata: null }

const images = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/tiff'])
export const isDescribed = (type: string): boolean => images.has(type)

/** `bytes`: the content, or its beginning. `allowed`: tags that are kept, such as `ifd0.Make`, or `*`. What cannot be read says nothing. */
export async function describe(bytes: Uint8Array, allowed: readonly string[]): Promise<Description> {
  const { sharp } = await import('./sharp.ts')
  const found = await sharp(bytes, { failOn: 'none', limitInputPixels: false })
    .metadata()
    .catch(() => undefined) // what is broken is kept as it is
  if (!found) return nothing
  const turned = (found.orientation ?? 1) >= 5
  const [width, height] = turned ? [found.height, found.width] : [found.width, found.height]
  const { subject, ...said } = await readTags(bytes, Boolean(found.exif || found.iptc), allowed)
  const focal = subject && shown(subject, found, found.orientation ?? 1)
  return { width, height, ...said, ...(focal && { focal_point_x: focal[0], focal_point_y: focal[1] }) }
}

/** Where a point of the stored image is once it is turned as its orientation says (Exif 3.0, 4.6.5.1.6); undefined outside of it. */
function shown([x, y]: Point, { width, height }: Size, orientation: number): Point | undefined {
  if (!(x >= 0 && x <= width && y >= 0 && y <= height)) return undefined
  const [across, down] = [width - x, height - y]
  const turned: readonly Point[] = [
    [x, y],
    [across, y],
    [across, down],
    [x, down],
    [y, x],
    [down, x],
    [down, across],
    [y, across],
  ]
  return turned[orientation - 1]
}

/** What other programs call these. */
const names: Readonly<Record<string, string>> = {
  ISO: 'ISOSpeedRatings',
  ExifImageWidth: 'PixelXDimension',
  ExifImageHeight: 'PixelYDimension',
}
type Point = readonly [x: number, y: number]

/** Exif's `SubjectArea` begins with its centre, whatever its form (4.6.6.7.22); `SubjectLocation` is one. A centre of nothing is none. */
function subjectOf({ SubjectArea: area, SubjectLocation: location }: Record<string, unknown>): Point | undefined {
  const [x, y] = Array.from((area ?? location ?? []) as ArrayLike<unknown>)
  return Number.isInteger(x) && Number.isInteger(y) && (x || y) ? [Number(x), Number(y)] : undefined
}

const sections = ['ifd0', 'exif', 'gps', 'iptc'] as const

async function readTags(
  bytes: Uint8Array,
  any: boolean,
  allowed: readonly string[],
): Promise<Pick<Description, 'metadata' | 'title' | 'description' | 'tags'> & { subject?: Point | undefined }> {
  if (!any) return { metadata: {} }
  const { default: exifr } = await import('exifr')
  const wanted = { ifd0: {}, exif: true, gps: true, iptc: true, xmp: false, icc: false, mergeOutput: false, translateValues: false }
  const found = await exifr
    .parse(bytes, wanted as never)
    .then((tags: Record<string, Record<string, unknown>> | undefined) => tags ?? {})
    .catch(() => ({}) as Record<string, Record<string, unknown>>) // broken tags are none
  const { iptc } = found
  const keywords = iptc?.Keywords
  const title = iptc?.ObjectName ?? iptc?.Headline
  return {
    subject: subjectOf(found.exif ?? {}),
    metadata: Object.fromEntries(
      sections.flatMap((section) => {
        const kept = keptOf(section, found[section] ?? {}, allowed)
        return kept.length ? [[section, Object.fromEntries(kept)]] : []
      }),
    ),
    ...(title !== undefined && { title: String(title).slice(0, 255) }),
    ...(iptc?.Caption !== undefined && { description: String(iptc.Caption) }),
    ...(keywords !== undefined && { tags: (Array.isArray(keywords) ? keywords : [keywords]).map(String) }),
  }
}

function keptOf(section: string, tags: Record<string, unknown>, allowed: readonly string[]): [string, unknown][] {
  const named = Object.entries(tags).map(([name, value]): [string, unknown] => [names[name] ?? name, value])
  return named.filter(
    ([name, value]) =>
      (allowed.includes('*') || allowed.includes(`${section}.${name}`)) && value !== undefined && !(value instanceof Uint8Array),
  )
}
