/** Schemas whose types are made as they are named are the same as those that are made at once. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type GraphQLObjectType, type GraphQLSchema, isObjectType, printSchema, printType } from 'graphql'
import { type Access, nobody, system } from 'plinth'
import { items } from 'plinth/items'
import type { Scope } from '../../../plugins/graphql/api.ts'
import { Documents } from '../../../plugins/graphql/documents.ts'
import { collectionRoots, LazySchema, wholeSchema } from '../../../plugins/graphql/schema.ts'
import type { TestHost } from '../../host.ts'
import { startLibrary } from '../items/library.ts'

let host: TestHost
/** Whoever may read and write something of what there is. */
let somebody: Access
before(async () => {
  host = await startLibrary({
    sql: `create table create_note (id serial primary key); create table note_item (id serial primary key, note_func text, data json);
      create table article_rating (id serial primary key, score_func json); create table motto (id serial primary key);`,
  })
  await host.api('PATCH', '/collections/motto', { body: { meta: { singleton: true } } })
  const rule = (collection: string, action: string, fields = ['*'], permissions: Readonly<Record<string, unknown>> | null = null) => ({
    policy: null,
    collection,
    action,
    permissions,
    fields,
    validation: null,
    presets: null,
  })
  const rules = [
    rule('article', 'read', ['id', 'title', 'author', 'data']),
    rule('author', 'read', ['name'], { name: { _neq: 'x' } }),
    rule('author', 'read', ['id'], { name: { _eq: 'x' } }),
    rule('note', 'create'),
    rule('shelf_part', 'update', ['sort']),
    rule('shelf_part', 'read'),
    rule('directus_users', 'read', ['id', 'email']),
  ]
  somebody = { ...nobody, rights: { fingerprint: 'somebody', rules } }
})
after(() => host.close())

const build = (access: Access, scope: Scope) => {
  const engine = host.kernel.use(items)
  return collectionRoots(engine, engine.visible(access), scope, true)
}

for (const scope of ['items', 'system'] as const) {
  test(`each type of a whole schema of ${scope} is found by its name alone, and is the same`, () => {
    for (const access of [system, somebody, nobody] as const) {
      const whole = wholeSchema(build(access, scope))
      const names = Object.keys(whole.getTypeMap())
      assert.ok(names.length > (access === system ? 40 : 10))
      for (const name of names) {
        // Each of its own, so that none is there because of another one.
        const lazy: GraphQLSchema = new LazySchema(build(access, scope))
        const [found, wanted] = [lazy.getType(name), whole.getType(name)!]
        assert.ok(found, name)
        if (name === 'Query' || name === 'Mutation')
          assert.deepEqual(fieldsOf(found as GraphQLObjectType), fieldsOf(wanted as GraphQLObjectType))
        else assert.equal(printType(found), printType(wanted))
      }
      const lazy = new LazySchema(build(access, scope))
      for (const none of [
        '',
        'nope',
        '__proto__',
        'constructor',
        'nope_filter',
        'article_nope_func',
        'article_body_union',
        'create_nope_input',
      ])
        assert.equal(lazy.getType(none), undefined, none)
      for (const root of [lazy.getQueryType(), lazy.getMutationType()])
        for (const none of ['nope', 'constructor', 'toString', 'create_', '_items', 'titles_by_id'])
          assert.equal(root?.getFields()[none], undefined)
    }
  })
}

/** Each asked for by its name first. */
function fieldsOf(type: GraphQLObjectType): Record<string, string> {
  const names = Object.keys(type.getFields()).sort()
  return Object.fromEntries(
    names.map((name) => {
      const { type: own, args } = type.getFields()[name]!
      return [name, `(${args.map((arg) => `${arg.name}: ${arg.type}`).join(', ')}): ${own}`]
    }),
  )
}

test('a document makes the types that it names, and no others', () => {
  const lazy = new LazySchema(build(system, 'items'))
  assert.equal(lazy.size, 0)
  const documents = new Documents({ tokens: 5000, fields: 2000, depth: 20, roots: 100, introspection: true })
  documents.check(lazy, 'query ($filter: note_filter) { note(filter: $filter) { id } shelf_by_id(id: 1) { name } }')
  assert.equal(lazy.size, 2)
  documents.check(lazy, '{ note(filter: { body: { _eq: "x" } }) { id } }')
  assert.equal(lazy.size, 3)
  assert.throws(() => documents.check(lazy, '{ articel { id } }'), /GraphQL/)
  assert.equal(lazy.size, 3, 'names of other fields are told without making them')
  documents.check(lazy, '{ article { author { name } } }')
  assert.equal(lazy.size, 5)
})

test('names that are not to be seen are not told, however near they are', () => {
  const documents = new Documents({ tokens: 5000, fields: 2000, depth: 20, roots: 100, introspection: true })
  const schemas = [new LazySchema(build(somebody, 'items')), new LazySchema(build(nobody, 'items'))]
  const near = ['{ shel { id } }', '{ articl { bod } }', '{ article { bod } }', '{ article { titl author { secre } } }']
  const more = [
    'mutation { delete_articl_item(id: 1) { id } }',
    'query ($a: page_filte) { article { id } }',
    '{ article(filter: { ratin: { _eq: 1 } }) { id } }',
  ]
  for (const schema of schemas)
    for (const query of [...near, ...more])
      assert.throws(
        () => documents.check(schema, query),
        ({ details }: any) => {
          assert.doesNotMatch(JSON.stringify(details), /"(shelf|body|secret|rating|page_filter|delete_article_item)\\?"/)
          return true
        },
        query,
      )
  const told = printSchema(wholeSchema(build(somebody, 'items')))
  for (const hidden of ['shelf {', 'secret', 'rating', 'type note ']) assert.ok(!told.includes(hidden), hidden)
})

test('interfaces of the library that ask for all types at once are not needed', () => {
  const lazy = new LazySchema(build(system, 'items'))
  assert.ok(Object.keys(lazy.getTypeMap()).every((name) => name.startsWith('__') || ['Boolean', 'String'].includes(name)))
  assert.ok(isObjectType(lazy.getType('article')))
})
