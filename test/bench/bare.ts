/**
 * The bare limit: the least that could give the same answers. Hono on Node, one prepared statement by hand a route, no sign-in, no checks; a write
 * is BEGIN, its statement, COMMIT. Started by run.ts with DATABASE_URL; prints its address.
 */
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import postgres from 'postgres'
import { cases } from './cases.ts'

const sql = postgres(process.env.DATABASE_URL!, { max: 10, connection: { TimeZone: 'UTC' } })
const app = new Hono()
const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' }
const textOf = (name: string) => cases.find((one) => one.name === name)!.bare!.text
const lists = new Map(
  cases.flatMap(({ bare, requests }) => (bare?.kind === 'list' ? requests(1).map(({ path }) => [path!, bare.text]) : [])),
)

type Parameters = (string | number)[]
type Queryable = Pick<typeof sql, 'unsafe'>

async function ask(db: Queryable, text: string, parameters: Parameters = []): Promise<string> {
  const [row] = await db.unsafe(text, parameters, { prepare: true }).values()
  return row![0] as string
}

const answer = async (text: Promise<string>) => new Response(await text, { headers: jsonHeaders })
const write = (text: string, parameters: Parameters) => sql.begin((db) => ask(db, text, parameters)) as Promise<string>

app.get('/server/ping', (c) => c.text('pong'))
app.get('/items/articles', (c) => answer(ask(sql, lists.get(c.req.url.slice(c.req.url.indexOf('/items')))!)))
app.get('/items/articles/:key', (c) => answer(ask(sql, textOf('key'), [c.req.param('key')])))
app.post('/graphql', () => answer(ask(sql, textOf('graphql'))))
app.post('/items/comments', async (c) => {
  const { article, text, likes, written_at } = await c.req.json()
  return answer(write(textOf('create'), [article, text, likes, written_at]))
})
app.patch('/items/comments/:key', async (c) => {
  const { text, likes } = await c.req.json()
  return answer(write(textOf('update'), [text, likes, c.req.param('key')]))
})

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
