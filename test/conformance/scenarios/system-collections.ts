/** Presets, notifications, translations, dashboards, panels, flows, operations: what is kept for apps. */
import { as, person } from '../people.ts'
import type { Json, Scenario } from '../runner.ts'

const ids = {
  de: 'aaaaaaaa-0000-4000-8000-0000000000d1',
  fr: 'aaaaaaaa-0000-4000-8000-0000000000d2',
  flow: 'aaaaaaaa-0000-4000-8000-0000000000f1',
  board: 'aaaaaaaa-0000-4000-8000-0000000000b1',
}

const scenario: Scenario = async (api) => {
  const me = (await api.get('/users/me?fields=id', { setup: true })).data.id
  const names = ['presets', 'notifications', 'translations', 'panels', 'dashboards', 'operations', 'flows']
  const clean = async () => {
    for (const name of names) await api.call('DELETE', `/${name}`, { setup: true, body: { query: { limit: -1 } } })
  }
  await clean()

  api.proves('issue: translations, one a language and key')
  await api.post('/translations', { id: ids.de, language: 'de-DE', key: 'hello', value: 'Hallo' })
  await api.get('/translations')
  await api.get(`/translations/${ids.de}?fields=language,value`)
  await api.patch(`/translations/${ids.de}`, { value: 'Guten Tag' }, { label: 'another value' })
  await api.post('/translations?fields=key', [{ id: ids.fr, language: 'fr-FR', key: 'hello', value: 'Bonjour' }], {
    label: 'another language',
  })
  api.proves('system: translations')
  await api.post('/translations', { language: 'de-DE', key: 'hello', value: 'Hi' }, { label: 'the same pair' })
  await api.post(
    '/translations',
    [
      { language: 'it-IT', key: 'bye', value: 'ciao' },
      { language: 'it-IT', key: 'bye', value: 'addio' },
    ],
    { label: 'the same pair twice in one request' },
  )
  await api.patch('/translations', { keys: [ids.de], data: { language: 'fr-FR' } }, { label: 'a change to a pair that stands' })
  await api.get('/translations?fields=language,key,value&sort=language', { label: 'what stands' })
  api.proves('system: required')
  await api.post('/translations', { language: 'de-DE', key: 'x' }, { label: 'a translation without value' })
  await api.post('/notifications', {}, { label: 'an empty notification' })
  await api.post('/panels', { name: 'P' }, { label: 'a panel with a name alone' })
  await api.post('/dashboards', {}, { label: 'an empty dashboard' })
  await api.post('/flows', {}, { label: 'an empty flow' })
  await api.post('/operations', { name: 'x' }, { label: 'an operation with a name alone' })
  await api.post('/presets?fields=user,role,collection,bookmark,layout,icon,filter', {}, { label: 'an empty preset' })

  api.proves('issue: dashboards with their panels')
  await api.post('/dashboards?fields=*,panels.*', {
    id: ids.board,
    name: 'Sales',
    panels: [
      { id: 'aaaaaaaa-0000-4000-8000-0000000000b2', type: 'label', position_x: 1, position_y: 1, width: 4, height: 4, options: { a: [1] } },
    ],
  })
  await api.get('/panels?fields=*,dashboard.name')
  await api.patch(`/dashboards/${ids.board}?fields=name,panels`, { panels: [] }, { label: 'its panels taken away' })
  await api.delete(`/dashboards/${ids.board}`)
  await api.get('/panels', { label: 'what is left of the panels' })

  api.proves('issue: flows with their operations')
  await api.post('/flows?fields=*,operations.*', { id: ids.flow, name: 'F', trigger: 'manual', options: { collections: ['x'] } })
  await api.post('/operations?fields=key,flow.name,resolve', {
    id: 'aaaaaaaa-0000-4000-8000-0000000000f2',
    flow: ids.flow,
    key: 'log',
    type: 'log',
    position_x: 1,
    position_y: 1,
    options: { message: 'x' },
  })
  await api.patch(`/flows/${ids.flow}?fields=operation,operations`, { operation: 'aaaaaaaa-0000-4000-8000-0000000000f2' })
  await api.post('/operations', { flow: ids.flow, key: 'log' }, { label: 'an operation that lacks much' })
  await api.get('/flows?fields=name,status,operations.key')
  await api.delete(`/flows/${ids.flow}`)
  await api.get('/operations', { label: 'what is left of the operations' })

  api.proves('issue: notifications of a user')
  const ann = await person(api, 'ann')
  await api.post('/notifications?fields=status,recipient,sender,subject,message', {
    recipient: ann.id,
    sender: me,
    subject: 'Hi',
    message: 'There',
  })
  await api.get('/notifications?fields=*', { keep: ({ data }) => data.map((row: Json) => ({ ...row, id: '<id>' })) })
  await api.post('/notifications', { recipient: 'aaaaaaaa-0000-4000-8000-00000000000f', subject: 'x' }, { label: 'to nobody' })

  const app = (await api.post('/policies', { name: 'App', app_access: true }, { setup: true })).data.id
  const tie = (await api.post('/access', { policy: app, user: ann.id }, { setup: true })).data.id
  const [mine] = (await api.get('/notifications?fields=id', { setup: true })).data
  const [others] = (await api.post('/notifications?fields=id', [{ recipient: me, subject: 'To me' }], { setup: true })).data
  api.proves('system: app-users')
  await ann.get('/notifications?fields=subject,status')
  await ann.patch(`/notifications/${mine.id}?fields=status`, { status: 'archived' }, { label: 'archives' })
  await ann.patch(`/notifications/${mine.id}`, { subject: 'x' }, { label: 'rewrites' })
  await ann.patch(`/notifications/${others.id}`, { status: 'archived' }, { label: "archives another's" })
  await ann.delete(`/notifications/${mine.id}`, { label: 'deletes' })
  await ann.post('/notifications', { recipient: ann.id, subject: 'x' }, { label: 'creates' })
  await ann.post('/presets', { user: me, collection: 'x' }, { label: "another's preset" })
  await ann.post(
    '/presets?fields=user,collection,layout,layout_query',
    { user: ann.id, collection: 'x', layout_query: { a: 1 } },
    { label: 'a preset' },
  )
  await ann.post('/presets?fields=collection', { collection: 'x' }, { label: "nobody's preset" })
  await api.post('/presets?fields=user,role,collection', [{ collection: 'all' }, { collection: 'mine', user: me }], {
    label: 'presets of the administrator',
  })
  await ann.get('/presets?fields=collection,user&sort=collection')
  api.proves('system: app-users')
  for (const name of ['dashboards', 'panels', 'flows', 'operations', 'translations']) await ann.get(`/${name}`, { label: name })
  await ann.post('/translations', { language: 'x', key: 'x', value: 'x' }, { label: 'writes a translation' })
  const nobody = as(api, 'nobody', null)
  for (const name of names) await nobody.get(`/${name}`)

  await api.call('DELETE', `/access/${tie}`, { setup: true })
  await api.call('DELETE', `/policies/${app}`, { setup: true })
  await clean()
}

export default scenario
