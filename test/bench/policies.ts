/** What rights cost: somebody with ten policies, whose rules follow relations, beside an administrator who asks for the same by a filter. */
import type { Case } from './cases.ts'
import { answered, bearer, type Server, type Target } from './servers.ts'

/** A tenth of what may be read: published articles by authors born in certain years, or that somebody liked much. */
const rows = Array.from({ length: 10 }, (_, n) => ({
  _and: [
    { status: { _eq: 'published' } },
    n % 2
      ? { author: { born: { _between: [`${1950 + n}-01-01`, `${1951 + n}-01-01`] } } }
      : { _and: [{ views: { _gt: 900_000 + n * 10_000 } }, { author: { name: { _ends_with: String(n) } } }] },
  ],
}))

const path = (query: string) => `/items/articles?fields=id,title,rating,author.name&sort=-published_at&limit=25${query}`
const filter = `&filter=${encodeURIComponent(JSON.stringify({ _or: rows }))}`

export const policies: Case = {
  name: 'policies',
  title: 'ten policies with relational rules / the same filter by hand',
  requests: () => [{ method: 'GET', path: path('') }],
  bare: null,
}

/** The two that ask: the one by rights, the other by a filter. */
export async function people(server: Server): Promise<Target[]> {
  const make = async (where: string, body: object): Promise<string> => {
    const headers = { ...server.headers, 'content-type': 'application/json' }
    return JSON.parse(await answered(fetch(server.address + where, { method: 'POST', headers, body: JSON.stringify(body) }))).data.id
  }
  const user = await make('/users', { email: 'reader@example.com', token: 'token-of-a-reader' })
  for (const [n, permissions] of rows.entries()) {
    const policy = await make('/policies', { name: `Reader ${n}` })
    await make('/access', { user, policy })
    await make('/permissions', { policy, collection: 'articles', action: 'read', fields: ['*'], permissions })
    await make('/permissions', { policy, collection: 'authors', action: 'read', fields: ['*'], permissions: {} })
  }
  return [
    { ...server, name: 'by rights', headers: bearer('token-of-a-reader') },
    { ...server, name: 'by a filter', requests: [{ method: 'GET', path: path(filter) }] },
  ]
}
