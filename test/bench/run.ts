/**
 * `npm run bench`: our speed beside the bare limit, and beside the reference if there is one; then start, memory, introspection, compiling and growth.
 * Prints tables in Markdown. Look at the ratios: both sides of one meet the same moments of the machine.
 *
 *     node test/bench/run.ts                             everything, about 20 minutes
 *     node test/bench/run.ts list key                    these cases of load only: ping list key filter nested graphql aggregate create update
 *     node test/bench/run.ts assets policies tokens bulk scim start introspection compile growth rows
 *     node test/bench/run.ts limits                      rate limits under load, a minute for each store; when asked for alone
 *
 * DATABASE_URL: a PostgreSQL server on which databases may be made (postgres://postgres@127.0.0.1:5432/postgres). BENCH_ROUNDS (10), BENCH_SECONDS
 * of a round (2). With PostGraphile installed (`npm --prefix test/bench ci`) it is measured by the case graphql. REFERENCE_URL, REFERENCE_TOKEN and REFERENCE_DATABASE_URL: a reference server under way, an administrator's token of it, and its
 * database, which gets three tables (and keeps them).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { assetFigures } from './assets.ts'
import { cases } from './cases.ts'
import { type BenchSize, isSeeded, makeDatabase, seedInto } from './data.ts'
import { compiling, exportPeak, introspection, memoryOf, schemaChanges } from './figures.ts'
import { limitFigures } from './limits.ts'
import { measure, median, type Rates, ratios, rounds } from './load.ts'
import { people, policies } from './policies.ts'
import { scimFigures } from './scim.ts'
import { answered, bearer, declare, type Server, startBare, startOurs, startPostgraphile, type Target } from './servers.ts'
import { tokenChecks } from './tokens.ts'

const server = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const figures: Readonly<Record<string, () => Promise<void>>> = {
  assets,
  policies: rights,
  tokens,
  bulk,
  scim,
  start: starts,
  introspection: introspections,
  compile,
  growth,
  rows: growthByRows,
}
/** Long, and no measure of speed. */
const apart: typeof figures = { limits }
const asked = process.argv.slice(2)
const known = [...cases.map(({ name }) => name), ...Object.keys(figures), ...Object.keys(apart)]
const unknown = asked.filter((name) => !known.includes(name))
if (unknown.length) {
  console.error(`There is no ${unknown.join(', ')}. There are: ${known.join(' ')}`)
  process.exit(1)
}
const wanted = (name: string) => !asked.length || asked.includes(name)

if (cases.some(({ name }) => wanted(name))) await loads()
for (const [name, print] of Object.entries(figures)) if (wanted(name)) await print()
for (const [name, print] of Object.entries(apart)) if (asked.includes(name)) await print()

/** Runs `work` on a database made for it. */
async function withDatabase(size: BenchSize, work: (url: string) => Promise<void>): Promise<void> {
  const database = await makeDatabase(server, size)
  try {
    await work(database.url)
  } finally {
    await database.drop()
  }
}

/** Runs `work` with servers up, and stops them. */
async function withServers(starting: readonly (() => Promise<Server>)[], work: (servers: Server[]) => Promise<void>): Promise<void> {
  const servers: Server[] = []
  try {
    for (const start of starting) servers.push(await start())
    await work(servers)
  } finally {
    for (const one of servers) await one.stop()
  }
}

async function loads(): Promise<void> {
  await withDatabase({}, (url) =>
    withServers([() => startOurs({ url }), () => startBare(url)], async (servers) => {
      await declare(servers[0]!)
      // Before anything is written: it shows all related rows, we a hundred.
      if (wanted('graphql')) await besidePostgraphile(url, servers)
      const targets: Target[] = [...servers, ...(await reference())]
      const others = targets.slice(1).map(({ name }) => name)
      console.log(`Requests a second, median of ${rounds} rounds (lowest–highest); ratios of ours, median of the rounds.\n`)
      row(['', 'ours', ...others, ...others.map((name) => `ours / ${name}`)])
      row(Array(2 + 2 * others.length).fill('---'))
      for (const one of cases.filter(({ name }) => wanted(name))) {
        const rates = await measure(one, targets)
        const ours = rates.get('ours')!
        row([
          one.title,
          ...targets.map(({ name }) => spread(rates.get(name)!, 0)),
          ...others.map((name) => spread(ratios(ours, rates.get(name)!), 2)),
        ])
      }
      console.log()
    }),
  )
}

/** The same rows by GraphQL, on the same database in the same rounds. Nothing where its package is not installed. */
async function besidePostgraphile(url: string, servers: readonly Server[]): Promise<void> {
  const other = await startPostgraphile(url)
  if (!other) return console.log('PostGraphile is not installed: npm --prefix test/bench ci\n')
  try {
    const one = cases.find(({ name }) => name === 'graphql')!
    const rates = await measure(one, [...servers, other])
    const [ours, bare, theirs] = ['ours', 'bare', 'postgraphile'].map((name) => rates.get(name)!) as [Rates, Rates, Rates]
    row(['', 'ours', 'bare', 'PostGraphile', 'ours / bare', 'PostGraphile / bare', 'ours / PostGraphile'])
    row(Array(7).fill('---'))
    row([
      one.title,
      ...[ours, bare, theirs].map((rates) => spread(rates, 0)),
      ...[ratios(ours, bare), ratios(theirs, bare), ratios(ours, theirs)].map((found) => spread(found, 2)),
    ])
    console.log()
  } finally {
    await other.stop()
  }
}

