/** Comments on items, and going back to what a revision holds. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const missing = 'aaaaaaaa-0000-4000-8000-000000000001'

const scenario: Scenario = async (api) => {
  await api.table('c_comment_items', [autoKey(), field('title', 'string')])
  await api.seed('c_comment_items', [{ title: 'one' }, { title: 'two' }])
  const about = { collection: 'c_comment_items', item: '1' }
  const post = (body: unknown, query = '') => api.post(`/comments${query}`, body, { label: `POST ${query} ${JSON.stringify(body)}` })

  api.proves('writing: comments')
  const { id } = (await post({ ...about, comment: 'hello' })).data
  await post({ collection: 'c_comment_items', item: 1, comment: 'of a number' })
  await post({ ...about, comment: 'a name that there is not', nothing: 1 })
  await post({ ...about, comment: 'some fields' }, '?fields=comment,item')
  await post(
    [
      { ...about, comment: 'l1' },
      { ...about, comment: 'l2' },
    ],
    '?fields=comment&sort=comment',
  )
  await api.get(`/comments/${id}`, { label: 'by key' })
  await api.get('/comments?filter[collection]=c_comment_items&fields=comment,item,user_created.email&sort=comment')
  await api.search('/comments', { query: { filter: { comment: { _eq: 'hello' } }, fields: ['comment'] } })
  await api.patch(`/comments/${id}`, { comment: 'bye' }, { label: 'changed' })
  await api.patch('/comments', { keys: [id], data: { comment: 'again' } }, { label: 'changed by keys' })
  await api.patch(`/comments/${id}`, { comment: null }, { label: 'changed to nothing' })
  await api.patch(`/comments/${missing}`, { comment: 'x' }, { label: 'one that is not there, changed' })
  await api.patch('/comments/abc', { comment: 'x' })
  await api.get('/comments/abc')

  api.proves('writing: comments')
  for (const body of [{ ...about }, { ...about, comment: '' }, { ...about, comment: null }, { item: '1', comment: 'x' }, {}])
    await post(body)
  await post({ collection: 'c_comment_items', comment: 'x' })
  await post({ ...about, comment: 5 })
  await post({ ...about, collection: 'c_nothing', comment: 'x' })

  api.proves('writing: comments', 'writing: outlive')
  await post({ ...about, item: '999', comment: 'of nothing' })
  await api.delete('/items/c_comment_items/1', { setup: true })
  await api.get('/comments?filter[collection]=c_comment_items&filter[item]=1&filter[comment][_neq]=5&fields=comment&sort=comment', {
    label: 'of an item that is gone',
  })
  await api.delete(`/comments/${id}`, { label: 'deleted' })
  await api.delete(`/comments/${id}`, { label: 'deleted twice' })
  await api.delete('/comments', { body: { query: { filter: { comment: 'l1' } } }, label: 'deleted by query' })

  api.proves('writing: comments')
  const me = (await api.get('/users/me?fields=id', { setup: true })).data.id
  const rightless = await api.user({ email: 'mentioned@example.com' })
  const notified = async (label: string) => {
    const path = '/notifications?filter[collection]=c_comment_items'
    await api.get(`${path}&fields=recipient.email,sender.email,status,collection,item&sort=id`, { label })
    const { data } = await api.get(`${path}&fields=id`, { setup: true })
    if (data.length) await api.delete('/notifications', { body: data.map((row: { id: number }) => row.id), setup: true })
  }
  const mention = async (label: string, comment: string, item = '2') => {
    const { data } = await api.post('/comments?fields=item', { collection: 'c_comment_items', item, comment }, { label })
    await notified(`${label}: who is told`)
    return data
  }
  await mention('nobody named', 'an address@example.com, an @name')
  await mention('one who may read it', `hello @${me}`)
  await mention('one named twice', `@${me}, yes you, @${me}`)
  await mention('one who may not read it', `hello @${rightless}`)
  await mention('one of two', `@${rightless} @${me}`)
  await mention('on what is not there', `@${me}`, '999')
  await api.post(
    '/comments?fields=item',
    { collection: 'c_comment_items', item: '2', comment: `@${missing}` },
    { label: 'somebody who is not there' },
  )
  await notified('somebody who is not there: nobody is told')
  await api.post(
    '/comments?fields=item',
    [`@${me} 1`, `@${me} 2`].map((comment) => ({ collection: 'c_comment_items', item: '2', comment })),
    { label: 'two comments' },
  )
  await notified('two comments: told twice')
  const { id: edited } = (await api.post('/comments', { collection: 'c_comment_items', item: '2', comment: 'x' }, { setup: true })).data
  await api.patch(`/comments/${edited}?fields=comment`, { comment: 'y' }, { label: 'changed to no name' })
  await api.patch(`/comments/${edited}?fields=item`, { comment: `@${me}` }, { label: 'names added later' })
  await notified('names added later: nobody is told')

  api.proves('writing: comments', 'writing: history-access')
  await api.user({ email: 'silent@example.com', token: 'comment-nobody' })
  for (const token of ['comment-nobody', null]) {
    await api.get('/comments', { token, label: `read as ${token}` })
    await api.post('/comments', { ...about, comment: 'x' }, { token, label: `made as ${token}` })
    await api.post('/utils/revert/1', {}, { token, label: `revert as ${token}` })
  }

  api.proves('writing: revert')
  const path = '/items/c_comment_items/2'
  await api.patch(path, { title: 'two b' }, { setup: true })
  await api.patch(path, { title: 'two c' }, { setup: true })
  const revisions = (await api.get('/revisions?filter[collection]=c_comment_items&filter[item]=2&sort=id&fields=id', { setup: true })).data
  for (const [i, why] of ['what it was made with', 'an update', 'the last update'].entries()) {
    await api.post(`/utils/revert/${revisions[i].id}`, undefined, { label: `revert to ${why}` })
    await api.get(path, { label: `after the revert to ${why}` })
  }
  await api.get('/revisions?filter[collection]=c_comment_items&filter[item]=2&sort=id&fields=data,delta,activity.action', {
    label: 'reverts are told',
  })
  await api.delete(path, { setup: true })
  await api.post(`/utils/revert/${revisions[1].id}`, undefined, { label: 'revert of a deleted item' })
  await api.get(path, { label: 'after the revert of a deleted item' })
  await api.post('/items/c_comment_items', {}, { setup: true })
  const [{ id: empty }] = (await api.get('/revisions?filter[collection]=c_comment_items&filter[item]=3&fields=id', { setup: true })).data
  await api.post(`/utils/revert/${empty}`, undefined, { label: 'revert to nothing' })
  await api.post('/utils/revert/99999999', undefined)
  await api.post('/utils/revert/abc', undefined)
  await api.get('/utils/revert/1')
}

export default scenario
