/** A page as text, and what browsers may do with it: https://www.w3.org/TR/CSP3/ */
import type { Page } from './api.ts'

/** `address` is that of a file. What runs bears the nonce, and nothing else does; nothing is asked of other hosts. */
export function toHtml(
  { title, html = '<div id="app"></div>', style = '', script }: Page,
  files: readonly string[],
  nonce: string,
): string {
  const loads = files.map((address) =>
    /\.css(\?|$)/.test(address) ? `<link rel="stylesheet" href="${address}">` : `<script nonce="${nonce}" src="${address}"></script>`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${style}</style>
<body>
${html}
${loads.join('\n')}
<script nonce="${nonce}">${script}</script>
`
}

export const policyFor = ({ writesStyles }: Page, nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'self' ${writesStyles ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
