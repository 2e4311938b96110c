/** Whoever is named in a comment, as `@` and their key, is told of it, if they may read the item. */
import { type Access, type Host, Problem, problems, system } from 'plinth'
import { accounts } from 'plinth/access'
import { type Item, type Items, itemsChanged, itemsCreate } from 'plinth/items'

interface Comment {
  readonly collection: string
  readonly item: string
  readonly comment: string
}

/** The keys that a text names, in lower case, each once. */
export const mentionsIn = (text: string): string[] => [...new Set(Array.from(text.matchAll(mention), ([, id]) => id!.toLowerCase()))]

const mention = /@([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})/gi

type Names = ReadonlyMap<string, string>

const nameOf = ({ first_name: first, last_name: last, email }: Item): string =>
  String((first && last ? `${first} ${last}` : (first ?? email)) ?? 'Somebody')

/** What a comment says, with names in the place of keys, quoted as Markdown has it. */
const quoted = (text: string, names: Names): string =>
  text
    .replace(mention, (whole, id: string) => names.get(id.toLowerCase()) ?? whole)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')

export function tellMentioned(host: Host, engine: Items): void {
  const people = host.maybe(accounts)

  /** Of those whose names `access` may read: a comment is no way to learn who has a key. */
  const namesOf = async (ids: readonly string[], access: Access): Promise<Names> => {
    const query = { filter: { id: { _in: ids } }, fields: ['id', 'first_name', 'last_name', 'email'], limit: -1 }
    const users = await engine.list('directus_users', query, { access }).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'FORBIDDEN') return []
      throw error
    })
    return new Map(users.map((user) => [String(user.id), nameOf(user)]))
  }

  /** Administrators may comment on what is not there. */
  const mayRead = async (user: string, { collection, item }: Comment): Promise<boolean> => {
    const access = await people?.byId(user, null)
    if (!access || access.admin) return Boolean(access)
    const fields = [...(host.registry.snapshot.tables.get(collection)?.primaryKey ?? [])]
    return engine.one(collection, item, { fields }, { access }).then(
      () => true,
      () => false,
    )
  }

  host.hook(itemsCreate, async function checkMentioned({ table, rows, access, db }, next) {
    const named = table.name === 'directus_comments' && access !== system ? mentionsIn(rows.map(({ comment }) => comment).join('\n')) : []
    if (named.length) {
      const known = await engine.list(
        'directus_users',
        { filter: { id: { _in: named } }, fields: ['id'], limit: -1 },
        { access: system, db },
      )
      if (known.length < named.length) throw problems.FORBIDDEN('The comment names a user that there is not.')
    }
    await next()
  })

  host.hook(itemsChanged, async function tell({ action, table, keys, access }, next) {
    await next()
    if (action !== 'create' || table.name !== 'directus_comments' || access === system) return
    const query = { filter: { id: { _in: keys } }, fields: ['collection', 'item', 'comment'], limit: -1 }
    const comments = await engine.list<Comment>('directus_comments', query, { access: system })
    const all = mentionsIn(comments.map(({ comment }) => comment).join('\n'))
    if (!all.length) return
    const names = await namesOf(all, access)
    const sender = access.user
    const who = (sender && (await namesOf([sender], system)).get(sender)) ?? 'Somebody'
    const rows: Item[] = []
    for (const comment of comments) {
      const { collection, item } = comment
      for (const recipient of mentionsIn(comment.comment)) {
        if (!(await mayRead(recipient, comment))) continue
        const message = `${who} named you in a comment:\n\n${quoted(comment.comment, names)}\n`
        rows.push({ recipient, sender, subject: `A comment on ${collection} names you`.slice(0, 255), message, collection, item })
      }
    }
    if (rows.length) await engine.create('directus_notifications', rows, { access: system })
  })
}
