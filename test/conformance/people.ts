/** Who may do what, for scenarios: policies with rules, and people who have them. */
import type { Answer, Api, CallOptions } from './runner.ts'

/** A rule of a policy; without `action` it is about reading, without `fields` about all of them. */
export interface Rule {
  readonly collection: string
  readonly action?: 'read' | 'create' | 'update' | 'delete' | 'share'
  readonly permissions?: object | null
  readonly fields?: readonly string[] | null
  readonly validation?: object | null
  readonly presets?: object | null
}

export interface Person {
  readonly id: string
  readonly token: string
  /** Calls are labelled with the person's name. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  get(path: string, options?: CallOptions): Promise<Answer>
  search(path: string, body: unknown, options?: CallOptions): Promise<Answer>
  post(path: string, body: unknown, options?: CallOptions): Promise<Answer>
  patch(path: string, body: unknown, options?: CallOptions): Promise<Answer>
  delete(path: string, options?: CallOptions): Promise<Answer>
}

const made = async (api: Api, path: string, body: unknown): Promise<string> => (await api.post(path, body, { setup: true })).data.id

/** Makes a policy; answers its key. */
export async function policy(api: Api, name: string, rules: readonly Rule[], more: object = {}): Promise<string> {
  const id = await made(api, '/policies', { name, ...more })
  const rows = rules.map((rule) => ({ policy: id, action: 'read', permissions: {}, fields: ['*'], ...rule }))
  if (rows.length) await api.post('/permissions', rows, { setup: true })
  return id
}

/** A user with a policy of their own for each list of rules. */
export async function person(api: Api, name: string, ...policies: readonly (readonly Rule[])[]): Promise<Person> {
  const token = `token-of-${name.replaceAll(' ', '-')}`
  const id = await api.user({ email: `${name.replaceAll(' ', '.')}@example.com`, token })
  for (const [index, rules] of policies.entries()) await give(api, { user: id }, await policy(api, `${name} ${index}`, rules))
  return { id, ...as(api, name, token) }
}

/** Calls with a token, labelled with whose it is. */
export function as(api: Api, name: string, token: string | null): Omit<Person, 'id' | 'token'> & { readonly token: string } {
  const call = (method: string, path: string, options: CallOptions = {}): Promise<Answer> =>
    api.call(method, path, { token, ...options, label: `${name}: ${options.label ?? `${method} ${readable(path)}`}` })
  const send = (method: string) => (path: string, body: unknown, options?: CallOptions) =>
    call(method, path, { label: `${method} ${readable(path)} ${JSON.stringify(body)}`, ...options, body })
  return {
    token: token ?? '',
    call,
    get: (path, options) => call('GET', path, options),
    delete: (path, options) => call('DELETE', path, options),
    search: send('SEARCH'),
    post: send('POST'),
    patch: send('PATCH'),
  }
}

const readable = (path: string) => decodeURIComponent(path).slice(0, 300)

/** Gives a policy to a user or a role; to nobody named: to everybody. */
export const give = (api: Api, whom: { readonly user?: string; readonly role?: string }, id: string): Promise<string> =>
  made(api, '/access', { ...whom, policy: id })
