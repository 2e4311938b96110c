/** The format that an image is sent in. Pure. */
import type { Format } from './parameters.ts'

/** Types that are transformed, and the format that each stays in. */
const sources: Readonly<Record<string, Format>> = {
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/tiff': 'tiff',
  'image/gif': 'gif',
}

export const sourceFormat = (type: string | null): Format | undefined => (type && Object.hasOwn(sources, type) ? sources[type] : undefined)

/** Only these hold images that move. */
export const moves = (format: Format): boolean => format === 'gif' || format === 'webp'

/** For `auto`: AVIF or WebP where the client takes them by name, else the source's. What may move stays in a format that does. */
export function acceptedFormat(source: Format, accept: string | null): Format {
  if (!moves(source) && accepts(accept, 'image/avif')) return 'avif'
  return accepts(accept, 'image/webp') ? 'webp' : source
}

function accepts(header: string | null, type: string): boolean {
  return (header ?? '').split(',').some((range) => {
    const [name = '', ...parameters] = range.split(';').map((word) => word.trim().toLowerCase())
    return name === type && !parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter))
  })
}
