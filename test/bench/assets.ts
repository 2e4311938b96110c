/** Images: how long the first request for one takes beside sharp alone, and what is kept beside a bare file. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import sharp from 'sharp'
import { memoryNow } from './figures.ts'
import { measure, rounds } from './load.ts'
import { answered, type Server, startBareFiles, startOurs } from './servers.ts'

export interface AssetFigures {
  /** Milliseconds a round. */
  readonly first: { readonly ours: readonly number[]; readonly alone: readonly number[] }
  /** Requests a second, a round each. */
  readonly kept: { readonly ours: readonly number[]; readonly bare: readonly number[] }
  /** While 100 different images were asked for at once: what others waited for a list of files, ms, sorted, and the most memory, MB. */
  readonly together: { readonly others: readonly number[]; readonly memory: number }
}

const photograph = (): Promise<Buffer> =>
  sharp({ create: { width: 4000, height: 3000, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 60 } } })
    .blur(2)
    .jpeg({ quality: 90 })
    .toBuffer()

export async function assetFigures(url: string): Promise<AssetFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-bench-assets-'))
  const ours = await startOurs({ url }, { STORAGE_LOCAL_ROOT: folder })
  const bare = await startBareFiles(folder)
  try {
    const form = new FormData()
    form.append('file', new Blob([new Uint8Array(await photograph())], { type: 'image/jpeg' }), 'photograph.jpg')
    const { data } = JSON.parse(await answered(fetch(`${ours.address}/files`, { method: 'POST', headers: ours.headers, body: form })))
    const ask = async (width: number) => {
      const response = await fetch(`${ours.address}/assets/${data.id}?width=${width}`, { headers: ours.headers })
      if (!response.ok) throw new Error(`The image was answered ${response.status}`)
      return response.arrayBuffer()
    }
    const alone = async (width: number) =>
      sharp(await readFile(join(folder, data.filename_disk)), { autoOrient: true })
        .resize({ width })
        .toFormat('jpeg')
        .toBuffer()
    await ask(400)
    await alone(400)
    const first = { ours: [] as number[], alone: [] as number[] }
    for (let round = 0; round < 4 * rounds; round++) {
      const turns = [
        ['ours', ask],
        ['alone', alone],
      ] as const
      for (const [who, work] of round % 2 ? turns : turns.toReversed()) {
        first[who].push(await timed(() => work(800 + round)))
        await setTimeout(50) // the image is kept after it has been sent
      }
    }
    const kept = (await readdir(folder)).find((name) => name.includes('__'))!
    const requests = [{ method: 'GET' as const, path: `/assets/${data.id}?width=400` }]
    const rates = await measure({ name: 'image', title: 'an image that is kept', requests: () => requests, bare: null }, [
      { ...ours, rows: 1 },
      { ...bare, rows: 0, requests: [{ method: 'GET', path: `/assets/${kept}` }] },
    ])
    const together = await meanwhile(
      ours,
      () => Promise.all(Array.from({ length: 100 }, (_, i) => ask(1000 + i))),
      () => answered(fetch(`${ours.address}/files?limit=5`, { headers: ours.headers })),
    )
    return { first, kept: { ours: rates.get('ours')!, bare: rates.get('bare')! }, together }
  } finally {
    await ours.stop()
    await bare.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function meanwhile(server: Server, work: () => Promise<unknown>, other: () => Promise<unknown>): Promise<AssetFigures['together']> {
  const others: number[] = []
  let memory = 0
  let over = false
  const watch = async () => {
    while (!over) {
      others.push(await timed(other))
      memory = Math.max(memory, await memoryNow(server))
    }
  }
  const watching = watch()
  await work().finally(() => {
    over = true
  })
  await watching
  return { others: others.sort((a, b) => a - b), memory }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now()
  await work()
  return performance.now() - since
}
