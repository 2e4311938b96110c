/** The one way by which a second factor changes: with proof, and with the rights that writing the field takes. */
import { type Host, problems, type Transaction } from 'plinth'
import type { Items } from 'plinth/items'
import type { Accounts } from './api.ts'

/** @param factors Hears of transactions in which the guard of users lets the field pass. */
export function createFactorChange(host: Host, items: Items, factors: WeakSet<Transaction>): Accounts['changeSecondFactor'] {
  return async function changeSecondFactor(access, prove, user = access.user ?? undefined) {
    if (user === undefined) throw problems.FORBIDDEN()
    await host.db.transaction(async (db) => {
      factors.add(db)
      await items.update('directus_users', [user], { tfa_secret: await prove(db) }, { access, db })
    })
    host.versions.touch('access')
  }
}
