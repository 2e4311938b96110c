/** Items: the data engine, and /items for every collection. Reads go query → plan → permit → SQL; writes run in one transaction. */

import { definePlugin, env } from 'plinth'
import { serverInfo } from 'plinth/server'
import * as v from 'valibot'
import { type Item, type Items, items } from './api.ts'
import { createTeller } from './permit/told.ts'
import { Permits } from './permit.ts'
import { itemProblems } from './problems.ts'
import { Reader } from './read.ts'
import { crudRoutes, type Subject } from './routes.ts'
import { answersTable, forgetAnswers } from './write/idempotency.ts'
import { faultsOfRule } from './write/validation.ts'
import { Writer } from './write.ts'

/** Bounds, each with its own variable. Rows of one list, -1 for no bound; bytes of an answer; levels; names; conditions; sets of nested items. */
const Options = v.object({
  QUERY_LIMIT_DEFAULT: env.integer(100, -1),
  QUERY_LIMIT_MAX: env.integer(-1, -1),
  QUERY_DEPTH_MAX: env.integer(10, 1, 100),
  QUERY_FIELDS_MAX: env.integer(500, 1),
  QUERY_FILTER_MAX: env.integer(200, 1),
  QUERY_ALIASES_MAX: env.integer(50, 1),
  QUERY_SELECTIONS_MAX: env.integer(2000, 1),
  QUERY_RELATIONS_MAX: env.integer(200, 1),
  PAYLOAD_DEPTH_MAX: env.integer(10, 1, 100),
  PAYLOAD_RELATIONS_MAX: env.integer(200, 1),
  MAX_BATCH_MUTATION: env.integer(-1, -1),
  /** How long a POST with an Idempotency-Key may be repeated. */
  IDEMPOTENCY_TTL: env.duration('24h'),
  RESPONSE_MAX: env.size('64mb'),
})

export const itemsPlugin = definePlugin({
  name: 'items',
  gives: items,
  options: Options,
  tables: [answersTable],
  problems: itemProblems,
  async setup(host, options): Promise<Items> {
    const permits = new Permits()
    const reader = new Reader(host, permits, {
      defaultLimit: options.QUERY_LIMIT_DEFAULT,
      maxLimit: options.QUERY_LIMIT_MAX,
      depth: options.QUERY_DEPTH_MAX,
      fields: options.QUERY_FIELDS_MAX,
      filterNodes: options.QUERY_FILTER_MAX,
      aliases: options.QUERY_ALIASES_MAX,
      selections: options.QUERY_SELECTIONS_MAX,
      relations: options.QUERY_RELATIONS_MAX,
      response: options.RESPONSE_MAX,
    })
    const writer = new Writer({
      host,
      permits,
      reader,
      limits: { depth: options.PAYLOAD_DEPTH_MAX, relations: options.PAYLOAD_RELATIONS_MAX, rows: options.MAX_BATCH_MUTATION },
    })
    const { etagOf: tag } = await import('./etag.node.ts')
    const engine = { reader, writer, log: host.log, tag, answerLifetime: options.IDEMPOTENCY_TTL }
    host.schedule('43 * * * *', () => forgetAnswers(host.db, options.IDEMPOTENCY_TTL))
    host.hook(serverInfo, async function tellLimits({ accountability, info }, next) {
      if (accountability.user) info.queryLimit = { default: options.QUERY_LIMIT_DEFAULT, max: options.QUERY_LIMIT_MAX }
      await next()
    })
    const served: Subject = (c, action) => {
      const collection = c.req.param('collection')!
      return permits.checkServed(c.env.accountability, reader.snapshot, action, collection).name
    }
    crudRoutes(host.routes('/items'), '/:collection', served, engine)

    return {
      check: (query) => reader.check(query),
      listText: (collection, query, caller) => reader.list(collection, query, caller),
      oneText: (collection, key, query, caller) => reader.one(collection, key, query, caller),
      list: async <Row = Item>(...parameters: Parameters<Items['list']>) => JSON.parse(await reader.list(...parameters)).data as Row[],
      one: async <Row = Item>(...parameters: Parameters<Items['one']>) => JSON.parse(await reader.one(...parameters)).data as Row,
      create: (collection, rows, caller) => writer.create(collection, rows, caller),
      update: (collection, keys, patch, caller) => writer.update(collection, keys, patch, caller),
      updateEach: (collection, changes, caller) => writer.updateEach(collection, changes, caller),
      delete: (collection, keys, caller) => writer.delete(collection, keys, caller),
      faultsOf: faultsOfRule,
      rules: createTeller(host, permits, reader),
      crud: (routes, collection, only) => crudRoutes(routes, '', () => collection, engine, only),
    }
  },
})
