/** The model belongs to administrators; others are told of what they may read something of. */
import type { Context, Next } from 'hono'
import { type Env, problems, type Snapshot } from 'plinth'
import type { RulesTold } from 'plinth/items'

export const admins = async <P extends string>(c: Context<Env, P>, next: Next): Promise<void> => {
  if (!c.env.accountability.admin) throw problems.FORBIDDEN()
  await next()
}

/** @throws FORBIDDEN for whoever may read nothing of `table`, where the model is written down. */
export type ModelOf = <P extends string>(
  c: Context<Env, P>,
  table?: 'directus_collections' | 'directus_fields' | 'directus_relations',
) => Snapshot

export const modelOf =
  (rules: RulesTold): ModelOf =>
  (c, table) => {
    const model = rules.model(c.env.accountability)
    if (table && !model.tables.has(table)) throw problems.FORBIDDEN()
    return model
  }
