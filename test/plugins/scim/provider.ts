/** A server with SCIM on, and a client that speaks it. */
import assert from 'node:assert/strict'
import { type Answer, type CallOptions, startKernel, type TestHost, type TestOptions } from '../../host.ts'

export const urns = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  bulk: 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
  search: 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
} as const

export interface Provider {
  readonly host: TestHost
  readonly token: string
  scim(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  /** Makes a user; answers the resource. */
  user(userName: string, more?: object): Promise<any>
  group(displayName: string, members?: readonly string[], more?: object): Promise<any>
  patch(path: string, ...operations: readonly object[]): Promise<Answer>
  /** Keys of a list. */
  found(path: string): Promise<string[]>
  close(): Promise<void>
}

export async function startProvider(options: TestOptions = {}): Promise<Provider> {
  const host = await startKernel({ ...options, env: { SCIM_ENABLED: 'true', LOGIN_STALL_TIME: '1ms', ...options.env } })
  const made = await host.api('POST', '/scim/tokens', { body: { name: 'test' } })
  assert.equal(made.status, 200, JSON.stringify(made.body))
  const { token } = made.data
  const scim: Provider['scim'] = (method, path, body, { headers = {}, ...more } = {}) =>
    host.api(method, `/scim/v2${path}`, {
      token,
      text: body === undefined ? undefined : JSON.stringify(body),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }), ...headers },
      ...more,
    })
  const create = async (path: string, body: object) => {
    const answer = await scim('POST', path, body)
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    return answer.body
  }
  return {
    host,
    token,
    scim,
    user: (userName, more = {}) => create('/Users', { schemas: [urns.user], userName, ...more }),
    group: (displayName, members = [], more = {}) =>
      create('/Groups', { schemas: [urns.group], displayName, members: members.map((value) => ({ value })), ...more }),
    patch: (path, ...Operations) => scim('PATCH', path, { schemas: [urns.patch], Operations }),
    async found(path) {
      const { status, body } = await scim('GET', path)
      assert.equal(status, 200, JSON.stringify(body))
      return body.Resources.map(({ id }: { id: string }) => id)
    },
    close: () => host.close(),
  }
}
