/** Items: the data engine, and /items for every collection. Reads go query → plan → permit → SQL; writes run in one transaction. */

import { definePlugin, env } from 'plinth'
import { byRoute, graphqlSchema, segment, systemFields } from 'plinth/graphql'
import { serverInfo } from 'plinth/server'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { type Besides, type CrudAction, crudActions, type Item, type Items, items } from './api.ts'
import { besidesOf, unlimited } from './besides.ts'
import { farTime, isBare, jsonOfText } from './format.ts'
import { createTeller } from './permit/told.ts'
import { visibleTo } from './permit/visible.ts'
import { Permits } from './permit.ts'
import { createPreview } from './preview.ts'
import { itemProblems } from './problems.ts'
import { Reader } from './read.ts'
import { crudRoutes, type Subject } from './routes.ts'
import { answersTable, forgetAnswers } from './write/idempotency.ts'
import { saveSingleton } from './write/routes.ts'
import { SortBody, sortRoutes } from './write/sort.ts'
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

const sortField = systemFields('type Mutation { utils_sort(collection: String!, item: ID!, to: ID!): Boolean }', {
  utils_sort: byRoute('POST', { path: ({ collection }) => `/utils/sort/${segment(collection)}`, body: ({ item, to }) => ({ item, to }) }),
})

export const itemsPlugin = definePlugin({
  name: 'items',
  gives: items,
  options: Options,
  tables: [{ ...answersTable, functions: [jsonOfText, farTime, isBare] }],
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
    const served = new Map<string, readonly CrudAction[]>()
    const besides = new Map<string, Besides>()
    const named: Subject = (c, action) => {
      const collection = c.req.param('collection')!
      return permits.checkServed(c.env.accountability, reader.snapshot, action, collection).name
    }
    crudRoutes(host.routes('/items'), '/:collection', named, engine)

    sortRoutes(host.routes('/utils'), writer)
    host.hook(openapi, async function describeSort({ describe }, next) {
      describe('POST /utils/sort/:collection', { summary: 'Give an item the place of another one', body: SortBody })
      await next()
    })
    host.hook(graphqlSchema, sortField)

    return {
      check: (query) => reader.check(query),
      listText: (collection, query, caller, keys) => reader.list(collection, query, caller, keys),
      oneText: (collection, key, query, caller) => reader.one(collection, key, query, caller),
      list: async <Row = Item>(...parameters: Parameters<Items['list']>) => JSON.parse(await reader.list(...parameters)).data as Row[],
      one: async <Row = Item>(...parameters: Parameters<Items['one']>) => JSON.parse(await reader.one(...parameters)).data as Row,
      create: (collection, rows, caller) => writer.create(collection, rows, caller),
      update: (collection, keys, patch, caller) => writer.update(collection, keys, patch, caller),
      updateEach: (collection, changes, caller) => writer.updateEach(collection, changes, caller),
      delete: (collection, keys, caller) => writer.delete(collection, keys, caller),
      saveSingleton: (collection, patch, caller) => saveSingleton(reader, writer, collection, patch, caller),
      within: (caller, work) => writer.within(caller, (db) => work({ ...caller, db })),
      faultsOf: faultsOfRule,
      preview: createPreview(reader, writer),
      attempt: (collection, key, item, caller) =>
        writer.undone(caller, async (db) => {
          if (key === null) await writer.create(collection, [item], { ...caller, db })
          else await writer.update(collection, [key], item, { ...caller, db })
        }),
      rules: createTeller(host, permits, reader),
      visible: (access) => visibleTo(permits, host.registry.snapshot, access),
      served,
      besides,
      crud(routes, collection, options) {
        const { only = crudActions, besides: rows } = options ?? {}
        if (rows)
          besides.set(collection, {
            unlimited: (query) => unlimited(query, reader.mostRows),
            of: (query, access) => besidesOf(query, rows(access)),
          })
        served.set(collection, [...new Set([...(served.get(collection) ?? []), ...only])])
        crudRoutes(routes, '', () => collection, engine, options)
      },
    }
  },
})
