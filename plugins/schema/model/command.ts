/** `plinth schema`: what it takes. The desk that does it is loaded when somebody comes. */
import type { CommandSpec } from 'plinth'
import { modelling } from '../api.ts'
import { extras } from './extras.ts'

export const usage = `snapshot [file] [--include=${extras.join(',')}] | diff <file> | apply <file> [--dry-run] [--allow-data-loss]
  diff and apply: [--mode=merge] removes nothing, [--force] takes what another version wrote. Files end in .json, or hold YAML.`

export const schemaCommand: CommandSpec = {
  summary: 'write the model to a file, compare it with one, apply one',
  usage,
  details: 'Without a file "snapshot" prints. "diff" prints the SQL that would be run, and ends with 1 when there is any.',
  async run(args, program) {
    const { use, registry } = await program.boot()
    const { createModelDesk } = await import('./desk.ts')
    return createModelDesk(await use(modelling).exchange(), registry, console.log)(args)
  },
}
