/** The model: what the API makes of the database. Reads the meta tables where they are, whoever owns them. */
import { definePlugin } from 'plinth'
import { modeller } from './modeller.ts'

export const model = definePlugin({ name: 'model', modeller, setup() {} })
