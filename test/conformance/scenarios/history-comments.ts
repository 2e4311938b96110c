/** Comments on items, and going back to what a revision holds. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const missing = 'aaaaaaaa-0000-4000-8000-000000000001'

const scenario: Scenario = async (api) => {
  await api.table('c_comment_items', [autoKey(), field('title', 'string')])
  await api.seed('c_comment_items', [{ title: 'one' }, { title: 'two' }])
  const about = { collection: 'c_comment_items', item: '1' }
  const post = (body: unknown, query = '') => api.post(`/comments${query}`, body, { label: `POST ${query} ${JSON.stringify(body)}` })

  api.proves('history: comments are made, read, changed and deleted')
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

  api.proves('history: a comment needs text, collection and item')
  for (const body of [{ ...about }, { ...about, comment: '' }, { ...about, comment: null }, { item: '1', comment: 'x' }, {}])
    await post(body)
  await post({ collection: 'c_comment_items', comment: 'x' })
  await post({ ...about, comment: 5 })
  await post({ ...about, collection: 'c_nothing', comment: 'x' })

  api.proves('history: Comments on unknown items are accepted for admins; comments outlive their item')
  await post({ ...about, item: '999', comment: 'of nothing' })
  await api.delete('/items/c_comment_items/1', { setup: true })
  await api.get('/comments?filter[collection]=c_comment_items&filter[item]=1&filter[comment][_neq]=5&fields=comment&sort=comment', {
    label: 'of an item that is gone',
  })
  await api.delete(`/comments/${id}`, { label: 'deleted' })
  await api.delete(`/comments/${id}`, { label: 'deleted twice' })
  await api.delete('/comments', { body: { query: { filter: { comment: 'l1' } } }, label: 'deleted by query' })

  api.proves('history: comments need rights')
  await api.user({ email: 'silent@example.com', token: 'comment-nobody' })
  for (const token of ['comment-nobody', null]) {
    await api.get('/comments', { token, label: `read as ${token}` })
    await api.post('/comments', { ...about, comment: 'x' }, { token, label: `made as ${token}` })
    await api.post('/utils/revert/1', {}, { token, label: `revert as ${token}` })
  }

  api.proves('history: Revert writes `data`; on a deleted item it gives 204 and nothing')
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
