/** What is sent to /assets. */
import * as v from 'valibot'

export const Chosen = (most: number) =>
  v.object({
    ids: v.pipe(
      v.array(v.pipe(v.string('must be a list of keys.'), v.uuid('must be a list of keys.'), v.toLowerCase()), 'must be a list of keys.'),
      v.minLength(1, 'must be a list of keys.'),
      v.maxLength(most, `must be ${most} keys at most.`),
    ),
  })

/** And the parameters of an image. */
export const Lending = (most: number) =>
  v.looseObject({
    /** Seconds. */
    expires: v.pipe(
      v.number('must be a number of seconds.'),
      v.integer('must be a number of seconds.'),
      v.minValue(1, 'must be 1 at least.'),
      v.maxValue(most, `must be ${most} at most.`),
    ),
  })
