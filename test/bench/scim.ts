/** An identity provider that brings a company: every user is looked for and made, then all join a group. */
import { answered, bearer, type Server } from './servers.ts'

const people = 10_000
const atOnce = 4
/** Members of a PATCH, as providers send them at most. */
const pushed = 1000
const repeats = 50

const urn = 'urn:ietf:params:scim:schemas:core:2.0'

export interface ScimFigures {
  /** Requests a second for each tenth of the users: the last tenth meets a full table. */
  readonly rates: readonly number[]
  /** ms for one more member of a group of everybody. */
  readonly joins: readonly number[]
  /** ms for reading a group without its members. */
  readonly full: readonly number[]
  readonly empty: readonly number[]
}

export async function scimFigures(server: Server): Promise<ScimFigures> {
  const send = async (method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = provider) => {
    const sent = body && { body: JSON.stringify(body) }
    const text = await answered(
      fetch(server.address + path, { method, headers: { ...headers, 'content-type': 'application/json' }, ...sent }),
    )
    return text ? JSON.parse(text) : undefined
  }
  const { data } = await send('POST', '/scim/tokens', { name: 'bench' }, server.headers)
  const provider: Readonly<Record<string, string>> = bearer(data.token)
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const started = performance.now()
    await work()
    return performance.now() - started
  }
  const times = async (work: (n: number) => Promise<unknown>): Promise<number[]> => {
    const all: number[] = []
    for (let n = 0; n < repeats; n++) all.push(await timed(() => work(n)))
    return all
  }

  const keys: string[] = []
  const bring = async (n: number): Promise<void> => {
    const userName = `person-${n}@example.com`
    await send('GET', `/scim/v2/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`)
    const user = { schemas: [`${urn}:User`], userName, externalId: `x${n}`, name: { givenName: 'P', familyName: `${n}` }, active: true }
    keys.push((await send('POST', '/scim/v2/Users', user)).id)
  }
  const rates: number[] = []
  for (let tenth = 0; tenth < 10; tenth++) {
    let next = (tenth * people) / 10
    const end = next + people / 10
    const work = async () => {
      while (next < end) await bring(next++)
    }
    const ms = await timed(() => Promise.all(Array.from({ length: atOnce }, work)))
    rates.push((2 * people * 100) / ms)
  }

  const group = (displayName: string) => send('POST', '/scim/v2/Groups', { schemas: [`${urn}:Group`], displayName })
  const [everybody, nobody] = [await group('Everybody'), await group('Nobody')]
  const join = (members: readonly string[]) =>
    send('PATCH', `/scim/v2/Groups/${everybody.id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: members.map((value) => ({ value })) }],
    })
  const last = keys.splice(-repeats)
  for (let n = 0; n < keys.length; n += pushed) await join(keys.slice(n, n + pushed))
  const read = ({ id }: { id: string }) => send('GET', `/scim/v2/Groups/${id}?excludedAttributes=members`)
  return {
    rates,
    joins: await times((n) => join([last[n]!])),
    full: await times(() => read(everybody)),
    empty: await times(() => read(nobody)),
  }
}
