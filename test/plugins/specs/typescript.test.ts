/** Types of a schema: what TypeScript itself makes of them, beside the SDK. Of a database and of its model in a file they are the same. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { StartError } from 'plinth'
import { ofDocument } from '../../../plugins/specs/types-model.ts'
import { toTypescript } from '../../../plugins/specs/typescript.ts'
import { startKernel } from '../../host.ts'

const used = `
import { createDirectus, readItems, readSingleton, rest } from '@directus/sdk'
import type { Schema } from './schema.ts'
const client = createDirectus<Schema>('http://localhost').with(rest())
export async function work(): Promise<void> {
  const books = await client.request(readItems('book', { fields: ['title', 'published', 'tags', { author: ['name'] }], filter: { pages: { _gt: 3 } } }))
  const title: string = books[0]!.title
  const day: string | null = books[0]!.published
  const name: string | undefined = books[0]!.author?.name
  const authors = await client.request(readItems('author', { fields: ['name', { books: ['title'] }] }))
  const first: string | undefined = authors[0]!.books?.[0]?.title
  const setting = await client.request(readSingleton('odd name', { fields: ['value'] }))
  const value: number = setting.value
  // @ts-expect-error there is no such collection
  await client.request(readItems('nope'))
  // @ts-expect-error there is no such field
  await client.request(readItems('book', { fields: ['nope'] }))
  console.log(title, day, name, first, value)
}
`

test('toTypescript() makes what TypeScript takes, and the SDK knows fields by it', async () => {
  const host = await startKernel({
    sql: `create table author (id serial primary key, name text not null);
    create table book (id serial primary key, title text not null, pages integer, published date, tags text[], data json, "1st" bigint,
      author integer references author, editor uuid);
    create table "odd name" (id serial primary key, value integer not null);`,
  })
  await host.kernel.db.execute(`insert into directus_collections (collection, singleton) values ('odd name', true);
    insert into directus_relations (many_collection, many_field, one_collection, one_field) values ('book', 'author', 'author', 'books');
    insert into directus_relations (many_collection, many_field, one_collection) values ('book', 'editor', 'directus_users');
    insert into directus_fields (collection, field, special) values ('author', 'books', 'o2m');`)
  await host.kernel.registry.reload()
  const folder = await mkdtemp(join(tmpdir(), 'plinth-types-'))
  try {
    const text = (await host.api('GET', '/server/specs/ts')).body
    const document = (await host.api('GET', '/schema/snapshot?include=untold')).data
    assert.equal(toTypescript(ofDocument(document)), text, 'a file tells the same')
    const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url))
    await symlink(modules, join(folder, 'node_modules'))
    await writeFile(join(folder, 'schema.ts'), text)
    await writeFile(join(folder, 'used.ts'), used)
    const flags = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--allowImportingTsExtensions',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      '',
    ]
    // By its own first line: not every runtime finds what it is made of.
    await promisify(execFile)(join(modules, '.bin', 'tsc'), [...flags, 'used.ts'], { cwd: folder }).catch(({ stdout, stderr }) =>
      assert.fail(stdout || stderr),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
    await host.close()
  }
})

test('ofDocument() refuses what is no model', () => {
  for (const document of [null, [], { collections: [] }, 'x']) assert.throws(() => ofDocument(document), StartError)
})
