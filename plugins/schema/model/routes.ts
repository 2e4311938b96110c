/** /schema, for administrators. Its answers are loaded when the first is asked for. */
import type { Host } from 'plinth'
import { admins } from '../guard.ts'
import type { Exchange } from './exchange.ts'

/** `limit`: bytes of a document. */
export function schemaRoutes(host: Host, exchange: () => Promise<Exchange>, limit: number): void {
  const answers = async () => (await import('./answers.ts')).createAnswers(host.registry, await exchange(), limit)
  host
    .routes('/schema')
    .get('/snapshot', admins, async (c) => (await answers()).snapshot(c))
    .post('/diff', admins, async (c) => (await answers()).diff(c))
    .post('/apply', admins, async (c) => (await answers()).apply(c))
}
