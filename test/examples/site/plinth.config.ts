/** A site that counts its visits: what PLUGINS and variables can say, in code. */
import { defineConfig } from 'plinth'
import { hitCounter } from '../hit-counter.ts'

export default defineConfig({
  plugins: [hitCounter],
  options: { 'hit-counter': { start: 100 }, LOG_LEVEL: 'info' },
})
