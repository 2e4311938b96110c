/**
 * What schemas of GraphQL cost: the first query on one of 500 collections, and memory for 50 permission sets on 200. On a database of its own.
 * `node --expose-gc test/bench/schemas.ts`
 */
import { randomUUID } from 'node:crypto'
import { startKernel, type TestHost } from '../host.ts'

const tables = (count: number): string =>
  Array.from(
    { length: count },
    (
      _,
      n,
    ) => `create table c${n} (id serial primary key, title text not null, rank int, price numeric, at timestamptz, live boolean, data json,
      ${n ? `parent int references c${n - 1}, other int references c${Math.floor(n / 2)}` : 'note text'});`,
  ).join('\n')

const ask = async ({ api }: TestHost, query: string, token?: string) => {
  const start = performance.now()
  const [cpu, { body }] = [process.cpuUsage(), await api('POST', '/graphql', { body: { query }, ...(token && { token }) })]
  const { user, system } = process.cpuUsage(cpu)
  if (body.errors) throw new Error(JSON.stringify(body.errors))
  return { ms: Math.round(performance.now() - start), cpu: Math.round((user + system) / 1000) }
}

const heap = (): number => {
  for (let i = 0; i < 5; i++) (globalThis as { gc?: () => void }).gc?.()
  return process.memoryUsage().heapUsed / 1e6
}
const shown = ({ ms, cpu }: { ms: number; cpu: number }) => `${ms} ms (${cpu} ms of CPU)`

async function first(collections: number): Promise<void> {
  const host = await startKernel({ sql: tables(collections), change: ['-history'] })
  await ask(host, '{ c1_by_id(id: 1) { id } }', '').catch(() => {})
  const query = '{ c9(filter: { rank: { _gt: 1 } }) { id title parent { title parent { rank } } } }'
  await host.api('GET', '/items/c9?limit=1')
  console.log(`${collections} collections: first query ${shown(await ask(host, query))}`)
  console.log(`  the same again ${shown(await ask(host, query))}`)
  console.log(`  another ${shown(await ask(host, '{ c300: c8(limit: 1) { title other { id } } c7_aggregated { countAll } }'))}`)
  console.log(`  all types ${shown(await ask(host, '{ __schema { types { name fields { name args { name } } inputFields { name } } } }'))}`)
  console.log(`  then ${shown(await ask(host, '{ c5(limit: 1) { title } }'))}`)
  await host.close()
}

async function sets(count: number, collections: number, each: number): Promise<void> {
  const host = await startKernel({ sql: tables(collections), change: ['-history'] })
  const { db } = host.kernel
  for (let n = 0; n < count; n++) {
    const [policy, user] = [randomUUID(), randomUUID()]
    const rules = Array.from({ length: collections }, (_, c) => {
      const fields = ['id', 'title', ...(c ? ['parent', 'other'] : []), ...(c % count === n ? [] : ['rank', 'price', 'at'])].join(',')
      return `(gen_random_uuid_policy, 'c${c}', 'read', '{}', '${fields}'), (gen_random_uuid_policy, 'c${c}', 'create', '{}', '${fields}'), (gen_random_uuid_policy, 'c${c}', 'update', '{}', '${fields}')`
    }).join(', ')
    await db.execute(`
      insert into directus_policies (id, name) values ('${policy}', 's${n}');
      insert into directus_users (id, email, token, status) values ('${user}', 's${n}@example.com', 'token-${n}', 'active');
      insert into directus_access (id, policy, "user") values ('${randomUUID()}', '${policy}', '${user}');
      insert into directus_permissions (policy, collection, action, permissions, fields) values ${rules.replaceAll('gen_random_uuid_policy', `'${policy}'`)};`)
  }
  // All that is not GraphQL's own: rights, plans.
  for (let n = 0; n < count; n++) await host.api('GET', '/items/c9?limit=1', { token: `token-${n}` })
  await ask(host, '{ c9(limit: 1) { id } }')
  const before = heap()
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const query = Array.from({ length: each }, (_, i) => {
      const table = (n + i * 3) % collections
      return `c${table}(limit: 1, filter: { title: { _eq: "x" } }) { id title ${table ? 'parent { title }' : ''} }`
    })
    for (let at = 0; at < each; at += 50) {
      const { cpu } = await ask(host, `{ ${query.slice(at, at + 50).join(' ')} }`, `token-${n}`)
      if (!at) times.push(cpu)
    }
  }
  const after = heap()
  times.sort((a, b) => a - b)
  console.log(
    `${count} permission sets on ${collections} collections, ${each} of them asked for by each: ${(after - before).toFixed(1)} MB; ` +
      `first query of a set: median ${times[Math.floor(times.length / 2)]} ms of CPU, most ${times.at(-1)}`,
  )
  await host.close()
}

await first(500)
await sets(50, 200, 5)
await sets(50, 200, 40)
await sets(50, 200, 200)
