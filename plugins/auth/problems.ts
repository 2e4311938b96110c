/** The codes that only signing in and its letters answer with. */
import { defineProblems } from 'plinth'

export const authProblems = defineProblems({
  INVALID_INVITE: { status: 400, message: 'This invitation has been used, or is no longer good.' },
})
