/** A model on disk. */
import { readFile } from 'node:fs/promises'
import { CORE_SCHEMA, load } from 'js-yaml'
import { StartError } from 'plinth'

/** @throws StartError for what cannot be read. */
export async function readDocument(path: string): Promise<unknown> {
  try {
    const text = await readFile(path, 'utf8')
    return path.endsWith('.json') ? JSON.parse(text) : load(text, { schema: CORE_SCHEMA })
  } catch (cause) {
    throw new StartError(`The model in ${path} cannot be read: ${(cause as Error).message.split('\n')[0]}.`, { cause })
  }
}
