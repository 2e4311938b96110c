/** Letters to those who are notified of something. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { definePlugin } from 'plinth'
import { type Letter, mail } from 'plinth/mail'
import { startKernel, type TestHost } from '../../host.ts'

const posted: Letter[] = []
const collect = definePlugin({ name: 'mail', gives: mail, setup: () => ({ post: (letter: Letter) => void posted.push(letter) }) })

let host: TestHost
before(async () => {
  host = await startKernel({ change: ['-mail'], plugins: [collect] })
})
after(() => host.close())

test('a notification goes by letter to who wants that and may sign in', async () => {
  const people: readonly [name: string, user: object][] = [
    ['ada', { email: 'ada@example.com' }],
    ['bob', { email: 'bob@example.com', email_notifications: false }],
    ['eve', { email: 'eve@example.com', status: 'suspended' }],
    ['bot', {}],
  ]
  const users = people.map(([first_name, user]) => ({ first_name, status: 'active', ...user }))
  const { data } = await host.api('POST', '/users', { body: users })
  const body = data.map(({ id: recipient, first_name }: any) => ({ recipient, subject: `To ${first_name}`, message: 'It is\n\ndone.' }))
  assert.equal((await host.api('POST', '/notifications', { body })).status, 200)
  assert.deepEqual(posted.splice(0), [{ to: 'ada@example.com', subject: 'To ada', text: 'It is\n\ndone.\n\n--\nPlinth\n' }])

  const ada = data.find(({ first_name }: any) => first_name === 'ada').id
  await host.api('POST', '/notifications', { body: { recipient: ada, subject: 'Short' } })
  const { data: kept } = await host.api('GET', '/notifications?filter[subject]=Short&fields=id')
  await host.api('PATCH', `/notifications/${kept[0].id}`, { body: { status: 'archived' } })
  assert.deepEqual(
    posted.splice(0).map(({ text }) => text),
    ['Short\n\n--\nPlinth\n'],
  )
})

test('whoever a comment names gets a letter', async () => {
  const { data: me } = await host.api('GET', '/users/me?fields=id')
  await host.api('POST', '/comments', { body: { collection: 'directus_users', item: me.id, comment: `@${me.id} look` } })
  assert.deepEqual(
    posted.splice(0).map(({ to, subject }) => [to, subject]),
    [['admin@example.com', 'A comment on directus_users names you']],
  )
})
