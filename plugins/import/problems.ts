/** What only imports answer with. */
import { defineProblems } from 'plinth'

export const problems = defineProblems({
  IMPORT_CYCLICAL_RELATION: {
    status: 422,
    message: 'None of these collections can be filled first: each needs items of another one.',
    hint: 'Let one of the relations be null, or import one of the collections by itself.',
  },
})
