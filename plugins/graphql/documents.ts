/** Documents, parsed and validated once for each schema they are sent to, within bounds that are checked before anything is compared or expanded. */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  KnownTypeNamesRule,
  Lexer,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  type OperationTypeNode,
  parse,
  type SelectionSetNode,
  Source,
  specifiedRules,
  TokenKind,
  type ValidationRule,
  validate,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import { type Bounds, checkBounds } from './bounds.ts'
import { meaningOf } from './meaning.ts'
import { invalid } from './problems.ts'

export interface Checked {
  readonly operations: readonly OperationDefinitionNode[]
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

const absent: Readonly<Record<OperationTypeNode, string>> = {
  query: 'Nothing can be asked here.',
  mutation: 'Nothing can be changed here.',
  subscription: 'Nothing can be subscribed to here.',
}

type Outcome = Checked | readonly GraphQLError[]

/** As the library's own, which wants a list of all types first. */
const knownTypes: ValidationRule = (context) => ({
  NamedType(node) {
    if (!context.getSchema().getType(node.name.value))
      context.reportError(new GraphQLError(`Unknown type "${node.name.value}".`, { nodes: node }))
  },
})

const rules = [...specifiedRules.filter((rule) => rule !== KnownTypeNamesRule), knownTypes]

/** Characters of the documents that are kept; each takes some 100 bytes once it is parsed. */
const most = 500_000

/** By schema, as what may be asked hangs on it. */
export class Documents {
  readonly #bounds: Bounds
  readonly #names = new WeakMap<GraphQLSchema, number>()
  #named = 0
  readonly #known = new LRUCache<string, { readonly outcome: Outcome }>({ maxSize: most, maxEntrySize: most / 25 })

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** @throws GRAPHQL_VALIDATION */
  check(schema: GraphQLSchema, text: string): Checked {
    let name = this.#names.get(schema)
    if (name === undefined) {
      name = this.#named++
      this.#names.set(schema, name)
    }
    const key = `${name} ${text}`
    let found = this.#known.get(key)
    if (!found) {
      found = { outcome: this.#examine(schema, text) }
      this.#known.set(key, found, { size: key.length + 100 })
    }
    const { outcome } = found
    if (!('operations' in outcome)) throw invalid(outcome)
    return outcome
  }

  #examine(schema: GraphQLSchema, text: string): Outcome {
    try {
      checkNesting(text, this.#bounds.tokens)
      const document = parse(text, { maxTokens: this.#bounds.tokens, noLocation: false })
      const fragments = fragmentsOf(document)
      const operations = document.definitions.filter((one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION)
      checkBounds(operations, fragments, this.#bounds)
      const checked = this.#bounds.introspection ? rules : [...rules, NoSchemaIntrospectionCustomRule]
      const errors = validate(schema, document, checked, { maxErrors: 20, hideSuggestions: !this.#bounds.introspection })
      if (errors.length) return errors
      // The library takes any field of a type that is not there.
      for (const { operation } of operations) if (!schema.getRootType(operation)) throw new GraphQLError(absent[operation])
      for (const operation of operations) checkOnce(schema, operation, fragments)
      return { operations, fragments }
    } catch (error) {
      if (error instanceof GraphQLError) return [error]
      throw error
    }
  }
}

/** Sets, lists, objects and arguments within one another: whatever walks a document must not run out of stack. */
const deepest = 250

/** Of the first `tokens`: more are not parsed. @throws GraphQLError also for what is no token. */
function checkNesting(text: string, tokens: number): void {
  const lexer = new Lexer(new Source(text))
  let depth = 0
  for (let count = 0; count < tokens; count++) {
    const { kind } = lexer.advance()
    if (kind === TokenKind.EOF) return
    if (kind === TokenKind.BRACE_L || kind === TokenKind.BRACKET_L || kind === TokenKind.PAREN_L) depth++
    else if (kind === TokenKind.BRACE_R || kind === TokenKind.BRACKET_R || kind === TokenKind.PAREN_R) depth--
    if (depth > deepest) throw new GraphQLError(`The document is nested deeper than ${deepest} levels.`)
  }
}

const fragmentsOf = ({ definitions }: DocumentNode): Map<string, FragmentDefinitionNode> =>
  new Map(definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [])))

/** @throws GraphQLError for a second use of a field that may stand once. */
function checkOnce(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): void {
  const type = operation.operation === 'mutation' ? schema.getMutationType() : schema.getQueryType()
  const used = new Set<string>()
  const visit = ({ selections }: SelectionSetNode): void => {
    for (const node of selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) visit(node.selectionSet)
      else if (node.kind === Kind.FRAGMENT_SPREAD) visit(fragments.get(node.name.value)!.selectionSet)
      else {
        const name = node.name.value
        const field = type?.getFields()[name]
        const meaning = field && meaningOf(field)
        if (meaning?.kind !== 'root' || !meaning.root.once) continue
        if (used.has(name)) throw new GraphQLError(`"${name}" may stand once in a document.`)
        used.add(name)
      }
    }
  }
  visit(operation.selectionSet)
}
