/**
 * What makes one JSON value another, as a list of changes in the form that the API shares with the library deep-diff
 * (https://github.com/flitbit/diff#differences): N is new, D is gone, E is edited, A is an element of a list that is new or gone. Pure.
 */

export type Path = readonly (string | number)[]

export type Edit =
  | { readonly kind: 'N'; readonly path?: Path; readonly rhs: unknown }
  | { readonly kind: 'D'; readonly path?: Path; readonly lhs: unknown }
  | { readonly kind: 'E'; readonly path?: Path; readonly lhs: unknown; readonly rhs: unknown }
  | { readonly kind: 'A'; readonly path?: Path; readonly index: number; readonly item: Edit }

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Undefined stands for nothing: from it to a value is new, from a value to it gone. */
export function compare(before: unknown, after: unknown, path: Path = []): Edit[] {
  const at = path.length ? { path } : {}
  if (before === undefined) return after === undefined ? [] : [{ kind: 'N', ...at, rhs: after }]
  if (after === undefined) return [{ kind: 'D', ...at, lhs: before }]
  if (isRecord(before) && isRecord(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap((name) => compare(own(before, name), own(after, name), [...path, name]))
  }
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path)
  return before === after ? [] : [{ kind: 'E', ...at, lhs: before, rhs: after }]
}

const own = (record: Fields, name: string): unknown => (Object.hasOwn(record, name) ? record[name] : undefined)

/** By position; from the end, so that elements can be taken away one after the other. */
function compareLists(before: readonly unknown[], after: readonly unknown[], path: Path): Edit[] {
  const shared = Math.min(before.length, after.length)
  const extra = (list: readonly unknown[], edit: (element: unknown) => Edit): Edit[] =>
    list.map((element, index): Edit => ({ kind: 'A', path, index, item: edit(element) })).slice(shared)
  return [
    ...extra(before, (lhs) => ({ kind: 'D', lhs })).reverse(),
    ...extra(after, (rhs) => ({ kind: 'N', rhs })).reverse(),
    ...before.slice(0, shared).flatMap((_, i) => compare(before[shared - 1 - i], after[shared - 1 - i], [...path, shared - 1 - i])),
  ]
}

export const isEqual = (a: unknown, b: unknown): boolean => compare(a, b).length === 0

/** `value` after `edits`, in their order. A path that leads nowhere is passed over. @throws Error for a name that no JSON of ours holds. */
export function patch(value: unknown, edits: readonly Edit[]): unknown {
  return edits.reduce((result, edit) => patchAt(result, edit, edit.path ?? []), value)
}

function patchAt(value: unknown, edit: Edit, [name, ...rest]: Path): unknown {
  if (name === undefined) return patched(value, edit)
  if (name === '__proto__') throw new Error('A path of a diff holds "__proto__"')
  if (Array.isArray(value)) {
    const list = [...value]
    list[Number(name)] = patchAt(list[Number(name)], edit, rest)
    return list
  }
  if (value !== undefined && !isRecord(value)) return value
  const inner = patchAt(value && own(value, String(name)), edit, rest)
  const { [name]: _, ...others } = value ?? {}
  return inner === undefined ? others : { ...others, [name]: inner }
}

function patched(value: unknown, edit: Edit): unknown {
  if (edit.kind === 'D') return undefined
  if (edit.kind !== 'A') return edit.rhs
  const list = Array.isArray(value) ? [...value] : []
  if (edit.item.kind === 'D') list.splice(edit.index, 1)
  else list[edit.index] = patched(list[edit.index], edit.item)
  return list
}
