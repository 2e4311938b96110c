/** Mail: letters that other plugins post. The one transport so far writes them into DATA_DIR/mail. */
import { definePlugin, env } from 'plinth'
import { healthChecks } from 'plinth/server'
import * as v from 'valibot'
import { type Letter, type Mail, mail } from './api.ts'
import { toMessage } from './message.ts'

const Options = v.object({
  EMAIL_FROM: env.text('no-reply@example.com'),
  EMAIL_TRANSPORT: env.oneOf(['file'], 'file'),
})

export const mailPlugin = definePlugin({
  name: 'mail',
  gives: mail,
  options: Options,
  setup(host, { EMAIL_FROM: from }): Mail {
    const folder = `${host.config.dataDir}/mail`
    const underWay = new Set<Promise<void>>()

    async function send(letter: Letter): Promise<void> {
      const date = new Date()
      const { writeLetter } = await import('./files.node.ts')
      await writeLetter(folder, date, toMessage(letter, { from, id: `${crypto.randomUUID()}@plinth`, date }))
    }

    host.hook(healthChecks, async function checkMail({ checks }, next) {
      const run = async () => (await import('./files.node.ts')).checkFolder(folder)
      checks.push({ name: 'email:connection', componentType: 'email', observes: 'nothing', run })
      await next()
    })
    host.onClose(async () => void (await Promise.all(underWay)))
    return {
      post(letter) {
        // Neither who nor what: letters hold secrets.
        const sending = send(letter).catch((error) => host.log.error('a letter could not be sent', { error }))
        underWay.add(sending)
        void sending.finally(() => underWay.delete(sending))
      },
    }
  },
})
