/** Items in the place of the key that a many-to-one field takes. */
import { nestedTables } from '../nested.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const { authors, books } = await nestedTables(api, 'w_one')
  const path = `/items/${books}`
  const fields = '?fields=id,title,author.id,author.name,author.country.*'
  const post = (body: unknown) => api.post(path + fields, body, { label: `POST ${JSON.stringify(body)}` })
  const patch = (where: string, body: unknown) =>
    api.patch(path + where + fields, body, { label: `PATCH ${where} ${JSON.stringify(body)}` })
  const all = (label: string) => api.get(`/items/${authors}?fields=id,name,country&sort=id`, { label })

  api.proves('writing: m2o')
  await post({ title: 'a', author: { name: 'A' } })
  await post({ title: 'b', author: { id: 1, name: 'A1' } })
  await post({ title: 'c', author: { id: 50, name: 'A50' } })
  await post({ title: 'd', author: { id: '1' } })
  await post({ title: 'e', author: 50 })
  await patch('/1', { author: { name: 'new' } })
  await patch('/1', { author: { id: 1, name: 'A2' } })
  await patch('/1', { title: 'both', author: { id: 50, name: 'A51' } })
  await patch('/1', { author: null })
  await patch('', { keys: [1, 2], data: { author: { name: 'of both' } } })
  await patch('', [
    { id: 1, author: { id: 1, name: 'first' } },
    { id: 2, author: { id: 1, name: 'second' } },
  ])
  await all('authors')

  api.proves('writing: nested-depth')
  await post({ title: 'f', author: { name: 'x', country: { code: 'NO', name: 'Norway' } } })
  await post({ title: 'g', author: { name: 'x', country: { code: 'NO', continent: 'Europe' } } })
  await post([
    { title: 'h', author: { name: 'x', country: { code: 'SE', name: '1' } } },
    { title: 'i', author: { name: 'y', country: { code: 'SE', name: '2' } } },
  ])
  await post({ title: 'j', author: { name: 'z', mentor: { name: 'zz', mentor: { name: 'zzz', country: 'NO' } } } })
  await all('authors and mentors')

  api.proves('writing: nested-errors', 'writing: m2o')
  await post({ title: 'k', author: { id: 77 } })
  await post({ title: 'k', author: {} })
  await post({ title: 'k', author: [] })
  await post({ title: 'k', author: { name: null } })
  await post({ title: 'k', author: { id: null, name: 'x' } })
  await post({ title: 'k', author: { id: 'abc', name: 'x' } })
  await post({ title: 'k', author: 'abc' })
  await post({ title: 'k', author: 99 })
  await post({ title: 'k', author: { name: 'x', country: { code: null } } })
  await post({ title: 'x'.repeat(30), author: { name: 'x', country: { name: 'x' } } })
  await post({ title: 'x'.repeat(30), author: { name: 'kept back' } })
  await post({ title: 'k', author: { name: 'x'.repeat(256) } })
  await post({ title: 'k', author: { name: 'x', country: 'nowhere' } })
  await post([
    { title: 'k', author: { name: 'kept back' } },
    { title: 'k', author: { country: 'NO' } },
  ])
  await patch('/1', { author: { name: null } })
  await all('nothing was kept')
  await api.get(`${path}?fields=title,author&sort=id`, { label: 'no book was kept' })
}

export default scenario
