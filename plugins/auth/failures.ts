/** Wrong passwords and codes, counted by user: after too many the user is suspended. */
import { type Database, Problem, system } from 'plinth'
import type { Items } from 'plinth/items'
import type { ProjectSettings } from 'plinth/settings'

const count = `
insert into plinth.credentials ("user", failures) select $1::uuid, 1 where $1 is not null
on conflict ("user") do update set failures = credentials.failures + 1 returning failures`

const reset = 'update plinth.credentials set failures = 0 where "user" = $1::uuid and failures > 0'

/** What the reference allows where nothing is said. */
const usual = 25

export interface Failures {
  /** Null: of nobody, which takes as long. */
  count(user: string | null): Promise<void>
  forget(user: string): Promise<void>
}

export function createFailures(db: Database, items: Items, settings: ProjectSettings | undefined): Failures {
  async function allowed(): Promise<number> {
    const { auth_login_attempts: most = usual } = (await settings?.current()) ?? {}
    return typeof most === 'number' ? most : Number.POSITIVE_INFINITY
  }

  async function suspend(user: string): Promise<void> {
    try {
      await items.update('directus_users', [user], { status: 'suspended' }, { access: system })
      await db.query(reset, [user])
    } catch (error) {
      // The last administrator stays: strangers could lock everybody out.
      if (!(error instanceof Problem) || error.code !== 'UNPROCESSABLE_CONTENT') throw error
    }
  }

  return {
    async count(user) {
      const [row] = await db.query<{ failures: number }>(count, [user])
      if (user !== null && row!.failures > (await allowed())) await suspend(user)
    },
    async forget(user) {
      await db.query(reset, [user])
    },
  }
}
