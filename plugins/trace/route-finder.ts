/** Which route answers a request, such as `/items/:collection`: few names for many addresses. */
import { TrieRouter } from 'hono/router/trie-router'

/** @param routes `GET /items/:collection`, in the order in which they are asked. */
export function routeFinder(routes: readonly string[]): (method: string, path: string) => string | undefined {
  const router = new TrieRouter<string>()
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ')
    // What stands around other routes answers nothing by itself.
    if (!(method === 'ALL' && path.endsWith('*'))) router.add(method, path, path)
  }
  return (method, path) => router.match(method === 'HEAD' ? 'GET' : method, path.replace(/(.)\/+$/, '$1'))[0][0]?.[0]
}
