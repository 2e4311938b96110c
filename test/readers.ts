/** People who may read: made over the API by the administrator of a test's host. */
import assert from 'node:assert/strict'
import type { TestHost } from './host.ts'

/** A user with the static token `token` who may read `fields` of the rows of `collection` that `filter` says; answers the token. */
export async function addReader(
  { api }: TestHost,
  token: string,
  collection: string,
  filter: object = {},
  fields = ['*'],
): Promise<string> {
  const make = async (path: string, body: object): Promise<string> => {
    const { status, data } = await api('POST', path, { body })
    assert.equal(status, 200, path)
    return data.id
  }
  const user = await make('/users', { email: `${token}@example.com`, token })
  const policy = await make('/policies', { name: token })
  await make('/permissions', { policy, collection, action: 'read', fields, permissions: filter })
  await make('/access', { user, policy })
  return token
}
