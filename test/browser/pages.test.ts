/**
 * The pages in Chromium, from the packages that test/browser/package.json names. SCREENSHOTS=true keeps what is seen, for the README.
 * Left out where Chromium or those packages are missing, but not in CI.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { makePlace, type Place, type Server, startProgram } from '../program.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'
const missing = [chromium, join(here, 'node_modules/graphiql'), join(here, 'node_modules/@scalar/api-reference')].find(
  (path) => !existsSync(path),
)
const skip = missing !== undefined && !process.env.CI && `${missing} is not there: see .ci/run`

const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'

describe('in a browser', { skip }, () => {
  let place: Place
  let server: Server
  let profile: string
  let browser: BrowserContext
  before(async () => {
    place = await makePlace()
    server = await startProgram({
      folder: here,
      variables: { DATA_DIR: place.folder, PUBLIC_URL: 'https://elsewhere.example', ...place.variables },
    })
    const post = async (path: string, body: unknown) => {
      const headers = { authorization: 'Bearer admin-token', 'content-type': 'application/json' }
      const answer = await fetch(server.address + path, { method: 'POST', headers, body: JSON.stringify(body) })
      assert.equal(answer.status, 200, await answer.text())
    }
    const field = (name: string, type: string) => ({ field: name, type })
    await post('/collections', { collection: 'authors', schema: {}, fields: [field('name', 'string')] })
    await post('/collections', {
      collection: 'books',
      schema: {},
      fields: [field('title', 'string'), field('published', 'date'), field('author', 'integer')],
    })
    await post('/relations', { collection: 'books', field: 'author', related_collection: 'authors' })
    await post('/items/books', [
      { title: 'Independent People', published: '1934-10-24', author: { name: 'Halldór Laxness' } },
      { title: 'Kristin Lavransdatter', published: '1920-01-01', author: { name: 'Sigrid Undset' } },
    ])
    profile = await mkdtemp(join(tmpdir(), 'plinth-chromium-'))
    const playwright = await import('playwright-core')
    const viewport = { width: 1200, height: 720 }
    browser = await playwright.chromium.launchPersistentContext(profile, { executablePath: chromium, viewport, args: flags.split(' ') })
  })
  after(async () => {
    await browser?.close()
    server?.signal('SIGTERM')
    await server?.ended
    await place?.remove()
    await rm(profile, { recursive: true, force: true })
  })

  /** Opens a path; when the visit is over nothing may have been refused, complained about, kept of the token, or asked of another host. */
  async function visit(path: string, look: (page: Page) => Promise<void>, expected: readonly RegExp[] = []): Promise<void> {
    const page = await browser.newPage()
    const faults: string[] = []
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url())
      if (protocol !== 'data:' && protocol !== 'blob:' && origin !== server.address) faults.push(`asked ${request.url()}`)
    })
    page.setDefaultTimeout(60_000)
    await page.goto(server.address + path)
    await look(page)
    const kept = await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])')
    assert.doesNotMatch(String(kept), /admin-token/)
    await page.close()
    assert.deepEqual(
      faults.filter((fault) => !expected.some((form) => form.test(fault))),
      [],
    )
  }

  async function picture(page: Page, name: string): Promise<void> {
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: fileURLToPath(new URL(`../../.github/images/${name}.png`, import.meta.url)) })
  }

  /** Into an editor of GraphiQL, in place of what is there. */
  async function write(page: Page, editor: string, text: string): Promise<void> {
    await page.locator(`${editor} .CodeMirror:visible`).click()
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText(text)
  }

  for (const path of ['/graphql', '/graphql/system', '/docs'])
    test(`${path} and all that it loads is text of the right kind`, async () => {
      const answer = await fetch(server.address + path, { headers: { accept: 'text/html' } })
      const html = await answer.text()
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/html; charset=UTF-8'])
      const loaded = [...html.matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(([, address]) => new URL(address!, server.address + path))
      assert.ok(loaded.length > 0)
      for (const address of loaded) {
        const { status, headers } = await fetch(address, { method: 'HEAD' })
        const kind = address.pathname.endsWith('.css') ? 'css' : 'javascript'
        assert.deepEqual([status, headers.get('content-type')], [200, `text/${kind}; charset=utf-8`])
      }
    })

  for (const [path, query, expected] of [
    [
      '/graphql',
      '{\n  books(sort: ["published"]) {\n    title\n    published_func {\n      year\n    }\n    author {\n      name\n    }\n  }\n}\n',
      /Sigrid Undset[\s\S]*1934/,
    ],
    ['/graphql/system', '{ users_me { email } }', /admin@example\.com/],
  ] as const) {
    test(`GraphiQL at ${path} asks with a token and shows the answer`, () =>
      visit(path, async (page) => {
        await write(page, 'section[aria-label="Headers"]', '{ "Authorization": "Bearer admin-token" }')
        await write(page, '.graphiql-query-editor', query)
        await page.keyboard.press('Control+Enter')
        await page.locator('.result-window').filter({ hasText: expected }).waitFor()
        if (path === '/graphql') await picture(page, 'graphiql')
      }))
  }

  test('/docs shows what the public may do, with a token what that may do, and tries a request', () =>
    visit('/docs', async (page) => {
      await page.getByText('server', { exact: true }).first().click()
      await page.getByText('/server/ping').first().waitFor()
      assert.equal(await page.getByText('Read books').count(), 0)
      await page.fill('#caller input', 'admin-token')
      await page.click('#caller button')
      await page.getByText('ItemsBooks').first().click()
      await page.getByText('Read books').first().click()
      await page.getByRole('heading', { name: 'Read books' }).waitFor()
      await picture(page, 'docs')
      await page.getByRole('button', { name: 'Test Request' }).first().click()
      await page.getByRole('button', { name: 'Send' }).first().click()
      await page.getByText('Kristin Lavransdatter').first().waitFor()
    }))

  test('/docs says what is wrong with a token', () => {
    const asks = async (page: Page) => {
      await page.fill('#caller input', 'x')
      await page.click('#caller button')
      await page.getByText('The credentials are not valid').waitFor()
    }
    return visit('/docs', asks, [/the server responded with a status of 401/])
  })
})
