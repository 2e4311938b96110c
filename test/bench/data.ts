/** What the benchmark reads and writes: 200 authors, articles with ten columns of mixed types, two comments to each; the same rows at every run. */
import { randomUUID } from 'node:crypto'
import { type Database, quoteName } from '../../kernel/database/database.ts'
import { openPostgres } from '../../kernel/database/postgres.ts'

/** Unless a database is made with another number of them. */
export const articles = 20_000

const seed = (articles: number) => `
create table authors (id serial primary key, name varchar(255) not null, email varchar(255), born date);
create table articles (
  id serial primary key,
  author integer references authors,
  title varchar(255) not null,
  body text,
  status varchar(20) not null default 'draft',
  featured boolean not null default false,
  rating numeric(5, 2),
  views bigint not null default 0,
  published_at timestamptz,
  edited_at timestamp
);
create table comments (id serial primary key, article integer references articles, text text, likes integer not null default 0, written_at timestamptz);
insert into authors (name, email, born)
  select 'Author ' || n, 'author' || n || '@example.com', date '1950-01-01' + n * 37 from generate_series(1, 200) n;
insert into articles (author, title, body, status, featured, rating, views, published_at, edited_at)
  select n % 200 + 1, 'Article number ' || n, repeat('Words of "article" ' || n || '. ', 8), (array['draft', 'published', 'archived'])[n % 3 + 1],
    n % 10 = 0, n % 500 / 100.0, n::bigint * 7919 % 1000003, timestamptz '2024-01-01 00:00Z' + n * interval '37 minutes 0.5 seconds',
    timestamp '2024-06-01 12:00' + n * interval '11 minutes'
  from generate_series(1, ${articles}) n;
insert into comments (article, text, likes, written_at)
  select n % ${articles} + 1, 'Comment ' || n, n % 7, timestamptz '2025-01-01 00:00Z' + n * interval '1 minute' from generate_series(1, ${2 * articles}) n;
create index on articles (author);
create index on articles (published_at);
create index on comments (article);
vacuum analyze;
`

/** Statements that make `count` tables, in batches that fit the server's lock table. */
function* manyTables(count: number): Generator<string> {
  for (let from = 1; from <= count; from += 100) {
    const numbers = Array.from({ length: Math.min(100, count - from + 1) }, (_, i) => from + i)
    yield numbers
      .map(
        (n) =>
          `create table extra_${n} (id serial primary key, name varchar(255), amount numeric(10, 2), noted timestamptz, open boolean, author integer references authors)`,
      )
      .join(';')
  }
}

export interface BenchSize {
  readonly extraTables?: number
  /** Articles. */
  readonly rows?: number
}

export interface BenchDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** A database of our own on the server at `server`, seeded, with `extraTables` beside the three. */
export async function makeDatabase(server: string, { extraTables = 0, rows = articles }: BenchSize = {}): Promise<BenchDatabase> {
  const name = `plinth_bench_${randomUUID().slice(0, 8)}`
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  await run(server, [`create database ${quoteName(name)} template template0`])
  const drop = () => run(server, [`drop database ${quoteName(name)} with (force)`])
  try {
    await seedInto(url, rows)
    await run(url, manyTables(extraTables))
  } catch (error) {
    await drop()
    throw error
  }
  return { url, drop }
}

/** Puts the three tables into a database that is there. */
export const seedInto = (url: string, rows = articles): Promise<void> =>
  run(
    url,
    seed(rows)
      .split(/;\n/)
      .filter((statement) => statement.trim()),
  )

/** Whether an earlier run has. */
export const isSeeded = (url: string): Promise<boolean> =>
  connected(url, async (db) => (await db.text(`select (to_regclass('comments') is not null)::text`)) === 'true')

const run = (url: string, scripts: Iterable<string>): Promise<void> =>
  connected(url, async (db) => {
    for (const script of scripts) await db.execute(script)
  })

async function connected<T>(url: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = openPostgres({ url, poolSize: 1, statementTimeout: 300_000 })
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}
