/** Switches of the query string: `?force`, `?force=true`. */
import type { Context } from 'hono'
import { type Env, problems } from 'plinth'

type AnyContext = Context<Env, string>

export function isOn(c: AnyContext, name: string): boolean {
  const value = c.req.query(name)
  return value !== undefined && value !== 'false' && value !== '0'
}

/** Whether values may be cut off, rounded or dropped. */
export const mayLose = (c: AnyContext): boolean => isOn(c, 'allow_data_loss') || isOn(c, 'force')

/** Words between commas or said several times; undefined when the parameter is missing. */
export function list(c: AnyContext, name: string): string[] | undefined {
  const said = [...(c.req.queries(name) ?? []), ...(c.req.queries(`${name}[]`) ?? [])]
  return said.length ? said.flatMap((value) => value.split(',')).filter(Boolean) : undefined
}

/** @throws the problem that `problem` makes for any other word. */
export function oneOf<const T extends string>(
  c: AnyContext,
  name: string,
  words: readonly T[],
  problem = problems.INVALID_PAYLOAD,
): T | undefined {
  const value = c.req.query(name)
  const word = words.find((each) => each === value)
  if (value !== undefined && !word) throw problem(`"${name}" must be one of ${words.join(', ')}.`)
  return word
}
