/** Doctor: subcommands that tell how an installation is, and what is in it. */
import { definePlugin, type PluginReport } from 'plinth'

export const doctor = definePlugin({
  name: 'doctor',
  commands: {
    doctor: {
      summary: 'check runtime, settings, database and port',
      details: 'Prints one line a check, each fault with what to do about it. Exit code 1 if anything would stop the start.',
      run: async (_, program) => (await import('./doctor.node.ts')).doctor(program),
    },
    boot: {
      summary: 'print plugins in order, with their routes, hooks, tables and commands',
      details: 'Boots as "start" does, and exits before listening.',
      async run(_, program) {
        const { plugins, registry } = await program.boot()
        console.log([...plugins.map(describePlugin), ...registry.snapshot.warnings.map((line) => `! ${line}`)].join('\n'))
      },
    },
  },
  setup() {},
})

function describePlugin({ name, ...parts }: PluginReport, index: number): string {
  const lines = Object.entries(parts).flatMap(([part, list]) =>
    list.length ? [`   ${part}`, ...list.map((entry) => `     ${entry}`)] : [],
  )
  return [`${index + 1}. ${name}`, ...lines].join('\n')
}