async function reference(): Promise<Target[]> {
  const { REFERENCE_URL: address, REFERENCE_TOKEN = '', REFERENCE_DATABASE_URL: database } = process.env
  if (!address) return []
  if (!database) throw new Error("REFERENCE_DATABASE_URL is not set: the reference's database gets the tables that are read")
  if (!(await isSeeded(database))) await seedInto(database)
  const headers = bearer(REFERENCE_TOKEN)
  await answered(fetch(`${address}/utils/cache/clear?system`, { method: 'POST', headers }))
  const target = { name: 'reference', address, headers }
  await declare(target)
  return [target]
}

/** Images made anew (ms) and kept ones (requests a second). */
async function assets(): Promise<void> {
  await withDatabase({}, async (url) => {
    const { first, kept, together } = await assetFigures(url)
    row(['', 'ours', 'limit', 'ratio'])
    row(Array(4).fill('---'))
    row([
      'the first of a 12-megapixel JPEG, ms (sharp alone)',
      spread(first.ours, 0),
      spread(first.alone, 0),
      spread(ratios(first.ours, first.alone), 2),
    ])
    row(['one that is kept, a second (a bare file)', spread(kept.ours, 0), spread(kept.bare, 0), spread(ratios(kept.ours, kept.bare), 2)])
    const slow = together.others[Math.floor(together.others.length * 0.99)]!
    row(['100 at once: p99 of other requests, ms; memory, MB', slow.toFixed(0), '250', `${together.memory.toFixed(0)} MB`])
    console.log()
  })
}

/** What rights cost, in requests a second. */
async function rights(): Promise<void> {
  await withDatabase({}, (url) =>
    withServers([() => startOurs({ url })], async ([ours]) => {
      const targets = await people(ours!)
      row(['', ...targets.map(({ name }) => name), 'filter / rights'])
      row(Array(4).fill('---'))
      const rates = await measure(policies, targets)
      const [byRights, byFilter] = targets.map(({ name }) => rates.get(name)!)
      row([policies.title, spread(byRights!, 0), spread(byFilter!, 0), spread(ratios(byFilter!, byRights!), 2)])
      console.log()
    }),
  )
}

/** What it takes to know who sends a request. */
async function tokens(): Promise<void> {
  row(['finding out who asks, µs', 'median', '99 of 100'])
  row(Array(3).fill('---'))
  await withDatabase({}, async (url) => {
    for (const { title, times } of await tokenChecks(url))
      row([title, median(times).toFixed(1), times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!.toFixed(1)])
  })
  console.log()
}

/** Beyond 100 requests a second and 1,000 a minute. */
async function limits(): Promise<void> {
  row(['rate limits kept in', 'passed', 'refused', 'wrong answers', 'MB after a quarter', 'most', 'at the end'])
  row(Array(7).fill('---'))
  await withDatabase({}, async (url) => {
    for await (const { name, passed, refused, wrong, memory } of limitFigures(url))
      row([name, String(passed), String(refused), wrong.join('; ') || 'none', ...memory.map((size) => size.toFixed(0))])
  })
  console.log()
}

/** 10,000 items by one POST, histories included. The reference needs MAX_PAYLOAD_SIZE=64mb. */
async function bulk(): Promise<void> {
  const items = Array.from({ length: 10_000 }, (_, n) => ({ article: (n % 1000) + 1, text: `Comment ${n}`, likes: n % 7 }))
  await withDatabase({}, (url) =>
    withServers([() => startOurs({ url }, { MAX_PAYLOAD_SIZE: '64mb' })], async (servers) => {
      const targets = [...servers, ...(await reference())]
      const times = new Map(targets.map(({ name }) => [name, [] as number[]]))
      for (let round = 0; round < Math.min(rounds, 5); round++) {
        for (const { name, address, headers } of round % 2 ? targets.toReversed() : targets) {
          const started = performance.now()
          const sent = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(items) }
          await answered(fetch(`${address}/items/comments?fields=id`, sent))
          times.get(name)!.push(performance.now() - started)
        }
      }
      row(['', ...targets.map(({ name }) => name), ...targets.slice(1).map(({ name }) => `${name} / ours`)])
      row(Array(2 * targets.length).fill('---'))
      const ours = times.get('ours')!
      row([
        '10,000 items by one POST, ms',
        ...targets.map(({ name }) => spread(times.get(name)!, 0)),
        ...targets.slice(1).map(({ name }) => spread(ratios(times.get(name)!, ours), 1)),
      ])
      console.log()
    }),
  )
}

