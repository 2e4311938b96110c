/** What other plugins may import of SCIM, as `plinth/scim`: its tokens. */
import { service } from 'plinth'

export const scopes = ['users:read', 'users:write', 'groups:read', 'groups:write'] as const
export type Scope = (typeof scopes)[number]

/** A token as it is told: never itself. Times in ISO 8601. */
export interface ScimToken {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly created: string
  readonly expires: string | null
  readonly last_used: string | null
}

export interface ScimTokens {
  /** @param expires When it ends; null: never. @returns The token itself too: it is told this once. */
  create(name: string, scopes: readonly Scope[], expires: Date | null): Promise<ScimToken & { readonly token: string }>
  list(): Promise<ScimToken[]>
  /** Ends it, and what was issued for it, on every process. Answers whether there was one. */
  revoke(id: string): Promise<boolean>
}

/** Null: SCIM is off. */
export const scimTokens = service<ScimTokens | null>('scim')
