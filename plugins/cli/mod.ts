/** The subcommands that run an installation. */
import { definePlugin } from 'plinth'

export const cli = definePlugin({
  name: 'cli',
  commands: {
    start: {
      summary: 'serve the API until told to stop',
      details:
        'Listens on HOST (127.0.0.1) and PORT (8055), with the data in DATABASE_URL or, without one, in the folder DATA_DIR (./data).',
      run: async (_, program) => (await import('./start.node.ts')).start(program),
    },
    bootstrap: {
      summary: 'create what is missing in the database and the first admin, then exit',
      details:
        'May be run again at any time: what is there stays as it is. ADMIN_EMAIL, ADMIN_PASSWORD and ADMIN_TOKEN name the first admin.',
      async run(_, program) {
        const { config } = await program.boot()
        console.log(`Ready: ${config.data}`)
      },
    },
    version: {
      summary: 'print the version',
      async run(_, { version, runtime }) {
        console.log(`plinth ${version} (${runtime.name} ${runtime.version})`)
      },
    },
  },
  setup() {},
})
