/** Runs one operation: each root field is one call, and its JSON goes into the answer as it is. Rows are not walked (https://spec.graphql.org/October2021/#sec-Execution). */
import {
  executeSync,
  type FieldNode,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getVariableValues,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql'
import { isObject, type Log, problems, problemsOf, type RequestContext, type Transaction } from 'plinth'
import { JsonText } from './api.ts'
import { argumentsOf } from './arguments.ts'
import { collectFields, type Document } from './collect.ts'
import type { Checked } from './documents.ts'
import { meaningOf } from './meaning.ts'
import { invalid } from './problems.ts'
import { selectionOf } from './select.ts'

/** What stands in `errors`. */
interface Failure {
  readonly message: string
  readonly path?: readonly string[]
  readonly extensions: Readonly<Record<string, unknown>>
}

export interface Run {
  readonly schema: GraphQLSchema
  /** The same with all its types, for who asks what there is. */
  readonly whole: () => Promise<GraphQLSchema>
  readonly checked: Checked
  readonly operation: OperationDefinitionNode
  readonly variables: unknown
  readonly context: RequestContext
  /** Of the answer. */
  readonly headers: Headers
  /** Runs all mutations in one transaction; undefined where each is its own. */
  readonly within: (<T>(work: (db: Transaction) => Promise<T>) => Promise<T>) | undefined
  /** Root fields that are read at once; characters of the answer. */
  readonly limits: { readonly atOnce: number; readonly length: number }
  /** Whether errors tell names that are like a wrong one. */
  readonly suggests: boolean
  /** Whether the answer goes out as application/graphql-response+json. */
  readonly isModern: boolean
  readonly log: Log
}

/** The answer as JSON text. @throws GRAPHQL_VALIDATION for variables that do not fit. */
export async function execute(run: Run): Promise<string> {
  const { schema, checked, operation } = run
  const { coerced, errors } = getVariableValues(
    schema,
    operation.variableDefinitions ?? [],
    (run.variables ?? {}) as Record<string, unknown>,
    { maxErrors: 5, hideSuggestions: !run.suggests },
  )
  if (errors) throw invalid(errors)
  const document: Document = { fragments: checked.fragments, variables: coerced }
  const type = rootType(schema, operation)
  const fields = rootFields(document, operation, type)
  const together = operation.operation === OperationTypeNode.MUTATION && run.within && joined(type, fields) ? run.within : undefined
  const { texts, failures, fatal } = await (together
    ? allOrNothing(run, together, document, type, fields)
    : eachByItself(run, document, type, fields))
  const told = failures.length ? `"errors":${JSON.stringify(failures)}` : ''
  // The older media type leaves out what is not there, the newer one says so.
  if (fatal) return run.isModern ? `{${told},"data":null}` : `{${told}}`
  const parts = [...fields.keys()].map((key, index) => `${JSON.stringify(key)}:${texts[index]}`)
  return `{${told}${told && ','}"data":{${parts.join(',')}}}`
}

type Fields = ReadonlyMap<string, readonly FieldNode[]>

/** @throws GRAPHQL_VALIDATION for a directive that gets null. */
function rootFields(document: Document, { selectionSet }: OperationDefinitionNode, type: GraphQLObjectType): Fields {
  try {
    return collectFields(document, [selectionSet], (name) => name === type.name)
  } catch (error) {
    throw error instanceof GraphQLError ? invalid([error]) : error
  }
}

/** What came of the root fields. */
interface Outcome {
  /** JSON, in their order. */
  readonly texts: readonly string[]
  readonly failures: readonly Failure[]
  /** Whether there is no data: what failed must not be null. */
  readonly fatal: boolean
}

async function eachByItself(run: Run, document: Document, type: GraphQLObjectType, fields: Fields): Promise<Outcome> {
  const failures: Failure[] = []
  const texts: string[] = []
  const measure = measured(run)
  let fatal = false
  // Mutations follow one another, as the specification has it; reads go several at once. Where one fails whose answer must not be null, the rest is not begun.
  const waiting = [...fields].entries()
  const work = async (): Promise<void> => {
    for (const [index, [key, nodes]] of waiting) {
      if (fatal || run.context.gone()) return
      try {
        texts[index] = measure(await fieldText(run, document, type, nodes))
      } catch (error) {
        failures.push(...failuresOf(error, key, run))
        fatal ||= isCertain(type, nodes)
        texts[index] = 'null'
      }
    }
  }
  const atOnce = run.operation.operation === OperationTypeNode.MUTATION ? 1 : run.limits.atOnce
  await Promise.all(Array.from({ length: Math.min(atOnce, fields.size) }, work))
  return { texts, failures, fatal }
}

/** One transaction, which may run again after a conflict: what fails leaves it at once, and nothing of any field stands. */
async function allOrNothing(
  run: Run,
  within: NonNullable<Run['within']>,
  document: Document,
  type: GraphQLObjectType,
  fields: Fields,
): Promise<Outcome> {
  let at: string | undefined
  try {
    const texts = await within(async (db) => {
      const done: string[] = []
      const measure = measured(run)
      for (const [key, nodes] of fields) {
        at = key
        if (run.context.gone()) throw new Error('Nobody waits for these mutations any more')
        done.push(measure(await fieldText(run, document, type, nodes, db)))
      }
      // What fails from here on, at commit, is the fault of no one field.
      at = undefined
      return done
    })
    return { texts, failures: [], fatal: false }
  } catch (error) {
    const fatal = [...fields.values()].some((nodes) => isCertain(type, nodes))
    return { texts: Array(fields.size).fill('null'), failures: failuresOf(error, at, run), fatal }
  }
}

/** Whether all fields join one transaction; one alone may be as it is. @throws GRAPHQL_VALIDATION for one among others that cannot. */
function joined(type: GraphQLObjectType, fields: Fields): boolean {
  const apart = [...fields.values()].flatMap(([node]) => {
    const field = type.getFields()[node!.name.value]
    const meaning = field && meaningOf(field)
    return meaning?.kind === 'root' && !meaning.root.joins ? [node!] : []
  })
  if (apart.length && fields.size > 1) {
    throw invalid(apart.map(({ name }) => new GraphQLError(`"${name.value}" cannot be undone with others: ask for it alone.`)))
  }
  return !apart.length
}

/** Passes texts of fields on, as long as together they are no longer than an answer may be. */
function measured({ limits }: Run): (text: string) => string {
  let length = 0
  return (text) => {
    length += text.length
    if (length > limits.length) throw problems.INVALID_QUERY(`The answer is larger than ${limits.length} bytes: ask for less at once.`)
    return text
  }
}

/** Whether a field must not be null. */
function isCertain(type: GraphQLObjectType, [node]: readonly FieldNode[]): boolean {
  const field = type.getFields()[node!.name.value]
  return field !== undefined && isNonNullType(field.type)
}

export const rootType = (schema: GraphQLSchema, { operation }: OperationDefinitionNode): GraphQLObjectType =>
  (operation === OperationTypeNode.MUTATION ? schema.getMutationType() : schema.getQueryType())!

async function fieldText(
  run: Run,
  document: Document,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  db?: Transaction,
): Promise<string> {
  const [node] = nodes as [FieldNode]
  const name = node.name.value
  if (name === '__typename') return JSON.stringify(type.name)
  if (name.startsWith('__')) return introspected(run, node)
  const field = type.getFields()[name]!
  const meaning = meaningOf(field)
  if (meaning?.kind !== 'root') return 'null'
  const value = await meaning.root.resolve({
    args: argumentsOf(document, field, node),
    filterType: field.args.find((one) => one.name === 'filter')?.type,
    context: run.context,
    db,
    headers: run.headers,
    select: () => selectionOf(document, field.type, nodes),
  })
  if (value instanceof JsonText) {
    const { text, besides } = value
    if (!besides.length) return text
    const more = JSON.stringify(shown(document, field.type, nodes, besides))
    return text === '[]' ? more : `${text.slice(0, -1)},${more.slice(1)}`
  }
  return JSON.stringify(shown(document, field.type, nodes, value))
}

/** What is selected of a value that did not come from the data engine. */
function shown(document: Document, type: GraphQLOutputType, nodes: readonly FieldNode[], value: unknown): unknown {
  if (value === undefined || value === null) return null
  const inner = getNullableType(type)
  if (isListType(inner)) return Array.isArray(value) ? value.map((one) => shown(document, inner.ofType, nodes, one)) : null
  if (!isObjectType(inner)) return texts.has(getNamedType(inner).name) ? toText(value) : value
  if (!isObject(value)) return null
  const sets = nodes.map(({ selectionSet }) => selectionSet)
  const fields = collectFields(document, sets, (name) => name === inner.name)
  return Object.fromEntries(
    [...fields].map(([key, own]) => {
      const name = own[0]!.name.value
      return [key, name === '__typename' ? inner.name : shown(document, inner.getFields()[name]!.type, own, value[name])]
    }),
  )
}

const texts = new Set(['ID', 'String', 'GraphQLBigInt'])
const toText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/** Of the schema itself the library tells. */
async function introspected({ whole, checked, operation, variables }: Run, node: FieldNode): Promise<string> {
  const alone: OperationDefinitionNode = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: [node] } }
  const definitions = [alone, ...checked.fragments.values()]
  const { data, errors } = executeSync({
    schema: await whole(),
    document: { kind: Kind.DOCUMENT, definitions },
    variableValues: variables as Record<string, unknown>,
  })
  if (errors?.length) throw errors[0]
  return JSON.stringify(data?.[node.alias?.value ?? node.name.value] ?? null)
}

/** What the library finds wrong while it runs is the document's fault: a variable that is null where that is not allowed. */
function failuresOf(error: unknown, key: string | undefined, { context, log }: Run): Failure[] {
  return problemsOf(error instanceof GraphQLError ? invalid([error]) : error, context, log).map((problem) => ({
    ...problem.toJSON(),
    ...(key !== undefined && { path: [key] }),
  }))
}
