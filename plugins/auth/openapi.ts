/** What the document of the API says of signing in: of what the routes check with. */

import type { Handler } from 'plinth'
import type { OpenapiEvent } from 'plinth/specs'
import * as v from 'valibot'
import { modes } from './api.ts'
import { email, filled } from './body.ts'
import { Login } from './credentials.ts'
import { Acceptance, Invitation } from './invitations.ts'
import { Registration } from './registration.ts'

const Refresh = v.object({ refresh_token: v.optional(v.string()), mode: v.optional(v.picklist(modes)) })
const Tokens = v.object({
  data: v.object({ access_token: v.optional(v.string()), refresh_token: v.optional(v.string()), expires: v.number() }),
})
const Session = v.looseObject({ id: v.string(), current: v.boolean() })

export const describeRoutes: Handler<OpenapiEvent> = async function describeAuth({ describe }, next) {
  const done = { status: 204 }
  const Ways = v.object({ data: v.array(v.looseObject({})), disableDefault: v.boolean() })
  describe('GET /auth', { summary: 'Ways to sign in, beside passwords', response: Ways })
  describe('POST /auth/login', { summary: 'Sign in', body: Login, response: Tokens })
  describe('POST /auth/refresh', { summary: 'Get new tokens for the refresh token', body: Refresh, response: Tokens })
  describe('POST /auth/logout', { summary: 'Sign out', body: Refresh, ...done })
  describe('POST /auth/password/request', {
    summary: 'Ask for a letter for a new password',
    body: v.object({ email, reset_url: v.optional(v.string()) }),
    ...done,
  })
  describe('POST /auth/password/reset', { summary: 'Choose a new password', body: Acceptance, ...done })
  describe('POST /users/invite', { summary: 'Invite somebody', body: Invitation, audience: 'users', ...done })
  describe('POST /users/invite/accept', { summary: 'Accept an invitation', body: Acceptance, ...done })
  describe('POST /users/register', { summary: 'Register', body: Registration, ...done })
  describe('GET /users/register/verify-email', { summary: 'Confirm an address', query: v.object({ token: filled }), status: 302 })
  describe('GET /users/me/sessions', {
    summary: 'Where one is signed in',
    response: v.object({ data: v.array(Session) }),
    audience: 'users',
  })
  describe('DELETE /users/me/sessions', { summary: 'Sign out everywhere else', audience: 'users', ...done })
  describe('DELETE /users/me/sessions/:id', { summary: 'Sign out there', audience: 'users', ...done })
  describe('POST /users/me/tfa/generate', {
    summary: 'Begin with a second factor',
    body: v.object({ password: filled }),
    audience: 'users',
  })
  describe('POST /users/me/tfa/enable', {
    summary: 'Turn the second factor on',
    body: v.object({ secret: filled, otp: filled }),
    audience: 'users',
    ...done,
  })
  describe('POST /users/me/tfa/disable', { summary: 'Turn it off', body: v.object({ otp: filled }), audience: 'users', ...done })
  describe('POST /users/:id/tfa/disable', { summary: "Turn somebody's second factor off", audience: 'admins', ...done })
  await next()
}
