/** Snapshots of the model, what leads from one to another, and the way there. */
import { autoKey, field, key } from '../fields.ts'
import type { Api, CallOptions, Json, Scenario } from '../runner.ts'

const alias = (name: string, special: string) => field(name, 'alias', { schema: null as unknown as object, meta: { special: [special] } })

/** Only what is ours: a server may have more. */
const mine = (list: Json[] = []) => list.filter((one) => one.collection.startsWith('s_'))
const shownModel = (model: Json) => ({
  version: model.version,
  directus: model.directus,
  vendor: model.vendor,
  members: Object.keys(model).sort(),
  collections: mine(model.collections),
  fields: mine(model.fields),
  relations: mine(model.relations),
})
const keepModel = (body: Json) => (body.data ? shownModel(body.data) : body)
/** What is done to each thing: the columns of a foreign key are told with the relation alone. */
const edits = (entry: Json) => entry.diff.filter(({ path }: Json) => !String(path?.[1]).startsWith('foreign_key'))
const keepDiff = (body: Json) => {
  if (!body?.data) return body && (body.errors?.map((error: Json) => error.extensions.code) ?? body)
  const shown = (list: Json[]) =>
    mine(list)
      .map((entry) => ({ ...entry, diff: edits(entry) }))
      .filter(({ diff }) => diff.length > 0)
  const { collections, fields, relations } = body.data.diff
  return { hash: typeof body.data.hash, collections: shown(collections), fields: shown(fields), relations: shown(relations) }
}

async function model(api: Api): Promise<Json> {
  return structuredClone((await api.get('/schema/snapshot', { setup: true })).data)
}

