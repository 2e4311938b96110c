/** What a document costs, told before anything in it is compared with the schema or expanded. Pure. */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'

export interface Bounds {
  readonly tokens: number
  /** Fields that a document comes to once fragments stand where they are used. */
  readonly fields: number
  readonly depth: number
  /** Fields of Query or Mutation in one operation. */
  readonly roots: number
  readonly introspection: boolean
}

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/** How often one key of the answer may be asked for: the validator compares each asking with every other one. */
const repeats = 100
/** How often lists of the schema may be asked for: each asking of `types` tells all of it. The usual introspection has nine, one of `types`. */
const schemaLists = new Map([
  ['__schema', 1],
  ['types', 1],
])
const listed = /^(types|fields|args|inputFields|interfaces|possibleTypes|enumValues|directives)$/
const lists = 30

/** @throws GraphQLError naming the bound. */
export function checkBounds(operations: readonly OperationDefinitionNode[], fragments: Fragments, bounds: Bounds): void {
  const used = checkSize(operations, fragments, bounds)
  // The validator compares within fragments too, used or not.
  for (const name of fragments.keys()) if (!used.has(name)) throw new GraphQLError(`Fragment "${name}" is never used.`)
  for (const { selectionSet } of operations) {
    const roots = fieldsIn([selectionSet], fragments)
    if (roots.size > bounds.roots)
      throw new GraphQLError(`The operation has ${roots.size} fields at its root; at most ${bounds.roots} are allowed.`)
    checkRepeats(roots, fragments)
    checkIntrospection([...roots.values()].flat(), fragments)
  }
}

interface Size {
  readonly fields: number
  readonly depth: number
}

/** Answers the fragments that are used; each is measured once, however often it is spread. @throws GraphQLError also for fragments that go in circles. */
function checkSize(operations: readonly OperationDefinitionNode[], fragments: Fragments, bounds: Bounds): ReadonlySet<string> {
  const measured = new Map<string, Size | 'open'>()
  const ofFragment = (name: string): Size => {
    const known = measured.get(name)
    if (known === 'open') throw new GraphQLError(`Fragment "${name}" is spread within itself.`)
    if (known) return known
    measured.set(name, 'open')
    const fragment = fragments.get(name)
    // What leads to no field costs nothing, and could be repeated without end.
    if (!fragment) throw new GraphQLError(`Unknown fragment "${name}".`)
    const size = ofSet(fragment.selectionSet)
    measured.set(name, size)
    return size
  }
  const ofSet = ({ selections }: SelectionSetNode): Size => {
    let [fields, depth] = [0, 0]
    for (const node of selections) {
      const isField = node.kind === Kind.FIELD
      const none = { fields: 0, depth: 0 }
      const below = node.kind === Kind.FRAGMENT_SPREAD ? ofFragment(node.name.value) : node.selectionSet ? ofSet(node.selectionSet) : none
      fields += below.fields + (isField ? 1 : 0)
      depth = Math.max(depth, below.depth + (isField ? 1 : 0))
    }
    return { fields, depth }
  }
  let fields = 0
  for (const { selectionSet } of operations) {
    const size = ofSet(selectionSet)
    fields += size.fields
    if (size.depth > bounds.depth) throw new GraphQLError(`The document is ${size.depth} levels deep; at most ${bounds.depth} are allowed.`)
  }
  if (fields > bounds.fields) throw new GraphQLError(`The document comes to ${fields} fields; at most ${bounds.fields} are allowed.`)
  return new Set(measured.keys())
}

/** By key of the answer, whatever types fragments are about. */
function fieldsIn(sets: readonly (SelectionSetNode | undefined)[], fragments: Fragments): Map<string, FieldNode[]> {
  const found = new Map<string, FieldNode[]>()
  const visit = (set: SelectionSetNode | undefined): void => {
    for (const node of set?.selections ?? []) {
      if (node.kind === Kind.INLINE_FRAGMENT) visit(node.selectionSet)
      else if (node.kind === Kind.FRAGMENT_SPREAD) visit(fragments.get(node.name.value)?.selectionSet)
      else {
        const key = node.alias?.value ?? node.name.value
        const known = found.get(key)
        if (known) known.push(node)
        else found.set(key, [node])
      }
    }
  }
  for (const set of sets) visit(set)
  return found
}

const below = (nodes: readonly FieldNode[], fragments: Fragments) =>
  fieldsIn(
    nodes.map(({ selectionSet }) => selectionSet),
    fragments,
  )

function checkRepeats(fields: ReadonlyMap<string, readonly FieldNode[]>, fragments: Fragments): void {
  for (const [key, nodes] of fields) {
    if (nodes.length > repeats)
      throw new GraphQLError(`"${key}" is asked for ${nodes.length} times in one place; at most ${repeats} are allowed.`)
    checkRepeats(below(nodes, fragments), fragments)
  }
}

/** @param roots All fields at the root of an operation. */
function checkIntrospection(roots: readonly FieldNode[], fragments: Fragments): void {
  const counts = new Map<string, number>()
  const count = (name: string, most: number): void => {
    const times = (counts.get(name) ?? 0) + 1
    if (times > most) throw new GraphQLError(`The schema is asked for too much at once: "${name}" ${times} times.`)
    counts.set(name, times)
  }
  const visit = (nodes: readonly FieldNode[]): void => {
    for (const { name, selectionSet } of nodes) {
      const most = schemaLists.get(name.value)
      if (most) count(name.value, most)
      if (listed.test(name.value)) count('…', lists)
      visit([...fieldsIn([selectionSet], fragments).values()].flat())
    }
  }
  visit(roots.filter(({ name }) => name.value.startsWith('__')))
}
