/** GraphQL's /graphql/system: in, on and out, letters, second factors. What guesses or sends something may be asked once in a document. */
import { type AsRoute, byRoute, systemFields } from 'plinth/graphql'

const session = /* GraphQL */ `
  enum auth_mode { json cookie session }
  type auth_tokens { access_token: String expires: GraphQLBigInt refresh_token: String }
  type users_me_tfa_generate_data { secret: String otpauth_url: String }
  type Mutation {
    auth_refresh(refresh_token: String, mode: auth_mode): auth_tokens
    auth_logout(refresh_token: String, mode: auth_mode): Boolean
    auth_password_request(email: String!, reset_url: String): Boolean
    auth_password_reset(token: String!, password: String!): Boolean
    users_me_tfa_generate(password: String!): users_me_tfa_generate_data
    users_me_tfa_enable(otp: String!, secret: String!): Boolean
    users_me_tfa_disable(otp: String!): Boolean
    users_invite_accept(token: String!, password: String!): Boolean
    users_register(email: String!, password: String!, verification_url: String, first_name: String, last_name: String): Boolean
    users_register_verify(token: String!): Boolean
  }
`
const login = /* GraphQL */ `
  type Mutation { auth_login(email: String!, password: String!, mode: auth_mode, otp: String): auth_tokens }
`
const invitation = /* GraphQL */ `
  type Mutation { users_invite(email: String!, role: String!, invite_url: String): Boolean }
`

const once = (path: AsRoute['path']) => byRoute('POST', { path, once: true })

export const sessionFields = systemFields(session, {
  auth_refresh: once('/auth/refresh'),
  auth_logout: byRoute('POST', { path: '/auth/logout' }),
  auth_password_request: once('/auth/password/request'),
  auth_password_reset: once('/auth/password/reset'),
  users_me_tfa_generate: once('/users/me/tfa/generate'),
  users_me_tfa_enable: once('/users/me/tfa/enable'),
  users_me_tfa_disable: once('/users/me/tfa/disable'),
  users_invite_accept: once('/users/invite/accept'),
  users_register: once('/users/register'),
  users_register_verify: byRoute('GET', {
    path: ({ token }) => `/users/register/verify-email?token=${encodeURIComponent(token)}`,
    once: true,
  }),
})

/** Where one may come in by a password of ours. */
export const loginFields = systemFields(login, { auth_login: once('/auth/login') })

export const invitationFields = systemFields(invitation, { users_invite: once('/users/invite') })
