/** Answers that take their time, so that how long one took tells nothing. */

/** Runs `work`; if it fails, tells so only at a whole multiple of `ms` after it began. */
export async function atLeast<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  try {
    return await work()
  } catch (error) {
    await wait(ms, began)
    throw error
  }
}

/** The same for work that is not to show at all: it always takes a whole multiple of `ms`. */
export async function always<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  try {
    return await work()
  } finally {
    await wait(ms, began)
  }
}

function wait(ms: number, began: number): Promise<void> {
  const passed = performance.now() - began
  return new Promise((resolve) => setTimeout(resolve, Math.ceil(passed / (ms || 1)) * ms - passed))
}
