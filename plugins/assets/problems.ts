import { defineProblems } from 'plinth'

export const assetProblems = defineProblems({
  ILLEGAL_ASSET_TRANSFORMATION: { status: 400, message: 'The image cannot be transformed so.' },
  RANGE_NOT_SATISFIABLE: { status: 416, message: 'The file has no such part.' },
})
