/** Tables: makes those that plugins own. An installation whose database role may make none can leave it out, once they are there. */
import { definePlugin } from 'plinth'
import { createMissingTables } from './make.ts'

export const tables = definePlugin({ name: 'tables', maker: createMissingTables, setup() {} })
