/** The one place where the library for images is loaded. What it loads and makes leaves at once, and nothing but these kinds is ever opened, whatever a content claims to be. */
import sharp from 'sharp'

sharp.cache(false)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: ['Jpeg', 'Png', 'Webp', 'Heif', 'Tiff', 'Nsgif'].map((kind) => `VipsForeignLoad${kind}`) })

export { sharp }
