import type { Area } from './area.ts'

/** Files, folders, downloads, transforms. */
export const files: Area = {
  name: 'files',
  complete: true,
  both: {
    upload: 'one file or several, with fields before each',
    type: 'the type is that of the content',
    record: 'a record without a file, and bodies that are neither',
    missing: 'missing files are changed, deleted, read',
    replace: 'new content for a file',
    import: 'import by address, and addresses that are refused',
    zip: 'several files in one archive',
    'zip-folder': 'a folder as an archive',
    ranges: 'parts of a file',
    parameters: 'transforms and what they take',
    'size-limit': 'transforms above the limit',
    keys: 'transforms by key, and modes',
    token: 'files by rights and tokens',
    tags: 'tags from forms, and filters on them',
  },
  answers: {
    names: 'sizes, names on disk and dates of a new file',
    title: 'titles from names',
    exif: 'orientation, caption and keywords of an image',
    metadata: 'the form of metadata',
    'folder-delete': 'files of a deleted folder, default folder',
    headers: 'headers of a download',
    'not-modified': 'conditional downloads and names beyond Latin-1',
    enlargement: 'enlarging, fit and formats',
    auto: 'the format by what is accepted',
    untouched: 'what is no still image',
    focal: 'the focal point',
  },
  refusals: {
    'unknown-folder': 'an unknown folder, an id that is taken',
    'mime-list': 'types that are not allowed, sizes above the limit, uploads in parts when off',
  },
}
