/** What may be asked, as text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildSchema } from 'graphql'
import { startKernel } from '../../host.ts'

test('GET /server/specs/graphql tells the schema of the caller, in either scope', async () => {
  const host = await startKernel({ sql: 'create table book (id serial primary key, title text not null)' })
  try {
    const sdl = async (path: string, token?: null) => {
      const { status, headers, body } = await host.api('GET', path, token === null ? { token } : {})
      assert.deepEqual([status, headers.get('content-type')], [200, 'application/octet-stream; charset=utf-8'])
      assert.match(headers.get('content-disposition') ?? '', /^attachment; filename="\w+\.graphql"$/)
      return buildSchema(body, { assumeValidSDL: true })
    }
    const own = await sdl('/server/specs/graphql')
    assert.equal(String(own.getQueryType()!.getFields().book!.type), '[book!]!')
    // Connections are only there where they are wanted.
    assert.deepEqual([own.getType('book_connection'), own.getType('PageInfo')], [undefined, undefined])
    const system = await sdl('/server/specs/graphql/system')
    assert.ok(system.getQueryType()!.getFields().users && !system.getQueryType()!.getFields().book)
    const strangers = await sdl('/server/specs/graphql', null)
    assert.equal(strangers.getType('book'), undefined)
    assert.equal((await host.api('GET', '/server/specs/graphql/nope')).status, 404)
  } finally {
    await host.close()
  }
})
