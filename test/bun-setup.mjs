/** Bun stops tests after five seconds; Node and Deno, on which they run too, do not. Hooks need `bun test --timeout`. */
import { setDefaultTimeout } from 'bun:test'

setDefaultTimeout(120_000)
