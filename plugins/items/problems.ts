/** What only items answer with. */
import { defineProblems } from 'plinth'

export const itemProblems = defineProblems({
  PRECONDITION_FAILED: {
    status: 412,
    message: 'The item is not the one that was asked for: it has changed, or it is gone.',
    hint: 'Read it again: X-Item-Version of the answer is what If-Match takes.',
  },
})
