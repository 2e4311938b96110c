/** Pages for browsers, made of files that npm packages bring along: no CDN, nothing asked of other hosts, nothing that runs but those files. */
import { definePlugin, defineProblems, problems, randomText } from 'plinth'
import { type Page, pages } from './api.ts'
import type { PackageFile } from './packages.node.ts'

const own = defineProblems({
  PACKAGE_NOT_INSTALLED: { status: 501, message: 'This page needs packages that are not installed.' },
})

const types: Readonly<Record<string, string>> = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' }

export const pagesPlugin = definePlugin({
  name: 'pages',
  gives: pages,
  problems: own,
  setup: () => ({
    open(routes, folder, load) {
      const found = async (page: Page, name: string): Promise<PackageFile> => {
        const place = Object.hasOwn(page.files, name) ? page.files[name] : undefined
        if (place === undefined) throw problems.ROUTE_NOT_FOUND()
        const { findFile } = await import('./packages.node.ts')
        const file = await findFile(place)
        if (!file) throw own.PACKAGE_NOT_INSTALLED(hintOf(page), { packages: page.packages })
        return file
      }

      // A pattern of this form is none of the API's routes, so that no document tells of it.
      routes(folder).get('/*', async (c) => {
        const name = c.req.path.slice(folder.length + 1)
        const { tag, read, zipped } = await found(await load(), name)
        const etag = `W/"${tag}"`
        const headers: Record<string, string> = {
          etag,
          vary: 'Accept-Encoding',
          // The page asks for each file by its tag; whoever asks without it has to ask again.
          'cache-control': c.req.query('v') === tag ? 'public, max-age=31536000, immutable' : 'no-cache',
        }
        if (c.env.header('if-none-match')?.includes(etag)) return c.body(null, 304, headers)
        headers['content-type'] = types[name.split('.').at(-1)!]!
        if (!/\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(c.env.header('accept-encoding') ?? '')) return c.body(await read(), 200, headers)
        return c.body(await zipped(), 200, { ...headers, 'content-encoding': 'gzip' })
      })

      return async (c) => {
        const [page, { policyFor, toHtml }] = await Promise.all([load(), import('./html.ts')])
        const names = Object.keys(page.files)
        const tags = await Promise.all(names.map(async (name) => (await found(page, name)).tag))
        const base = leadingTo(folder, new URL(c.req.url).pathname)
        const nonce = randomText(22)
        const html = toHtml(
          page,
          names.map((name, i) => `${base}${name}?v=${tags[i]}`),
          nonce,
        )
        return c.html(html, 200, { 'content-security-policy': policyFor(page, nonce), 'cache-control': 'no-store', vary: 'Accept' })
      }
    },
  }),
})

const hintOf = ({ packages }: Page) => `Run "npm install ${packages}" in the folder of Plinth, or in the one that it is started in.`

/** From the page to a folder of its own, whatever a proxy in front puts before both: pages lie at most one level beside it. */
function leadingTo(folder: string, path: string): string {
  const up = path.split('/').length - 2
  return `${up ? '../'.repeat(up) : './'}${folder.slice(1)}/`
}
