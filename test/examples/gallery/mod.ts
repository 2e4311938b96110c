/** Example: a page of pictures, at /gallery. Whatever it shows comes from /assets, in the size that the page has room for; who asks sees what they may read. */
import { definePlugin } from 'plinth'
import { items } from 'plinth/items'

interface Picture {
  readonly id: string
  readonly title: string | null
  readonly description: string | null
}

const asset = (id: string, parameters: Record<string, string | number>) =>
  `/assets/${id}?${new URLSearchParams({ format: 'auto', ...(parameters as Record<string, string>) })}`
const escaped = (text: string | null) => (text ?? '').replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** For a place so wide and high, on screens of one and of two pixels a point. */
function image({ id, description }: Picture, width: number, height: number, more: Record<string, string> = {}): string {
  const at = (scale: number) => escaped(asset(id, { width: width * scale, height: height * scale, ...more }))
  return `<img src="${at(1)}" srcset="${at(1)} 1x, ${at(2)} 2x" width="${width}" height="${height}" alt="${escaped(description)}">`
}

const effects: [name: string, transforms: unknown[]][] = [
  ['greyscale', [['greyscale']]],
  ['tint', [['tint', '#c98a3c']]],
  ['blur', [['blur', 12]]],
  ['modulate', [['modulate', { hue: 150 }]]],
  ['negate', [['negate', { alpha: false }]]],
]

const style = `
body { margin: 0; background: #111418; color: #d8dce2; font: 15px/1.4 system-ui, sans-serif }
main { width: 1200px; margin: 32px auto }
h1 { font-weight: 300; font-size: 34px; margin: 0 0 20px }
h2 { font-weight: 400; font-size: 16px; margin: 28px 0 10px; color: #8f98a5 }
div { display: grid; gap: 12px }
.hero { grid-template-columns: 792px 396px } .hero div { grid-template-rows: 1fr 1fr }
.row { grid-template-columns: repeat(4, 1fr) } .effects { grid-template-columns: repeat(6, 1fr) }
figure { margin: 0 } img { display: block; border-radius: 4px; max-width: 100% } figcaption { margin-top: 4px; font-size: 13px; color: #8f98a5 }`

function page(pictures: readonly Picture[]): string {
  const [first, second, third, ...others] = pictures
  const figure = (picture: Picture, shown: string, name = picture.title) =>
    `<figure>${shown}<figcaption>${escaped(name)}</figcaption></figure>`
  if (!first || !second || !third) return '<!doctype html><title>Gallery</title><p>There are no three pictures yet.'
  const varied = others[0] ?? first
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title><style>${style}</style><main><h1>Gallery</h1>
<div class="hero">${image(first, 792, 452)}<div>${image(second, 396, 220)}${image(third, 396, 220)}</div></div>
<h2>?width=291&amp;height=194</h2><div class="row">${others
    .slice(0, 8)
    .map((one) => figure(one, image(one, 291, 194)))
    .join('')}</div>
<h2>?transforms=</h2><div class="effects">${figure(varied, image(varied, 190, 127), 'as it is')}${effects
    .map(([name, steps]) => figure(varied, image(varied, 190, 127, { transforms: JSON.stringify(steps) }), name))
    .join('')}</div></main></html>`
}

export default definePlugin({
  name: 'gallery',
  needs: [items],
  setup(host) {
    const { list } = host.use(items)
    host.routes('/gallery').get('/', async (c) => {
      const query = {
        fields: ['id', 'title', 'description'],
        filter: { type: { _starts_with: 'image/' } },
        sort: ['filename_download'],
        limit: 11,
      }
      const pictures = await list<Picture>('directus_files', query, { access: c.env.accountability })
      return c.html(page(pictures), 200, { 'content-security-policy': "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'" })
    })
  },
})
