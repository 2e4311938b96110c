/** Reads of items as one of their versions has them: `?version=key`. */
import { type Access, type Host, system, type Table } from 'plinth'
import { type Caller, type Item, type Items, type ItemVersion, itemsVersion } from 'plinth/items'
import { shownDelta, signedChangesIn } from './delta.ts'

interface Found {
  readonly id: string
  readonly item: string | null
  /** Missing where the caller may not see what was saved: the item is as it is then. */
  readonly delta?: Item | null
}

/** What nobody has a version of is left to the items: it is not there. */
export function readVersions(host: Host, engine: Items): void {
  host.hook(itemsVersion, async function readVersion(event, next) {
    const { version, key, keys, raw, caller } = event
    const { snapshot } = host.registry
    const table = snapshot.tables.get(event.table.name)!
    const named = key === undefined ? keys : [key]
    const who: Caller = raw ? caller : { ...caller, access: withinRules(caller.access) }
    const found = named?.length === 0 ? [] : await find(table, version, named, who)
    const versions = found.map(
      (each): ItemVersion => ({
        id: each.id,
        item: each.item,
        patch: patchOf(table, each),
        saved: each.delta ?? null,
      }),
    )
    event.answer = await engine.preview(event, versions)
    await next()
  })

  function find({ name }: Table, version: string, keys: readonly unknown[] | undefined, caller: Caller): Promise<Found[]> {
    const filter = { collection: { _eq: name }, key: { _eq: version }, ...(keys && { item: { _in: keys.map(String) } }) }
    return engine.list<Found>('directus_versions', { filter, limit: -1 }, caller)
  }

  /** Without the key, which does not change. */
  function patchOf(table: Table, { item, delta }: Found): Item {
    if (!delta) return {}
    const { snapshot } = host.registry
    const changed = item === null ? signedChangesIn(snapshot, table, delta, true) : shownDelta(snapshot, table, item, delta)
    return Object.fromEntries(Object.entries(changed).filter(([name]) => !table.primaryKey.includes(name)))
  }
}

/**
 * Versions tell of items, so their own list is for those who see these wholly. Here what they tell is read with the caller's rights to the items: the
 * caller's rules about versions are enough.
 */
function withinRules(access: Access): Access {
  if (access === system || access.admin) return access
  const rules = access.rights.rules
    .filter(({ collection }) => collection === 'directus_versions')
    .map((rule) => ({ ...rule, policy: null }))
  return { ...access, rights: { fingerprint: `${access.rights.fingerprint} versions`, rules } }
}
