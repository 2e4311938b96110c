/** Which of several values is which (RFC 7643 §2.4): the same value of the same type is the same; of what has no value all of it counts. Pure. */
import { canonical } from './evaluate.ts'
import { attributeNamed } from './places.ts'
import type { Attribute } from './schemas.ts'
import type { Resource } from './source.ts'

type Key = (one: Resource) => string

/** What a value is known by: by itself, and with its type. */
function keysOf({ subAttributes }: Attribute): { alone: Key; typed: Key } {
  const isExact = attributeNamed(subAttributes, 'value')?.caseExact
  const fold = (text: unknown) => (typeof text === 'string' ? text.toLowerCase() : text)
  const value = (one: Resource) => (isExact ? one.value : fold(one.value))
  return {
    alone: (one) => ('value' in one ? JSON.stringify([value(one)]) : canonical(one)),
    typed: (one) => ('value' in one ? JSON.stringify([value(one), fold(one.type)]) : canonical(one)),
  }
}

/** All of them: what is there already is not added again, but takes what else is said of it. `touched` are those of the list that were sent. */
export function joinValues(
  attribute: Attribute,
  old: readonly Resource[],
  sent: readonly Resource[],
): { list: Resource[]; touched: Resource[] } {
  const { alone, typed } = keysOf(attribute)
  const list = [...old]
  const places = new Map<string, number>()
  const note = (one: Resource, place: number) => {
    for (const key of [alone(one), typed(one)]) if (!places.has(key)) places.set(key, place)
  }
  old.forEach(note)
  const touched = new Set<number>()
  for (const one of sent) {
    const place = places.get(one.type === undefined ? alone(one) : typed(one)) ?? list.length
    list[place] = { ...list[place], ...one }
    note(list[place], place)
    touched.add(place)
  }
  return { list, touched: [...touched].map((place) => list[place]!) }
}

/** Whether one of those that are named: by its value, or by all that is said of it. */
export function isNamed(attribute: Attribute, named: readonly Resource[]): (one: Resource) => boolean {
  const { alone } = keysOf(attribute)
  const values = new Set(named.filter((one) => 'value' in one).map(alone))
  const others = named.filter((one) => !('value' in one))
  return (one) => values.has(alone(one)) || others.some((other) => Object.keys(other).every((key) => one[key] === other[key]))
}
