/** Shares, for scenarios: made by an administrator, and entered. */
import type { Api, Json } from './runner.ts'

/** Makes a share as setup; answers its key. */
export const made = async (api: Api, body: object): Promise<string> => (await api.post('/shares', body, { setup: true })).data.id

/** What one gets who enters it. */
export const entered = async (api: Api, share: string, more: object = {}): Promise<Json> =>
  (await api.post('/shares/auth', { share, ...more }, { setup: true, token: null })).data

/** A role that has these policies; answers its key. */
export async function roleWith(api: Api, name: string, policies: readonly string[]): Promise<string> {
  const { id } = (await api.post('/roles', { name }, { setup: true })).data
  for (const policy of policies) await api.post('/access', { role: id, policy }, { setup: true })
  return id
}
