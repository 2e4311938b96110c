/** What `plinth schema` does: the model to a file, and from one. */
import { Problem, type Registry, system } from 'plinth'
import { usage } from './command.ts'
import { checkOrigin, type Exchange, type Plan, type Wish } from './exchange.ts'
import { type Extra, extras } from './extras.ts'
import { type ModelDocument, parseDocument } from './input.ts'
import { documentOf, printed } from './print.ts'
import { parseText } from './upload.ts'

/** Words and switches: `--mode=merge` → `{ mode: 'merge' }`, `--force` → `{ force: '' }`; `--dry_run`, as addresses spell it, is `--dry-run`. */
function parseWords(args: readonly string[]): { words: string[]; switches: Map<string, string> } {
  const words = args.filter((word) => !word.startsWith('--'))
  const switches = args
    .filter((word) => word.startsWith('--'))
    .map((word): [string, string] => {
      const [name = '', value = ''] = word.slice(2).split('=', 2)
      return [name.replaceAll('_', '-'), value]
    })
  return { words, switches: new Map(switches) }
}

const known: Readonly<Record<string, readonly string[]>> = {
  snapshot: ['include'],
  diff: ['mode', 'force'],
  apply: ['mode', 'force', 'dry-run', 'allow-data-loss'],
}

/** Answers the exit code of `args`. */
export function createModelDesk(exchange: Exchange, registry: Registry, print: (line: string) => void) {
  const fail = (line: string): number => {
    print(line)
    return 1
  }

  async function snapshot(path: string | undefined, include: readonly Extra[]): Promise<number> {
    const document = await documentOf(exchange, registry.snapshot, { include })
    const text = printed(document, path?.endsWith('.json') ? 'json' : 'yaml')
    if (path === undefined || path === '-') print(text.trimEnd())
    else await (await import('./files.node.ts')).writeDocument(path, text)
    return 0
  }

  async function wishOf(path: string, switches: ReadonlyMap<string, string>): Promise<Wish & { document: ModelDocument }> {
    const text = await (await import('./files.node.ts')).readDocument(path)
    const document = parseDocument(parseText(text, path.endsWith('.json')))
    if (!switches.has('force')) checkOrigin(document)
    return { document, mode: switches.get('mode') === 'merge' ? 'merge' : 'mirror' }
  }

  function show({ statements, losses }: Plan): number {
    for (const statement of statements) print(`${statement};`)
    for (const loss of losses) print(`-- ${loss}`)
    if (!statements.length) print('-- There is nothing to do.')
    return statements.length ? 1 : 0
  }

  async function apply(wish: Wish, mayLose: boolean): Promise<number> {
    const isChanged = await exchange.apply(wish, system, mayLose)
    print(isChanged ? 'The model was applied.' : 'There was nothing to do.')
    return 0
  }

  async function run(args: readonly string[]): Promise<number> {
    const { words, switches } = parseWords(args)
    const [action = '', path] = words
    const include = (switches.get('include') ?? '').split(',').filter(Boolean)
    const isKnown = [...switches.keys()].every((name) => known[action]?.includes(name))
    const isMode = ['merge', 'mirror'].includes(switches.get('mode') ?? 'mirror')
    const isExtra = include.every((word) => (extras as readonly string[]).includes(word))
    if (!isKnown || !isMode || !isExtra || words.length > 2) return fail(`plinth schema ${usage}`)
    if (action === 'snapshot') return snapshot(path, include as Extra[])
    if (path === undefined) return fail(`plinth schema ${usage}`)
    const wish = await wishOf(path, switches)
    if (action === 'diff') return show(await exchange.plan(wish))
    if (switches.has('dry-run')) return show(await exchange.plan(wish)) && 0
    return apply(wish, switches.has('allow-data-loss') || switches.has('force'))
  }

  return (args: readonly string[]): Promise<number> =>
    run(args).catch((error: unknown) => {
      if (error instanceof Problem)
        return fail(error.message.replaceAll('?allow_data_loss=true', '--allow-data-loss').replaceAll('?force=true', '--force'))
      if ((error as { code?: string }).code === 'ENOENT') return fail(`There is no file ${(error as { path?: string }).path}.`)
      throw error
    })
}
