/** What other plugins may import of pages for browsers, as `plinth/pages`. */
import type { Context, Hono } from 'hono'
import { type Env, service } from 'plinth'

/** A program for browsers that an npm package brings along, and what starts it. */
export interface Page {
  readonly title: string
  /** What it loads, in this order: the name it is served as, and where it lies below a `node_modules`. */
  readonly files: Readonly<Record<string, string>>
  /** The words of the `npm install` that brings those files. */
  readonly packages: string
  /** What the page holds before the script runs; default: an element `#app`. */
  readonly html?: string
  readonly style?: string
  /** Whether its files write styles into the page. */
  readonly writesStyles?: boolean
  /** Runs when everything is loaded. */
  readonly script: string
}

export interface Pages {
  /** Serves the page's files in `folder`, such as `/docs/files`; what it answers serves the page itself. `load` is called when one is asked for. */
  open(routes: (prefix: string) => Hono<Env>, folder: string, load: () => Promise<Page>): (c: Context<Env>) => Promise<Response>
}

export const pages = service<Pages>('pages')