const scenario: Scenario = async (api) => {
  await api.table('s_folder', [], { sort: 1 })
  await api.call('DELETE', '/collections/s_folder', { setup: true })
  await api.call('POST', '/collections', { setup: true, body: { collection: 's_folder', schema: null, meta: { sort: 1 } } })
  await api.table(
    's_ones',
    [
      autoKey(),
      field('name', 'string', { schema: { is_nullable: false, is_unique: true }, meta: { interface: 'input', options: { a: 1 } } }),
      field('amount', 'decimal', { schema: { numeric_precision: 12, numeric_scale: 2, default_value: 1.5 } }),
      field('doc', 'json', { schema: { default_value: { a: 1 } } }),
      field('tags', 'csv'),
      field('at', 'timestamp', { schema: { default_value: 'now()' }, meta: { special: ['date-created'] } }),
      field('flag', 'boolean', { schema: { default_value: true } }),
      alias('manys', 'o2m'),
      { field: 'untold', type: 'string', schema: {} },
    ],
    { group: 's_folder', translations: [{ language: 'de-DE', translation: 'Eins' }], sort_field: 'amount' },
  )
  await api.table('s_manys', [key('code', 'string'), field('one', 'integer', { schema: { is_indexed: true } })])
  await api.relate('s_manys', 'one', 's_ones', { one_field: 'manys' })

  api.proves('writing: snapshot')
  await api.get('/schema/snapshot', { keep: keepModel })
  await api.get('/schema/snapshot', {
    label: 'the system is no part of it, but for indexes',
    keep: (body: Json) => [
      body.data.collections.some((one: Json) => one.collection.startsWith('directus_')),
      body.data.fields.some((one: Json) => one.collection.startsWith('directus_')),
      body.data.systemFields.every((one: Json) => one.collection.startsWith('directus_') && one.schema.is_indexed === true),
    ],
  })
  await api.get('/schema/snapshot?export=json', { keep: (body: Json) => shownModel(body), headersKept: ['content-type'] })
  await api.get('/schema/snapshot?export=yaml', {
    keep: (text: Json) => String(text).split('\n').slice(0, 4),
    headersKept: ['content-type'],
  })
  await api.get('/schema/snapshot?export=nonsense')
  await api.get('/schema/snapshot', { label: 'by the public', token: null })
  await api.call('POST', '/schema/snapshot', { label: 'no POST' })

  api.proves('writing: snapshot')
  const part = (query: string) =>
    api.get(`/schema/snapshot?${query}`, {
      keep: (body: Json) =>
        body.data
          ? [
              body.data.version,
              mine(body.data.collections).map((one) => one.collection),
              mine(body.data.fields).map((one) => `${one.collection}.${one.field}`),
              mine(body.data.relations).map((one) => one.field),
            ]
          : body.errors.map((error: Json) => error.extensions.code),
    })
  await part('includeCollections=s_ones')
  await part('includeCollections=s_manys,s_folder')
  await part('includeCollections=nope')
  await part('excludeCollections=s_ones')
  await part('includeCollections=s_ones&excludeCollections=s_manys')
  const ones = (await api.get('/schema/snapshot?includeCollections=s_ones', { setup: true })).data
  const diff = (label: string, body: Json, query = '', options: CallOptions = {}) =>
    api.post(`/schema/diff${query}`, body, { label, keep: keepDiff, ...options })
  await diff('a part', ones)
  await diff('a part without a field', { ...ones, fields: ones.fields.filter((one: Json) => one.field !== 'amount') })
  await diff('a part that says nothing', { ...ones, collections: [], fields: [] })

  api.proves('writing: diff')
  const changed = async (label: string, edit: (model: Json) => unknown, query = '') => {
    const wanted = await model(api)
    edit(wanted)
    return diff(label, wanted, query)
  }
  /** Gives a member another value. */
  const set = (target: Json, values: object) => Object.assign(target, values)
  const find = (list: Json[], name: string) => list.find((one) => one.collection.startsWith('s_') && (one.field ?? one.collection) === name)
  await changed('equal', () => {})
  await changed('a setting of a collection', (m) => set(find(m.collections, 's_ones').meta, { note: 'changed' }))
  await changed('a translation', (m) => set(find(m.collections, 's_ones').meta.translations[0], { translation: 'Einser' }))
  await changed(
    'one translation more',
    (m) => void find(m.collections, 's_ones').meta.translations.push({ language: 'fr-FR', translation: 'Un' }),
  )
  await changed('no translation', (m) => set(find(m.collections, 's_ones').meta, { translations: [] }))
  await changed('translations null', (m) => set(find(m.collections, 's_ones').meta, { translations: null }))
  await changed('nothing said of a collection', (m) => set(find(m.collections, 's_ones'), { meta: null }))
  await changed('a special', (m) => void find(m.fields, 'manys').meta.special.push('no-data'))
  await changed('an option', (m) => set(find(m.fields, 'name').meta.options, { a: 2 }))
  await changed('an option more', (m) => set(find(m.fields, 'name').meta.options, { b: [1] }))
  await changed('options null', (m) => set(find(m.fields, 'name').meta, { options: null }))
  await changed('a length', (m) => set(find(m.fields, 'name').schema, { max_length: 99 }))
  await changed('another type', (m) =>
    set(find(m.fields, 'name'), {
      type: 'text',
      schema: { ...find(m.fields, 'name').schema, data_type: 'text', max_length: null },
    }),
  )
  await changed('a default', (m) => set(find(m.fields, 'flag').schema, { default_value: false }))
  await changed('no default', (m) => set(find(m.fields, 'doc').schema, { default_value: null }))
  await changed('what a foreign key does', (m) => set(find(m.relations, 'one').schema, { on_delete: 'CASCADE' }))
  await changed('no relation', (m) => set(m, { relations: m.relations.filter((one: Json) => one.collection !== 's_manys') }))
  await changed('a field less', (m) => set(m, { fields: m.fields.filter((one: Json) => one.field !== 'tags') }))
  await changed('a field renamed is another field', (m) => set(find(m.fields, 'tags'), { field: 'labels' }))
  const fresh = {
    collections: [{ collection: 's_fresh', meta: { collection: 's_fresh', note: 'new', icon: null }, schema: { name: 's_fresh' } }],
    fields: [
      {
        collection: 's_fresh',
        field: 'key',
        type: 'integer',
        meta: { collection: 's_fresh', field: 'key', hidden: true, sort: 1 },
        schema: { name: 'key', table: 's_fresh', data_type: 'integer', is_nullable: false, is_primary_key: true, has_auto_increment: true },
      },
      {
        collection: 's_fresh',
        field: 'one',
        type: 'integer',
        meta: { collection: 's_fresh', field: 'one', sort: 2 },
        schema: { name: 'one', table: 's_fresh', data_type: 'integer', is_nullable: true },
      },
    ],
    relations: [
      {
        collection: 's_fresh',
        field: 'one',
        related_collection: 's_ones',
        meta: { many_collection: 's_fresh', many_field: 'one', one_collection: 's_ones', one_deselect_action: 'nullify' },
        schema: {
          table: 's_fresh',
          column: 'one',
          foreign_key_table: 's_ones',
          foreign_key_column: 'id',
          constraint_name: 's_fresh_one_foreign',
          on_update: 'NO ACTION',
          on_delete: 'SET NULL',
        },
      },
    ],
  }
  const grown = (m: Json) => {
    m.collections.push(...fresh.collections)
    m.fields.push(...fresh.fields)
    m.relations.push(...fresh.relations)
  }
  await changed('a collection more', grown)
  await changed('a collection less', (m) => {
    for (const part of ['collections', 'fields', 'relations']) m[part] = m[part].filter((one: Json) => one.collection !== 's_manys')
  })

  api.proves('writing: diff')
  await changed('another vendor', (m) => set(m, { vendor: 'mysql' }))
  await changed('another vendor by force', (m) => set(m, { vendor: 'mysql' }), '?force=true')
  await changed('no vendor', (m) => void delete m.vendor)
  await changed('another version', (m) => set(m, { directus: '11.0.0' }))
  await changed('another version by force', (m) => set(m, { directus: '11.0.0' }), '?force')
  await changed('another version by no force', (m) => set(m, { directus: '11.0.0' }), '?force=false')
  await changed('an unknown format', (m) => set(m, { version: 3 }))

  api.proves('writing: diff')
  const less = (m: Json) => set(m, { fields: m.fields.filter((one: Json) => one.field !== 'tags') })
  await changed('merge', less, '?mode=merge')
  await changed('mirror', less, '?mode=mirror')
  await changed('neither', less, '?mode=nonsense')

  api.proves('security: what is no snapshot is refused')
  await changed('an unknown member', (m) => set(m, { nonsense: 1 }))
  await changed('an unknown member of a collection', (m) => set(m.collections[0], { nonsense: 1 }))
  await changed('an unknown member of a field', (m) => set(m.fields[0], { nonsense: 1 }))
  await changed('without fields', (m) => void delete m.fields)
  await diff('nothing', {})
  await diff('a list', [])
  await api.call('POST', '/schema/diff', { label: 'plain text', text: 'x', headers: { 'content-type': 'text/plain' } })
  await api.call('POST', '/schema/diff', { label: 'YAML that is no file', text: 'version: 1', headers: { 'content-type': 'text/yaml' } })
  await diff('a comparison by the public', {}, '', { token: null, keep: undefined })

  api.proves('writing: diff')
  const upload = (label: string, text: string, type: string) =>
    api.call('POST', '/schema/diff', {
      label,
      text: `--limit\r\nContent-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: ${type}\r\n\r\n${text}\r\n--limit--\r\n`,
      headers: { 'content-type': 'multipart/form-data; boundary=limit' },
      keep: keepDiff,
    })
  const yaml = (await api.get('/schema/snapshot?export=yaml', { setup: true })).body
  await upload('YAML', yaml, 'text/yaml')
  await upload('JSON', JSON.stringify(await model(api)), 'application/json')
  await upload('YAML that differs', yaml.replace('translation: Eins', 'translation: Zwei'), 'text/yaml')
  await upload('broken YAML', 'a: [1', 'text/yaml')
  await upload('broken JSON', '{', 'application/json')
  await upload('a word', 'word', 'text/yaml')
  await api.call('POST', '/schema/diff', {
    label: 'a form without a file',
    text: '--limit\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--limit--\r\n',
    headers: { 'content-type': 'multipart/form-data; boundary=limit' },
  })
  await api.call('POST', '/schema/diff', {
    label: 'a broken form',
    text: 'nonsense',
    headers: { 'content-type': 'multipart/form-data; boundary=limit' },
  })
  await api.call('POST', '/schema/diff', {
    label: 'a form without boundary',
    text: 'nonsense',
    headers: { 'content-type': 'multipart/form-data' },
  })

  api.proves('writing: apply')
  const wanted = await model(api)
  grown(wanted)
  find(wanted.collections, 's_ones').meta.note = 'applied'
  find(wanted.collections, 's_ones').meta.translations.push({ language: 'fr-FR', translation: 'Un' })
  find(wanted.fields, 'name').schema.max_length = 99
  find(wanted.fields, 'name').meta.options = { b: { c: 1 } }
  find(wanted.fields, 'doc').schema.default_value = null
  find(wanted.relations, 'one').schema.on_delete = 'CASCADE'
  wanted.fields = wanted.fields.filter((one: Json) => one.field !== 'tags')
  const found = (await api.call('POST', '/schema/diff', { setup: true, body: wanted })).data
  const apply = (label: string, body: Json, query = '', options: CallOptions = {}) =>
    api.post(`/schema/apply${query}`, body, { label, ...options })
  await apply('another hash', { ...found, hash: 'x' })
  await apply('no hash', { diff: found.diff })
  await apply('no diff', { hash: found.hash })
  await apply('an unknown member of an application', { ...found, nonsense: 1 })
  await apply('no relations in it', { hash: found.hash, diff: { ...found.diff, relations: undefined } })
  await apply('an unknown kind', {
    hash: found.hash,
    diff: { ...found.diff, collections: [{ collection: 's_ones', diff: [{ kind: 'X' }] }] },
  })
  await apply('nothing to apply', {})
  await apply('an application by the public', found, '', { token: null })
  await apply('the application', found)
  api.owns('s_fresh')
  await api.get('/schema/snapshot', { label: 'the model afterwards', keep: keepModel })
  await diff('nothing is left to do', wanted)
  await apply('a second time', found)
  await api.post(
    '/items/s_ones',
    { name: 'one' },
    { label: 'an item', keep: (body: Json) => [body.data.id, body.data.name, body.data.doc] },
  )
  await api.post('/items/s_fresh', { one: 1 }, { label: 'an item that refers to it' })
  await api.delete('/items/s_ones/1', { label: 'removed' })
  await api.get('/items/s_fresh', { label: 'what is left of it' })

  api.proves('writing: apply')
  await apply('an empty diff', { hash: 'x', diff: { collections: [], fields: [], systemFields: [], relations: [] } }, '?force=true')
  const made = { kind: 'N', rhs: fresh.collections[0] }
  const only = (part: object) => ({ hash: 'x', diff: { collections: [], fields: [], systemFields: [], relations: [], ...part } })
  await apply('makes what exists', only({ collections: [{ collection: 's_fresh', diff: [made] }] }), '?force=true')
  await apply(
    'removes what does not exist',
    only({ collections: [{ collection: 's_missing', diff: [{ kind: 'D', lhs: fresh.collections[0] }] }] }),
    '?force=true',
  )
  await api.call('DELETE', '/items/s_fresh', { setup: true, body: { query: { limit: -1 } } })
  await apply(
    'back',
    (
      await api.call('POST', '/schema/diff', {
        setup: true,
        body: (({ collections, ...rest }) => ({
          ...rest,
          collections: collections.filter((one: Json) => one.collection !== 's_fresh'),
          fields: rest.fields.filter((one: Json) => one.collection !== 's_fresh'),
          relations: rest.relations.filter((one: Json) => one.collection !== 's_fresh'),
        }))(await model(api)),
      })
    ).data,
  )
  await api.get('/collections/s_fresh', { label: 'it is gone' })
}

export default scenario
