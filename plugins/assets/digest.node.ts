/** A short name for much that was said. What the web platform has for this is asynchronous, and costs more than all else that finding a kept image takes. */
import { hash } from 'node:crypto'

/** 128 bits, hexadecimal. */
export const digest = (text: string): string => hash('sha256', text, 'hex').slice(0, 32)
