/** Notifications: what somebody should know, at /notifications until they archive it. */
import { definePlugin, type TableSpec } from 'plinth'
import { items } from 'plinth/items'
import { sendNotices } from './letters.ts'
import { tellMentioned } from './mentions.ts'

const table: TableSpec = {
  name: 'directus_notifications',
  system: true,
  columns: {
    id: 'serial not null',
    timestamp: { sql: 'timestamptz default current_timestamp', special: ['date-created', 'cast-timestamp'] },
    status: "varchar(255) default 'inbox'",
    recipient: { sql: 'uuid not null', references: 'directus_users(id) on delete cascade' },
    sender: { sql: 'uuid', references: 'directus_users(id)' },
    subject: 'varchar(255) not null',
    message: 'text',
    collection: 'varchar(64)',
    item: 'varchar(255)',
  },
  primaryKey: 'id',
  indexes: [['recipient'], ['sender']],
  relations: [
    { field: 'recipient', related: 'directus_users' },
    { field: 'sender', related: 'directus_users' },
  ],
}

export const notifications = definePlugin({
  name: 'notifications',
  needs: [items],
  after: ['access', 'mail', 'settings'],
  tables: [table],
  setup(host) {
    const engine = host.use(items)
    engine.crud(host.routes('/notifications'), table.name)
    tellMentioned(host, engine)
    sendNotices(host, engine)
  },
})
