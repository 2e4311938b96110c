/** What fields of the schema stand for, kept with them: the way from a selection back to the names of the API. Types alone, and how they are attached. */
import type { GraphQLField, GraphQLInputField } from 'graphql'
import type { RootField } from './api.ts'

export type Meaning =
  | { readonly kind: 'field'; readonly name: string }
  /** The functions of a field, below it. */
  | { readonly kind: 'functions'; readonly name: string }
  | { readonly kind: 'call'; readonly fn: string }
  | { readonly kind: 'related'; readonly name: string }
  | { readonly kind: 'any'; readonly name: string }
  | { readonly kind: 'group' }
  | { readonly kind: 'aggregate'; readonly fn: string }
  /** Of a connection. */
  | { readonly kind: 'edges' | 'page' | 'total' | 'cursor' | 'node' }
  | { readonly kind: 'root'; readonly root: RootField }

const place = 'plinth'

type Extensions = Readonly<Record<string, unknown>>

const made = new Map<string, { readonly extensions: Extensions }>()

const extensionsOf = (meaning?: Meaning): Extensions => Object.assign(Object.create(null), meaning && { [place]: meaning })

/** One object for all fields that mean the same: there are many, and the library makes one for each that brings none of that form. */
export function means(meaning: Meaning): { readonly extensions: Extensions } {
  if (meaning.kind === 'root') return { extensions: extensionsOf(meaning) }
  const key = JSON.stringify(meaning)
  let found = made.get(key)
  if (!found) {
    found = { extensions: extensionsOf(meaning) }
    if (made.size < 50_000) made.set(key, found)
  }
  return found
}

/** For what is known by its own name. */
export const plain = { extensions: extensionsOf() }

export const meaningOf = (field: GraphQLField<unknown, unknown> | GraphQLInputField): Meaning | undefined =>
  field.extensions[place] as Meaning | undefined
