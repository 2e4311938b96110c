/** Documents on disk. */
import { readFile, writeFile } from 'node:fs/promises'

/** `-` is the standard input. */
export const readDocument = async (path: string): Promise<string> => readFile(path === '-' ? '/dev/stdin' : path, 'utf8')

export const writeDocument = async (path: string, text: string): Promise<void> => writeFile(path, text)
