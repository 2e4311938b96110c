/**
 * Types and lint, all tests on Node with PostgreSQL, then a few that may differ elsewhere on the other five pairs of runtime and database, two pairs at a time.
 * Deno and Bun come from the npm registry into node_modules/.cache. Needs TEST_DATABASE_URL. Words on the command line choose runs: `node test/matrix.ts deno`.
 * The last line sums up: `12 passed, 0 failed`.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(root, 'node_modules/.cache/runtimes')
const bin = join(cache, 'node_modules/.bin')
/** ms a run may take. */
const patience = 1_200_000

interface Run {
  readonly name: string
  readonly words: readonly string[]
  readonly variables: Readonly<Record<string, string>>
}

interface Result {
  readonly passed: number
  readonly failed: number
}

/** What differs with the runtime or the embedded database: drivers, locks, sockets, reading, writing. All else is in `node postgres`. */
const smoke = {
  postgres: ['kernel/database/drivers', 'kernel/database/postgres', 'plugins/items/read', 'plugins/items/write', 'runtimes'],
  pglite: ['kernel/database/drivers', 'plugins/embedded/lock', 'plugins/items/write', 'runtimes'],
}
const needsDatabase = /(host|database|program|runner)\.ts'/

/** Tests that ask nothing but the language and the runtime. */
async function unitTests(): Promise<string[]> {
  const found: string[] = []
  for await (const path of glob('test/**/*.test.ts', { cwd: root, exclude: ['**/node_modules'] })) {
    if (!needsDatabase.test(await readFile(join(root, path), 'utf8'))) found.push(path)
  }
  return found.sort()
}

const testWith: Readonly<Record<string, readonly string[]>> = {
  node: ['node', '--test', '--test-concurrency=2', '--test-timeout=120000'],
  deno: [join(bin, 'deno'), 'test', '-A', '--no-check'],
  bun: [join(bin, 'bun'), 'test'],
}

async function allRuns(): Promise<Run[]> {
  const unit = await unitTests()
  const small = (runtime: string, driver: keyof typeof smoke): Run => {
    const files = smoke[driver].map((name) => `test/${name}.test.ts`)
    // The language is the same whatever the database, and Node has them in the run of everything.
    const added = runtime !== 'node' && driver === 'postgres' ? unit : []
    return { name: `${runtime} ${driver}`, words: [...testWith[runtime]!, ...files, ...added], variables: { TEST_DRIVER: driver } }
  }
  return [
    { name: 'types', words: ['npm', 'run', 'types'], variables: {} },
    { name: 'lint', words: ['npm', 'run', 'lint'], variables: {} },
    { name: 'node postgres', words: ['npm', 'test'], variables: { TEST_DRIVER: 'postgres' } },
    small('deno', 'postgres'),
    small('bun', 'postgres'),
    small('node', 'pglite'),
    small('deno', 'pglite'),
    small('bun', 'pglite'),
  ]
}

/** How each runtime's reporter says what passed and what did not. */
const counts: Readonly<Record<string, { passed: RegExp; failed: RegExp }>> = {
  node: { passed: /^\S+ pass (\d+)$/gm, failed: /^\S+ (?:fail|cancelled) (\d+)$/gm },
  deno: { passed: /\| (\d+) passed/g, failed: /\| (\d+) failed/g },
  bun: { passed: /^ *(\d+) pass$/gm, failed: /^ *(\d+) (?:fail|errors?)$/gm },
}

const sum = (form: RegExp, text: string): number => [...text.matchAll(form)].reduce((total, found) => total + Number(found[1]), 0)

/** How each runtime's reporter begins the line of a test that failed. */
const failure = /^\s*(?:✖|\(fail\)|.* \.\.\. FAILED)/
/** Lines kept of each run's failures: what is printed last is what a shortened log still has. */
const shownFailures = 20

const failuresIn = (output: string): string[] =>
  [...new Set(output.split('\n').filter((line) => failure.test(line)))].slice(0, shownFailures)

/** A run that breaks off, or that has no test, has failed even if no reporter says so. What has no reporter is one check. */
function resultOf(runtime: string, output: string, code: number | null): Result {
  const forms = counts[runtime]
  if (!forms) return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  const passed = sum(forms.passed, output)
  const failed = sum(forms.failed, output)
  return { passed, failed: failed === 0 && (code !== 0 || passed === 0) ? 1 : failed }
}

/** Answers what the command prints, and its exit code: null when it was stopped for taking too long. */
function execute(words: readonly string[], variables: Readonly<Record<string, string>>, folder = root) {
  return new Promise<{ output: string; code: number | null }>((resolve, reject) => {
    const child = spawn(words[0]!, words.slice(1), { cwd: folder, env: { ...process.env, NO_COLOR: '1', ...variables }, detached: true })
    const limit = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), patience)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(limit)
      resolve({ output, code })
    })
  })
}

async function installRuntimes(): Promise<void> {
  if (existsSync(join(bin, 'deno')) && existsSync(join(bin, 'bun'))) return
  await mkdir(cache, { recursive: true })
  const manifest = { private: true, dependencies: { bun: '^1.2.0', deno: '^2.0.0' }, allowScripts: { bun: true, deno: true } }
  await writeFile(join(cache, 'package.json'), JSON.stringify(manifest))
  const { code } = await execute(['npm', 'install', '--no-audit', '--no-fund'], {}, cache)
  if (code !== 0) throw new Error('Deno and Bun could not be installed from the npm registry')
}

if (!process.env.TEST_DATABASE_URL)
  throw new Error('TEST_DATABASE_URL is not set: it names a PostgreSQL server on which databases may be created')
await installRuntimes()
const results: (Result & { readonly lines: readonly string[] })[] = []

async function perform({ name, words, variables }: Run): Promise<void> {
  const started = performance.now()
  const { output, code } = await execute(words, variables)
  const result = resultOf(name.split(' ')[0]!, output, code)
  const seconds = Math.round((performance.now() - started) / 1000)
  const line = `${name.padEnd(14)} ${result.passed} passed, ${result.failed} failed, ${seconds} s`
  results.push({ ...result, lines: [line, ...(result.failed ? failuresIn(output) : [])] })
  console.log(`\n=== ${name}\n${output}`)
}

const chosen = process.argv.slice(2)
const runs = (await allRuns()).filter((run) => chosen.every((word) => run.name.split(' ').includes(word)))
const alone = runs.filter(({ name }) => name === 'node postgres')
const others = runs.filter((run) => !alone.includes(run))
for (const run of alone) await perform(run)
const worker = async () => {
  for (let run = others.shift(); run; run = others.shift()) await perform(run)
}
await Promise.all([worker(), worker()])

const passed = results.reduce((total, result) => total + result.passed, 0)
const failed = results.reduce((total, result) => total + result.failed, 0)
console.log(`\n${results.flatMap(({ lines }) => lines).join('\n')}\n\n${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
