/** What the SDK is made with so that it asks a kernel, and no port. */
import type { TestHost } from '../host.ts'

export const asking = ({ kernel }: TestHost) =>
  ({ globals: { fetch: async (url: string | URL | Request, init?: RequestInit) => kernel.fetch(new Request(url, init)) } }) as never
