/** How many cases a property test tries, and which: PROPERTY_RUNS multiplies them, PROPERTY_SEED begins where a failure was. */
const { PROPERTY_RUNS = '1', PROPERTY_SEED } = process.env

/** For `fc.assert`. */
export const parameters = (runs: number) => ({
  numRuns: Math.ceil(runs * Number(PROPERTY_RUNS)),
  ...(PROPERTY_SEED && { seed: Number(PROPERTY_SEED) }),
})

/** For `test`: ms. */
export const time = { timeout: 120_000 * Math.max(1, Number(PROPERTY_RUNS)) }