/** 10,000 users of an identity provider. */
async function scim(): Promise<void> {
  await withDatabase({}, (url) =>
    withServers([() => startOurs({ url }, { SCIM_ENABLED: 'true' })], async ([ours]) => {
      const { rates, joins, full, empty } = await scimFigures(ours!)
      row(['SCIM', 'median (lowest–highest)'])
      row(['---', '---'])
      row(['requests a second while 10,000 users are looked for and made', spread(rates, 0)])
      row(['one more member of a group of 10,000, ms', spread(joins, 1)])
      row(['that group without its members, ms', spread(full, 1)])
      row(['an empty one, ms', spread(empty, 1)])
      console.log()
    }),
  )
}

async function starts(): Promise<void> {
  row(['', 'median (lowest–highest)'])
  row(['---', '---'])
  await withDatabase({}, async (url) => {
    await (await startOurs({ url })).stop() // makes tables, and fills the compile cache
    const times: number[] = []
    const sizes: number[] = []
    for (let run = 0; run < 7; run++) {
      const ours = await startOurs({ url })
      times.push(ours.started)
      sizes.push(await memoryOf(ours))
      await ours.stop()
    }
    row(['process start to first answer, PostgreSQL', `${spread(times, 0)} ms`])
    row(['memory after start, PostgreSQL', `${spread(sizes, 0)} MB`])
  })
  const first: number[] = []
  const second: number[] = []
  for (let run = 0; run < 3; run++) {
    const folder = await mkdtemp(join(tmpdir(), 'plinth-bench-data-'))
    for (const times of [first, second]) {
      const ours = await startOurs({ folder })
      times.push(ours.started)
      await ours.stop()
    }
    await rm(folder, { recursive: true, force: true })
  }
  row(['first start to first answer, embedded database', `${spread(first, 0)} ms`])
  row(['later start to first answer, embedded database', `${spread(second, 0)} ms`])
  console.log()
}

async function introspections(): Promise<void> {
  await withDatabase({ extraTables: 1000 }, async (url) => {
    console.log(`Introspection of 1,000 tables: ${spread(await introspection(url), 0)} ms`)
    await withServers([() => startOurs({ url }), () => startOurs({ url })], async ([one, other]) => {
      const { answered, served } = await schemaChanges(one!, other!)
      console.log(
        `A new field among them: answered after ${spread(answered, 0)} ms, served by another process after ${spread(served, 0)} ms\n`,
      )
    })
  })
}

async function compile(): Promise<void> {
  row(['compiling a query', 'of a new shape', 'of a known one'])
  row(Array(3).fill('---'))
  await withDatabase({}, async (url) => {
    await withServers([() => startOurs({ url })], async ([ours]) => declare(ours!)) // makes the tables that say what leads back
    for (const { title, fresh, known } of await compiling(url)) row([title, `${spread(fresh, 3)} ms`, `${spread(known, 4)} ms`])
  })
  console.log()
}

/** The same requests with few and with many tables in the database. */
async function growth(): Promise<void> {
  await withDatabase({ extraTables: 7 }, (few) =>
    withDatabase({ extraTables: 1997 }, (many) =>
      withServers([() => startOurs({ url: few }), () => startOurs({ url: many })], async ([small, large]) => {
        row(['', '10 tables', '2,000 tables', '2,000 / 10'])
        row(Array(4).fill('---'))
        const sizes = await Promise.all([small!, large!].map(memoryOf))
        row(['memory after start, MB', ...sizes.map((size) => size.toFixed(0)), (sizes[1]! / sizes[0]!).toFixed(2)])
        await compared(small!, large!, ['list', 'key'])
      }),
    ),
  )
}

/** The same requests with few and with many rows in the tables, and exports of all of them. */
async function growthByRows(): Promise<void> {
  const [few, many] = [10_000, 1_000_000]
  await withDatabase({ rows: few }, (small) =>
    withDatabase({ rows: many }, (large) =>
      withServers([() => startOurs({ url: small }), () => startOurs({ url: large })], async ([a, b]) => {
        row(['', '10 thousand rows', '1 million rows', 'million / 10 thousand'])
        row(Array(4).fill('---'))
        const peaks = [await exportPeak(a!), await exportPeak(b!)]
        row(['most memory while all are exported, MB', ...peaks.map((size) => size.toFixed(0)), (peaks[1]! / peaks[0]!).toFixed(2)])
        await compared({ ...a!, rows: few }, { ...b!, rows: many }, ['list', 'key', 'filter', 'nested'])
      }),
    ),
  )
}

/** Rows of a table: what some cases of load come to on two servers. */
async function compared(small: Target, large: Target, names: readonly string[]): Promise<void> {
  const targets = [
    { ...small, name: 'small' },
    { ...large, name: 'large' },
  ]
  for (const target of targets) await declare(target)
  for (const one of cases.filter(({ name }) => names.includes(name))) {
    const rates = await measure(one, targets)
    const [a, b] = [rates.get('small')!, rates.get('large')!]
    row([one.title, spread(a, 0), spread(b, 0), spread(ratios(b, a), 2)])
  }
  console.log()
}

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}

function spread(values: Rates, digits: number): string {
  const shown = (value: number) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return `${shown(median(values))} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`
}
