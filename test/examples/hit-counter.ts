/**
 * Counts visits, as a plugin that anybody could write: `POST /hits/:page` adds one, `GET /hits/:page` tells how many there were, and
 * DELETE forgets them (admins alone). New items of tables with a column for visits begin with a number in it.
 */
import { definePlugin, defineProblems, env, problems, type TableSpec } from 'plinth'
import { itemsCreate } from 'plinth/items'
import * as v from 'valibot'

/** `column`: HIT_COUNTER_COLUMN, filled in where a table has it. `start`: HIT_COUNTER_START, with what. */
const Options = v.object({ column: env.text('hits'), start: env.integer(0) })

const ownProblems = defineProblems({
  PAGE_NOT_VISITED: { status: 404, message: 'Nobody has visited this page yet.', hint: 'POST to the same address to be the first.' },
})

const pageHits: TableSpec = {
  name: 'page_hits',
  columns: { page: 'varchar(255)', hits: 'integer not null default 0' },
  primaryKey: 'page',
}

const countOne = `insert into page_hits as p (page, hits) values ($1, $2::integer + 1)
on conflict (page) do update set hits = p.hits + 1 returning hits`

export const hitCounter = definePlugin({
  name: 'hit-counter',
  after: ['items'],
  options: Options,
  tables: [pageHits],
  problems: ownProblems,
  setup(host, { column, start }) {
    host
      .routes('/hits')
      .get('/:page', async (c) => {
        const [row] = await host.db.query('select hits from page_hits where page = $1', [c.req.param('page')])
        if (!row) throw ownProblems.PAGE_NOT_VISITED()
        return c.json({ data: row })
      })
      .post('/:page', async (c) => {
        const [row] = await host.db.query(countOne, [c.req.param('page'), start])
        return c.json({ data: row })
      })
      .delete('/:page', async (c) => {
        if (!c.env.accountability.admin) throw problems.FORBIDDEN()
        await host.db.query('delete from page_hits where page = $1', [c.req.param('page')])
        return c.body(null, 204)
      })

    host.hook(itemsCreate, async function beginCounting({ table, rows }, next) {
      if (table.columns.has(column)) {
        for (const row of rows) row[column] ??= start
      }
      await next()
    })
  },
})
