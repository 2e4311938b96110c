/** Scalar, told to ask nobody but us. The document says what the caller may do, so a token can be given; it is kept nowhere. */
import type { Page } from 'plinth/pages'

export const docsPage: Page = {
  title: 'API reference',
  packages: '@scalar/api-reference',
  files: { 'scalar.js': '@scalar/api-reference/dist/browser/standalone.js' },
  writesStyles: true,
  html: `<form id="caller">
  <label>Token <input type="password" autocomplete="off" spellcheck="false"></label>
  <button>Show what it may do</button>
  <output></output>
</form>
<div id="app"></div>`,
  style: `
    :root { --scalar-custom-header-height: 40px }
    body { margin: 0 }
    #caller { position: sticky; top: 0; z-index: 2; height: 40px; box-sizing: border-box; padding: 0 12px; display: flex; gap: 8px; align-items: center; justify-content: flex-end }
    #caller, #caller input, #caller button { font: 14px system-ui, sans-serif; color: #222; background: #f6f6f6; }
    #caller { border-bottom: 1px solid #ddd }
    #caller input, #caller button { border: 1px solid #ccc; border-radius: 4px; padding: 3px 8px; background: #fff }
  `,
  script: `
    const caller = document.getElementById('caller')
    const [input, , said] = caller.elements
    const base = new URL('.', location.href.replace(/\\/docs\\/$/, '/docs'))
    const address = new URL('server/specs/oas', base)
    const options = {
      // Where this page is, whatever the document says of where we are for others: nothing else may be asked.
      servers: [{ url: base.href.replace(/\\/$/, '') }],
      withDefaultFonts: false, telemetry: false, hideClientButton: true, showDeveloperTools: 'never',
      agent: { disabled: true }, mcp: { disabled: true },
    }
    let shown
    let last
    async function show(token) {
      const turn = (last = {})
      const answer = await fetch(address, { headers: token ? { authorization: 'Bearer ' + token } : {} })
      const content = await answer.json()
      if (turn !== last) return
      said.textContent = answer.ok ? '' : content.errors[0].message
      if (!answer.ok) return
      shown?.destroy()
      const authentication = { preferredSecurityScheme: 'token', securitySchemes: { token: { token } } }
      shown = Scalar.createApiReference('#app', { ...options, content, authentication })
    }
    caller.addEventListener('submit', (event) => {
      event.preventDefault()
      show(input.value.trim())
    })
    show('')
  `,
}
