/** Pictures for the gallery, painted here so that they are free for everybody: layers of light and land, and grain over all of it. */
import sharp from 'sharp'

const [width, height, horizon] = [1800, 1200, 750]

/** Numbers from 0 to 1 that are the same each time. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** A line of hills from the left to the right: sums of waves, rougher the smaller they are. */
function ridge(seed: number, base: number, rise: number, roughness: number): string {
  const random = numbers(seed)
  const waves = Array.from({ length: 9 }, (_, i) => ({ size: rise * roughness ** i, speed: 0.7 * 1.9 ** i, shift: random() * 9 }))
  const points = Array.from({ length: 241 }, (_, i) => {
    const x = i / 240
    const y = waves.reduce((sum, { size, speed, shift }) => sum + size * Math.sin(x * speed * 6.3 + shift), 0)
    return `${x * width},${Math.round(base - y)}`
  })
  return `M0,${height} L${points.join(' L')} L${width},${height} Z`
}

interface Scene {
  readonly title: string
  readonly description: string
  /** Colours of the sky from above to the horizon. */
  readonly sky: readonly string[]
  /** Colours of the hills, far to near. */
  readonly hills: readonly string[]
  readonly rough: number
  readonly sun?: { readonly x: number; readonly y: number; readonly size: number; readonly colour: string }
  readonly stars?: boolean
  readonly clouds?: string
  readonly trees?: string
}

const scenes: readonly Scene[] = [
  {
    title: 'Last light',
    description: 'The sun sets behind five ridges',
    sky: ['#2b3a67', '#8a5a83', '#f2a65a', '#ffd98e'],
    hills: ['#b5656b', '#8b4a62', '#5f3554', '#3b2443', '#1c1429'],
    rough: 0.52,
    sun: { x: 1170, y: 570, size: 66, colour: '#fff3c9' },
    clouds: '#ffb48a',
  },
  {
    title: 'Moonrise',
    description: 'A full moon over dark ridges',
    sky: ['#050b1f', '#0f2347', '#35568a'],
    hills: ['#1d3358', '#12233f', '#070f20'],
    rough: 0.5,
    sun: { x: 670, y: 290, size: 54, colour: '#f4f1de' },
    stars: true,
  },
  {
    title: 'Dunes',
    description: 'Sand in the evening',
    sky: ['#6fa3c7', '#cfe0e0', '#f7e3bd'],
    hills: ['#e8b878', '#d99a58', '#c17f45', '#8f5a35'],
    rough: 0.3,
  },
  {
    title: 'Northern lights',
    description: 'Green light over a dark wood',
    sky: ['#04101c', '#0b3b3a', '#2f9c77', '#0d2a3a'],
    hills: ['#0b2230', '#061520'],
    rough: 0.5,
    stars: true,
    trees: '#02080d',
    clouds: '#5df2b0',
  },
  {
    title: 'Morning fog',
    description: 'Pines in the mist',
    sky: ['#cfd8dc', '#e6ebea', '#f2efe6'],
    hills: ['#c2ced0', '#a3b5b6', '#7d9596', '#567272', '#2f4a4b'],
    rough: 0.5,
    trees: '#1f3536',
  },
  {
    title: 'Blue morning',
    description: 'Clear air over six ridges',
    sky: ['#3d6f99', '#8fb8cf', '#f4d9c6'],
    hills: ['#9db4c4', '#7d9bb0', '#5f8099', '#456680', '#2b475e'],
    rough: 0.45,
    clouds: '#fff2ea',
  },
  {
    title: 'Red planet',
    description: 'Two ridges under a pale sun',
    sky: ['#4a1d1f', '#a34a32', '#e59a64'],
    hills: ['#a14a33', '#74301f', '#3f1711'],
    rough: 0.58,
    sun: { x: 465, y: 315, size: 34, colour: '#ffe9d2' },
  },
  {
    title: 'Spring',
    description: 'Green hills after the rain',
    sky: ['#4f93ce', '#a9d3ee', '#eef6f4'],
    hills: ['#9cc4b0', '#73ad78', '#4c8f4e', '#2c6a37'],
    rough: 0.36,
    clouds: '#ffffff',
  },
  {
    title: 'Glacier',
    description: 'Ice above the clouds',
    sky: ['#1f4f8b', '#6aa5d8', '#dcebf5'],
    hills: ['#dfeaf3', '#b5cde0', '#86a9c6', '#4d7699'],
    rough: 0.62,
  },
  {
    title: 'Violet hour',
    description: 'Pines after sunset',
    sky: ['#1a1440', '#5a3c86', '#c9729f', '#f7b59b'],
    hills: ['#6d4280', '#4a2f66', '#2a1b45'],
    rough: 0.5,
    stars: true,
    trees: '#120b22',
  },
  {
    title: 'Steppe',
    description: 'Low sun over grass',
    sky: ['#89b4c9', '#f1dfb3', '#f7c46c'],
    hills: ['#d9b061', '#b58a3f', '#7d5c2a'],
    rough: 0.26,
    sun: { x: 1425, y: 600, size: 75, colour: '#fffbe6' },
    trees: '#3b2c14',
  },
]

