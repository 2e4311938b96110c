/** What letters say. Plain text, in few words. */
import { type Letter, signed } from 'plinth/mail'

export const resetLetter = (to: string, project: string, link: string): Letter => ({
  to,
  subject: `A new password for ${project}`,
  text: signed(
    [
      'Somebody, most likely you, wants to set a new password here. This link lets you, once:',
      '',
      link,
      '',
      'If it was not you, leave it: nothing changes.',
    ],
    project,
  ),
})

export const inviteLetter = (to: string, project: string, link: string): Letter => ({
  to,
  subject: `Your account at ${project}`,
  text: signed([`You have an account at ${project}. Choose a password for it here:`, '', link], project),
})

export const verifyLetter = (to: string, project: string, link: string): Letter => ({
  to,
  subject: `Is this your address? ${project} asks`,
  text: signed(
    [
      `Somebody has registered with this address at ${project}. If it was you, say so here:`,
      '',
      link,
      '',
      'If not, leave it: without an answer nobody can sign in.',
    ],
    project,
  ),
})
