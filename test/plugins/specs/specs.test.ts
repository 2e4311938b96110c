/** The documents of the API: valid ones, of what their reader may see. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { definePlugin } from 'plinth'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { startKernel, type TestHost } from '../../host.ts'
import { addReader } from '../../readers.ts'

const Query = v.object({ text: v.string() })
const neighbour = definePlugin({
  name: 'neighbour',
  setup(host) {
    host.routes('/slug').post('/:id', (c) => c.json({ data: c.req.query('text') ?? '' }))
    host.hook(openapi, async ({ describe }, next) => {
      const body = v.object({ note: v.optional(v.pipe(v.string(), v.maxLength(5))) })
      describe('POST /slug/:id', { summary: 'Makes slugs', query: Query, body, response: v.object({ data: v.string() }) })
      describe('GET /nowhere', { summary: 'Not served' })
      await next()
    })
  },
})

let host: TestHost
before(async () => {
  host = await startKernel({
    plugins: [neighbour],
    sql: `create type mood as enum ('glad', 'sad');
    create table author (id serial primary key, name varchar(20) not null, secret text);
    create table "Odd name" (id uuid primary key, m mood, tags text[], n numeric, at timestamptz, data json, author integer references author,
      twice integer generated always as (1) stored);
    create table "odd-name" (a integer, b integer, primary key (a, b));
    create view names as select name from author;`,
  })
  await addReader(host, 'reader', 'author', {}, ['id', 'name'])
})
after(() => host.close())

async function documentFor(token?: string | null): Promise<any> {
  const { status, body } = await host.api('GET', '/server/specs/oas', token === undefined ? {} : { token })
  assert.equal(status, 200)
  const { valid, errors } = await new Validator().validate(structuredClone(body))
  assert.ok(valid, JSON.stringify(errors)?.slice(0, 2000))
  return body
}

test('GET /server/specs/oas is a valid document of every collection and route', async () => {
  const { openapi: version, paths, components } = await documentFor()
  assert.equal(version, '3.1.0')
  assert.deepEqual(Object.keys(paths['/items/author']), ['get', 'post', 'patch', 'delete'])
  assert.equal(paths['/items/author'].get.operationId, 'readItemsAuthor')
  assert.deepEqual(Object.keys(paths['/items/names']), ['get', ...Object.keys(paths['/items/names']).slice(1)])
  assert.equal(paths['/items/names/{id}'], undefined, 'a view has no keys')
  const odd = components.schemas.ItemsOddName
  assert.equal(odd['x-collection'], 'Odd name')
  assert.deepEqual(odd.properties.m, { anyOf: [{ type: 'string', enum: ['glad', 'sad'] }, { type: 'null' }] })
  assert.deepEqual(odd.properties.author.anyOf[0], { anyOf: [{ type: 'integer' }, { $ref: '#/components/schemas/ItemsAuthor' }] })
  assert.equal(components.schemas.ItemsOddNameNew.properties.twice, undefined, 'what is computed is not sent')
  assert.equal(components.schemas.ItemsOddName2['x-collection'], 'odd-name')
  for (const path of [
    '/users',
    '/users/{id}',
    '/auth/login',
    '/server/ping',
    '/server/specs/oas',
    '/utils/import/{collection}',
    '/fields/{collection}',
  ]) {
    assert.ok(paths[path], path)
  }
  const ids = Object.values<any>(paths).flatMap((operations) =>
    Object.values<any>(operations).flatMap(({ operationId }) => operationId ?? []),
  )
  assert.equal(new Set(ids).size, ids.length)
})

test('routes of other plugins stand in it, with what they take', async () => {
  const { paths } = await documentFor()
  const { summary, parameters, requestBody, responses } = paths['/slug/{id}'].post
  assert.equal(summary, 'Makes slugs')
  assert.deepEqual(
    parameters.map((one: any) => [one.name, one.in, one.required]),
    [
      ['id', 'path', true],
      ['text', 'query', true],
    ],
  )
  assert.deepEqual(requestBody.content['application/json'].schema, {
    type: 'object',
    properties: { note: { type: 'string', maxLength: 5 } },
    required: [],
  })
  assert.ok(responses[200].content)
  assert.equal(paths['/nowhere'], undefined)
})

test('our own routes stand in it with what they take, for whoever may ask them', async () => {
  const { paths, components } = await documentFor()
  const ofAdmin = paths['/auth/login'].post.requestBody.content['application/json'].schema
  assert.deepEqual(
    [Object.keys(ofAdmin.properties), ofAdmin.required],
    [
      ['email', 'password', 'otp', 'mode'],
      ['email', 'password'],
    ],
  )
  assert.deepEqual(Object.keys(paths['/utils/import/{collection}'].post.requestBody.content), ['multipart/form-data'])
  assert.deepEqual(paths['/utils/export/{collection}'].post.requestBody.content['application/json'].schema.required, ['format', 'query'])
  const headers = (operation: any) =>
    operation.parameters.flatMap(({ $ref }: any) => {
      const one = components.parameters[String($ref).split('/').at(-1)!]
      return one?.in === 'header' ? one.name : []
    })
  assert.deepEqual(headers(paths['/items/author'].post), ['Idempotency-Key'])
  assert.deepEqual(headers(paths['/items/author/{id}'].patch), ['If-Match'])
  assert.deepEqual(headers(paths['/items/author/{id}'].get), ['If-None-Match'])
  assert.ok(paths['/items/author/{id}'].get.responses[200].headers['X-Item-Version'])
  const told = async (token?: string | null) => {
    const document = await documentFor(token)
    const asks = (path: string, method: string) => document.paths[path]?.[method] !== undefined
    const explains = JSON.stringify(document.paths['/items/author']?.get ?? '').includes('parameters/explain')
    return [
      asks('/auth/login', 'post'),
      asks('/users/me/sessions', 'get'),
      asks('/permissions/explain', 'get'),
      asks('/collections', 'post'),
      explains,
    ]
  }
  assert.deepEqual(await told(), [true, true, true, true, true])
  assert.deepEqual(await told('reader'), [true, true, false, false, false])
  assert.deepEqual(await told(null), [true, false, false, false, false])
})

test('it tells nobody of what they may not see', async () => {
  const { paths, components } = await documentFor('reader')
  assert.deepEqual(Object.keys(paths['/items/author']), ['get'])
  assert.deepEqual(Object.keys(components.schemas.ItemsAuthor.properties), ['id', 'name'])
  assert.equal(paths['/items/odd-name'], undefined)
  const ofPublic = await documentFor(null)
  assert.deepEqual(
    Object.keys(ofPublic.paths).filter((path) => path.startsWith('/items/')),
    [],
  )
  assert.ok(!JSON.stringify(ofPublic).includes('ItemsAuthor'))
})

test('a change of the schema is in the next document', async () => {
  await host.api('POST', '/collections', { body: { collection: 'later', schema: {}, fields: [] } })
  assert.ok((await documentFor()).paths['/items/later'])
})

test('GET /server/specs/ts tells types of what the caller may read', async () => {
  const asReader = await host.api('GET', '/server/specs/ts', { token: 'reader' })
  assert.equal(
    asReader.body,
    'export interface Author {\n  id: number\n  name: string\n}\n\nexport interface Schema {\n  author: Author[]\n}\n',
  )
  const { body } = await host.api('GET', '/server/specs/ts')
  assert.match(body, /m: "glad" \| "sad" \| null/)
})
