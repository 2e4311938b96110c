/** All that changes the model, in one piece: a server that only reads need not load it. */
export { createCollection, deleteCollection, updateCollection } from './collections.ts'
export { createField, deleteField, updateField } from './fields.ts'
export {
  parseCollection,
  parseCollectionPatch,
  parseField,
  parseFieldPatch,
  parsePatches,
  parseRelation,
  parseRelationPatch,
  parseSearch,
} from './input.ts'
export { createRelation, deleteRelation, updateRelation } from './relations.ts'
