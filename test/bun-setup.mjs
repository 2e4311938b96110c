/** Bun stops tests and hooks after five seconds; Node and Deno, on which they run too, do not. Its default holds for one file only: so each file sets it. */
import { plugin } from 'bun'

const patience = `import { setDefaultTimeout as $patience } from 'bun:test'; $patience(600_000); `

plugin({
  name: 'patience',
  setup({ onLoad }) {
    // On the first line, so that the lines of stacks stay right.
    onLoad({ filter: /\.test\.ts$/ }, async ({ path }) => ({ loader: 'ts', contents: patience + (await Bun.file(path).text()) }))
  },
})
