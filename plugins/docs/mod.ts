/** GET /docs: the API's reference for people, made by Scalar of what /server/specs/oas tells the caller. */
import { definePlugin, env } from 'plinth'
import { pages } from 'plinth/pages'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'

export const docs = definePlugin({
  name: 'docs',
  needs: [pages],
  options: v.object({ DOCS_ENABLED: env.boolean(true) }),
  setup(host, { DOCS_ENABLED: enabled }) {
    if (!enabled) return
    const answer = host.use(pages).open(host.routes, '/docs/files', async () => (await import('./page.ts')).docsPage)
    host.routes('/docs').get('/', answer)
    host.hook(openapi, async function describePage({ describe }, next) {
      describe('GET /docs', { summary: 'This document, to be read', answers: ['text/html'] })
      await next()
    })
  },
})
