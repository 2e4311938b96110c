/**
 * A fingerprint of an item that differs when any of its values does. It is that of object-hash 3 (https://www.npmjs.com/package/object-hash) with
 * its defaults, so that versions made by the reference are known to be up to date here, and ours there. Pure.
 */

/** SHA-1 in hex of a JSON value. */
export async function objectHash(value: unknown): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(spell(value)))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const text = (value: string): string => `string:${value.length}:${value}`

/** As that package writes it: an object begins with what it inherits, said in full the first time and by its place among all objects after that. */
export function spell(value: unknown): string {
  let objects = 0
  let inherited: { readonly prototype: number; readonly maker: number } | undefined

  const native = (own: string) => `fn:${text('[native]')}${text('function-name:Object')}${own}`
  const again = (place: number) => text(`[CIRCULAR:${place}]`)

  function heritage(): string {
    let prototype: string
    let maker: string
    if (inherited) {
      prototype = again(inherited.prototype)
      maker = native(again(inherited.maker))
    } else {
      inherited = { prototype: objects++, maker: objects++ }
      const known = native('object:0:')
      prototype = `object:3:${text('prototype')}:Undefined,${text('__proto__')}:Null,${text('constructor')}:${known},`
      maker = native(again(inherited.maker))
    }
    return `${text('prototype')}:Undefined,${text('__proto__')}:${prototype},${text('constructor')}:${maker},`
  }

  function write(part: unknown): string {
    if (part === null || part === undefined) return 'Null'
    if (typeof part === 'string') return text(part)
    if (typeof part === 'number') return `number:${part}`
    if (typeof part === 'boolean') return `bool:${part}`
    objects++
    if (Array.isArray(part)) return `array:${part.length}:${part.map(write).join('')}`
    const keys = Object.keys(part).sort()
    const start = `object:${keys.length + 3}:${heritage()}`
    return start + keys.map((key) => `${text(key)}:${write((part as Record<string, unknown>)[key])},`).join('')
  }
  return write(value)
}
