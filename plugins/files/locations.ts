/** STORAGE_LOCATIONS and what each of them is, from the environment. */
import { env, type Host, Problem, problems, StartError } from 'plinth'
import * as v from 'valibot'
import { type DriverFactory, inStage, type LocationOptions, type Storage, type StorageDriver } from './api.ts'
import { streamOf } from './streams.ts'

/** What every location takes, whatever its driver. */
const Common = v.looseObject({
  DRIVER: env.text('local'),
  /** ms above which /server/health warns. */
  HEALTHCHECK_THRESHOLD: env.integer(750, 1),
})

export interface Location {
  readonly driver: StorageDriver
  /** ms */
  readonly threshold: number
}

type GuardParts = Pick<Host, 'log' | 'run' | 'hooked'>

/** `variables`: all that begin with STORAGE_, by their whole names. */
export function optionsOf(location: string, variables: Readonly<Record<string, string>>): LocationOptions {
  const prefix = prefixOf(location)
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  )
}

const prefixOf = (location: string) => `STORAGE_${location.toUpperCase()}_`

/** @throws StartError naming every location that cannot be. */
export async function openLocations(
  names: readonly string[],
  variables: Readonly<Record<string, string>>,
  drivers: ReadonlyMap<string, DriverFactory>,
  host: GuardParts,
): Promise<Map<string, Location>> {
  const faults: string[] = []
  const opened = new Map<string, Location>()
  for (const name of names) {
    try {
      const { DRIVER: driver, HEALTHCHECK_THRESHOLD: threshold, ...options } = v.parse(Common, optionsOf(name, variables))
      const factory = drivers.get(driver)
      if (factory) opened.set(name, { driver: guarded(await factory(options as LocationOptions, name), name, host), threshold })
      else faults.push(`${prefixOf(name)}DRIVER is ${JSON.stringify(driver)}; it may hold one of ${[...drivers.keys()].join(', ')}.`)
    } catch (error) {
      if (v.isValiError(error)) faults.push(...error.issues.map((issue) => wrong(prefixOf(name), issue)))
      else faults.push(`The location "${name}" of STORAGE_LOCATIONS cannot be used: ${(error as Error).message}`)
    }
  }
  if (faults.length) throw new StartError(faults.join('\n'))
  return opened
}

function wrong(
  prefix: string,
  { path: [at] = [], message }: Pick<v.BaseIssue<unknown>, 'message'> & { readonly path?: readonly v.IssuePathItem[] },
): string {
  const key = String(at?.key)
  const value = at?.value
  if (value === undefined) return `${prefix}${key} is not set; it needs a value.`
  return `${prefix}${key} is ${/KEY|SECRET|TOKEN|PASSWORD/.test(key) ? 'a value it may not hold' : JSON.stringify(value)}; it may hold ${message}.`
}

export function createStorage(
  locations: Storage['locations'],
  opened: () => ReadonlyMap<string, Location>,
): Pick<Storage, 'locations' | 'at'> {
  return {
    locations,
    at(location) {
      const found = opened().get(location)
      if (found) return found.driver
      throw problems.INVALID_PAYLOAD(`There is no storage "${location}"; there are ${locations.join(', ')}.`, { field: 'storage' })
    },
  }
}

/** Whatever a driver throws is told to the log, where it can be mended, and to the client as one problem that tells nothing of what is inside. */
function guarded(driver: StorageDriver, location: string, host: GuardParts): StorageDriver {
  const unavailable = (action: string, error: unknown): Problem => {
    host.log.warn('a storage does not work', { storage: location, action, error })
    const isFull = /^(ENOSPC|EDQUOT|EFBIG)$/.test((error as { code?: string } | null)?.code ?? '')
    const reason = isFull ? 'The storage is full.' : `The storage "${location}" does not work.`
    return problems.SERVICE_UNAVAILABLE(reason, { service: action === 'put' ? 'files' : 'assets' }, error)
  }
  const tried = <T>(action: string, work: () => Promise<T>): Promise<T> =>
    inStage(host, 'store', work).catch((error: unknown) => {
      throw error instanceof Problem ? error : unavailable(action, error)
    })
  const { path, tidy, check } = driver
  return {
    async put(name, content, type) {
      const { stream, fault } = overheard(content)
      return inStage(host, 'store', () => driver.put(name, stream, type)).catch((error: unknown) => {
        throw fault() ?? unavailable('put', error)
      })
    },
    get: (name, range) => tried('get', () => driver.get(name, range)),
    stat: (name) => tried('stat', () => driver.stat(name)),
    delete: (name) => tried('delete', () => driver.delete(name)),
    async *list(prefix) {
      try {
        yield* driver.list(prefix)
      } catch (error) {
        throw unavailable('list', error)
      }
    },
    ...(path && { path: (name) => path.call(driver, name) }),
    ...(tidy && { tidy: (name) => tried('tidy', () => tidy.call(driver, name)) }),
    check: () => tried<unknown>('check', () => (check ? check.call(driver) : driver.stat('health'))) as Promise<void>,
  }
}

/** The same stream; `fault()` is what its source failed with, which is none of the storage's doing. */
function overheard(source: ReadableStream<Uint8Array>) {
  const reader = source.getReader()
  let failed: { readonly error: unknown } | undefined
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        failed = { error }
        throw error
      })
      if (done) return
      yield value
    }
  }
  return { stream: streamOf(chunks(), (reason) => void reader.cancel(reason).catch(() => {})), fault: () => failed?.error }
}
