/** Codes of versions. */
import { defineProblems } from 'plinth'

export const problems = defineProblems({
  VERSION_HASH_MISMATCH: {
    status: 422,
    message: 'The item has changed since the version was compared with it.',
    hint: 'Compare again, and promote with the "mainHash" that is told then.',
  },
})
