/** PostGraphile as its documentation has it, to be measured beside us. Loaded by name: it is there only where the benchmark's packages are installed. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'

const load = (name: string): Promise<any> => import(name)
const [{ postgraphile }, { PostGraphileAmberPreset }, { makePgService }, { grafserv }] = await Promise.all([
  load('postgraphile'),
  load('postgraphile/presets/amber'),
  load('postgraphile/adaptors/pg'),
  load('postgraphile/grafserv/node'),
])

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.env.DATABASE_URL, poolConfig: { max: 10 } })],
  grafserv: { graphqlPath: '/graphql', graphiql: false, watch: false },
})
const graphql = instance.createServ(grafserv)
const server = createServer()
await graphql.addTo(server)
const [answer] = server.listeners('request') as ((...parameters: unknown[]) => void)[]
server.removeAllListeners('request')
server.on('request', (request, response) => {
  if (request.url === '/server/ping') response.end('pong')
  else answer!(request, response)
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.on('SIGTERM', () => process.exit(0))
