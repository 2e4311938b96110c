/** What activity and revisions tell of changes of the model. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  let last = (await api.get('/activity?sort=-id&limit=1&fields=id', { setup: true })).data[0]?.id ?? 0
  /** What was told since it was asked the last time; rows of one request may be told in any order. */
  const told = async (label: string) => {
    const fields = 'id,action,collection,item,revisions.data,revisions.delta'
    const filter = JSON.stringify({ id: { _gt: last }, collection: { _starts_with: 'directus_' } })
    const keep = (body: Json) =>
      body.data
        .map(({ id: _, item, revisions, ...rest }: Json) => ({
          ...rest,
          item: /^\d+$/.test(item) ? 'a number' : item,
          revisions: revisions.map(({ data, delta }: Json) =>
            rest.action === 'update' ? { data: data.field ?? data.collection, delta } : { data, delta },
          ),
        }))
        .sort((a: Json, b: Json) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    const { body } = await api.get(`/activity?filter=${filter}&sort=id&limit=-1&fields=${fields}`, { label, keep })
    last = body.data.at(-1)?.id ?? last
  }
  const send = async (method: string, path: string, body?: unknown) => {
    await api.call(method, path, { setup: true, ...(body !== undefined && { body }) })
    await told(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body).slice(0, 60)}`)
  }
  api.owns('c_told')
  api.owns('c_told_folder')
  await api.table('c_told_of', [autoKey()])
  await told('before')

  api.proves('writing: revision-data')
  const fields = [autoKey(), field('title', 'string', { meta: { note: 'x' } }), { field: 'plain', type: 'string', schema: {} }]
  await send('POST', '/collections', { collection: 'c_told', schema: {}, meta: { note: 'n' }, fields })
  await send('POST', '/collections', { collection: 'c_told_folder', schema: null, meta: { icon: 'folder' } })
  await send('PATCH', '/collections/c_told', { meta: { note: 'changed' } })
  await send('PATCH', '/collections', [
    { collection: 'c_told', meta: { sort: 2 } },
    { collection: 'c_told_folder', meta: { sort: 1 } },
  ])
  await send('POST', '/fields/c_told', { field: 'f', type: 'integer', schema: {}, meta: { note: 'f' } })
  await send('POST', '/fields/c_told', { field: 'g', type: 'integer', schema: {} })
  await send('PATCH', '/fields/c_told/f', { meta: { note: 'ff' } })
  await send('PATCH', '/fields/c_told/f', { schema: { default_value: 4 } })
  await send('PATCH', '/fields/c_told', [
    { field: 'f', meta: { sort: 3 } },
    { field: 'title', meta: { sort: 4 } },
  ])
  await send('PATCH', '/fields/c_told/plain', { meta: { note: 'z' } })
  await send('POST', '/relations', { collection: 'c_told', field: 'f', related_collection: 'c_told_of', meta: { one_field: null } })
  await send('PATCH', '/relations/c_told/f', { meta: { one_deselect_action: 'delete' } })
  await send('PATCH', '/relations/c_told/f', { schema: { on_delete: 'CASCADE' } })
  await send('DELETE', '/relations/c_told/f')
  await send('DELETE', '/fields/c_told/g')
  await send('DELETE', '/fields/c_told/f')
  await send('PATCH', '/collections/c_told', { meta: { group: 'c_told_folder', sort_field: 'plain' } })
  await send('DELETE', '/fields/c_told/plain')
  await send('DELETE', '/collections/c_told_folder')
  await send('DELETE', '/collections/c_told')
}

export default scenario
