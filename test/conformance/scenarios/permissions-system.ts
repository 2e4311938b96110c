/** Rules about what tells of items, and what comes with app access: comments, presets, and values that a column rounds. */
import { autoKey, field } from '../fields.ts'
import { give, person, policy } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('c_told', [
    autoKey(),
    field('title', 'string'),
    field('price', 'decimal', { schema: { numeric_precision: 5, numeric_scale: 1 } }),
  ])
  await api.table('c_untold', [autoKey(), field('title', 'string')])
  await api.seed('c_told', [{ title: 'mine' }, { title: 'theirs' }])
  await api.seed('c_untold', [{ title: 'secret' }])
  const comment = (collection: string, item: string, text: string) =>
    api.post('/comments', { collection, item, comment: text }, { setup: true })
  await comment('c_told', '1', 'of mine')
  await comment('c_told', '2', 'of theirs')
  await comment('c_untold', '1', 'of a secret')
  const some = { collection: 'c_told', permissions: { title: { _eq: 'mine' } } }
  const critic = await person(api, 'critic', [{ collection: 'directus_comments' }, some])
  const reader = await person(api, 'reader', [{ collection: 'directus_comments' }, { collection: 'c_told', fields: ['id'] }])
  const deaf = await person(api, 'deaf', [{ collection: 'directus_comments' }])

  api.proves('permissions: history')
  const comments = '/comments?fields=comment,collection&sort=comment'
  for (const who of [critic, reader, deaf]) {
    await who.get(comments)
    await who.get('/comments?aggregate[count]=*')
    await who.get(`${comments}&filter[comment][_contains]=secret`)
  }

  api.proves('permissions: validation')
  const writer = await person(api, 'writer', [
    { collection: 'c_told', action: 'create', validation: { price: { _lt: 10 } } },
    { collection: 'c_told' },
  ])
  for (const price of ['9.94', '9.95', 9.99, 10]) await writer.post('/items/c_told?fields=price', { price })

  api.proves('access: rule-validation')
  const app = await policy(api, 'app', [], { app_access: true })
  const worker = await person(api, 'worker')
  await give(api, { user: worker.id }, app)
  const bookmark = { collection: 'c_told', layout: 'tabular' }
  await worker.post('/presets?fields=bookmark,user', { ...bookmark, bookmark: 'of nobody' })
  await worker.post('/presets?fields=bookmark,user', { ...bookmark, bookmark: 'of null', user: null })
  await worker.post(
    '/presets?fields=bookmark',
    { ...bookmark, bookmark: 'of another', user: critic.id },
    { label: 'POST /presets of another' },
  )
  const own = await worker.post(
    '/presets?fields=id,bookmark',
    { ...bookmark, bookmark: 'mine', user: worker.id },
    { label: 'POST /presets of mine' },
  )
  await worker.patch(`/presets/${own.data?.id}`, { user: null }, { label: 'PATCH /presets of mine to nobody' })
  await worker.patch(`/presets/${own.data?.id}`, { bookmark: 'still mine' }, { label: 'PATCH /presets of mine' })
  await worker.get('/presets?fields=bookmark&sort=bookmark')
}

export default scenario
