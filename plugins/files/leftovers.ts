/** Contents that no row stands for, and their end: what is noted of them survives the process. */
import { type Host, type Queryable, quoteTable, type Transaction } from 'plinth'
import { derivedPrefix, type Place, type Storage } from './api.ts'

const table = 'plinth.file_leftovers'

/** How long an upload may take. */
const patience = '1 day'

/** What is put together later to a content has names that no content has. */
export const partName = (): string => `part-${crypto.randomUUID()}`
const isPart = (name: string): boolean => name.startsWith('part-')

/** How long something may take to be derived. */
const haste = '1 minute'

export interface Leftovers {
  /** Announces a content to come, which counts as left over until it is kept; false when another upload has announced it. */
  claim(place: Place, file: string): Promise<boolean>
  /** The same for what can be made again: whoever announced it and has not been heard of for long is overtaken. */
  claimDerived(place: Place, file: string): Promise<boolean>
  /** It is there, or has failed: nobody is at it any more. */
  release(place: Place): Promise<void>
  /** The content has a row now: part of that row's transaction. */
  keep(db: Transaction, places: readonly Place[]): Promise<void>
  /** The content has no row any more: part of the transaction that takes it away. */
  drop(db: Transaction, dropped: readonly (Place & { readonly file: string })[]): Promise<void>
  /** Removes what is left of these files; of all when there are none named. What cannot be removed now is another time. */
  clear(files?: readonly string[]): Promise<void>
  /** Removes one whose upload came to nothing. */
  abandon(place: Place): Promise<void>
}

export function createLeftovers(host: Host, contents: Pick<Storage, 'at'>): Leftovers {
  const { db, log } = host
  const filesPath = () => quoteTable(host.registry.snapshot.tables.get('directus_files')!)

  async function remove({ storage, name }: Place, tidied: boolean): Promise<void> {
    const driver = contents.at(storage)
    if (tidied) await driver.tidy?.(name)
    if (!isPart(name)) for await (const derived of driver.list(derivedPrefix(name))) await driver.delete(derived)
    await driver.delete(name)
  }

  /** One that a row still stands for, as somebody gave two files one content, stays. */
  async function removeAll(places: readonly Place[], tidied = false, queryable: Queryable = db): Promise<void> {
    for (const { storage, name } of places) {
      try {
        const [used] = await queryable.query(`select from ${filesPath()} where storage = $1 and filename_disk = $2 limit 1`, [
          storage,
          name,
        ])
        if (!used) await remove({ storage, name }, tidied)
        await queryable.query(`delete from ${table} where storage = $1 and name = $2`, [storage, name])
      } catch (error) {
        log.warn('a content that no file has could not be removed; it is tried again', { storage, name, error })
      }
    }
  }

  return {
    async claim({ storage, name }, file) {
      const claimed = await db.query(
        `insert into ${table} (storage, name, file, due) values ($1, $2, $3, now() + interval '${patience}') on conflict do nothing returning 1 as one`,
        [storage, name, file],
      )
      return claimed.length > 0
    },
    async claimDerived({ storage, name }, file) {
      // Somebody waits, so not for the disk: a claim that a crash of the database takes with it is made again.
      const claimed = await db.query(
        `insert into ${table} as l (storage, name, file, due)
         select $1, $2, $3::uuid, now() + interval '${haste}' from set_config('synchronous_commit', 'off', true)
         on conflict (storage, name) do update set file = excluded.file, due = excluded.due where l.due < now() returning 1 as one`,
        [storage, name, file],
      )
      return claimed.length > 0
    },
    async release({ storage, name }) {
      await db.query(`delete from ${table} where storage = $1 and name = $2`, [storage, name])
    },
    async keep(transaction, places) {
      if (!places.length) return
      await transaction.query(`delete from ${table} where (storage, name) in (select * from unnest($1::text[], $2::text[]))`, [
        places.map(({ storage }) => storage),
        places.map(({ name }) => name),
      ])
    },
    async drop(transaction, dropped) {
      if (!dropped.length) return
      await transaction.query(
        `insert into ${table} (storage, name, file) select * from unnest($1::text[], $2::text[], $3::uuid[])
         on conflict (storage, name) do update set due = now()`,
        [dropped.map(({ storage }) => storage), dropped.map(({ name }) => name), dropped.map(({ file }) => file)],
      )
    },
    async clear(files) {
      const which = files ? 'and file = any($1::uuid[])' : ''
      const found = await db.query<Place>(
        `select storage, name from ${table} where due <= now() ${which} limit 10000`,
        files ? [files] : [],
      )
      await removeAll(found, files === undefined) // what a process left that ended in the middle is looked for now and then alone
    },
    async abandon(place) {
      await db.query(`update ${table} set due = now() where storage = $1 and name = $2`, [place.storage, place.name]) // if it cannot be removed now
      await removeAll([place])
    },
  }
}