const gradient = (id: string, colours: readonly string[], to: number) =>
  `<linearGradient id="${id}" x1="0" y1="0" x2="0" y2="${to}" gradientUnits="userSpaceOnUse">${colours
    .map((colour, i) => `<stop offset="${i / (colours.length - 1)}" stop-color="${colour}"/>`)
    .join('')}</linearGradient>`

function svgOf({ sky, hills, rough, sun, stars, clouds, trees }: Scene, seed: number): string {
  const random = numbers(seed * 7919)
  const land = hills.map((colour, i) => {
    const path = ridge(seed * 31 + i, horizon - 110 + (i * 465) / hills.length, 98, rough)
    const id = `h${i}`
    return `${gradient(id, [colour, hills[Math.min(i + 1, hills.length - 1)]!], height)}<path d="${path}" fill="url(#${id})" ${i ? '' : 'opacity="0.9"'}/>`
  })
  const points = stars
    ? Array.from(
        { length: 500 },
        () =>
          `<circle cx="${random() * width}" cy="${random() ** 1.5 * horizon}" r="${0.6 + random() * 1.8}" opacity="${0.3 + random() * 0.7}"/>`,
      ).join('')
    : ''
  const wood = trees
    ? Array.from({ length: 130 }, () => {
        const [x, y, tall] = [random() * width, 1120 + random() * 100, 90 + random() * 240]
        return `<path d="M${x - tall / 6},${y} L${x},${y - tall} L${x + tall / 6},${y} Z" opacity="${0.75 + random() * 0.25}"/>`
      }).join('')
    : ''
  const glow = sun
    ? `<radialGradient id="glow"><stop offset="0" stop-color="${sun.colour}" stop-opacity="0.85"/><stop offset="0.35" stop-color="${sun.colour}" stop-opacity="0.22"/><stop offset="1" stop-color="${sun.colour}" stop-opacity="0"/></radialGradient>
       <circle cx="${sun.x}" cy="${sun.y}" r="${sun.size * 7}" fill="url(#glow)"/><circle cx="${sun.x}" cy="${sun.y}" r="${sun.size}" fill="${sun.colour}" filter="url(#soft)"/>`
    : ''
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs>${gradient('sky', sky, horizon)}
<filter id="soft"><feGaussianBlur stdDeviation="3"/></filter>
<filter id="clouds" x="0" y="0" width="1" height="1"><feTurbulence type="fractalNoise" baseFrequency="0.0014 0.006" numOctaves="5" seed="${seed}"/>
<feColorMatrix values="0 0 0 0 1  0 0 0 0 1  0 0 0 0 1  2.6 0 0 0 -1.15"/><feComposite operator="in" in2="SourceGraphic"/><feComposite in="SourceGraphic" operator="in"/></filter></defs>
<rect width="${width}" height="${height}" fill="url(#sky)"/><g fill="#fff">${points}</g>
${clouds ? `<rect width="${width}" height="${horizon}" fill="${clouds}" filter="url(#clouds)" opacity="0.8"/>` : ''}${glow}
${land.join('')}<g fill="${trees ?? 'none'}">${wood}</g></svg>`
}

export interface Painted {
  readonly filename: string
  readonly title: string
  readonly description: string
  readonly content: Buffer
}

export async function paint(): Promise<Painted[]> {
  const painted: Painted[] = []
  for (const [i, scene] of scenes.entries()) {
    const grain = sharp({ create: { width, height, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 9 } } })
    const content = await sharp(Buffer.from(svgOf(scene, i + 3)), { limitInputPixels: false })
      .flatten()
      .composite([{ input: await grain.png().toBuffer(), blend: 'soft-light' }])
      .jpeg({ quality: 88 })
      .toBuffer()
    const { title, description } = scene
    painted.push({
      filename: `${String(i + 1).padStart(2, '0')}-${title.toLowerCase().replaceAll(' ', '-')}.jpg`,
      title,
      description,
      content,
    })
  }
  return painted
}
