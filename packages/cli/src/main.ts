/** The entry of the `quorate` command: finds the command and loads only its module, since a server's start must be quick. */

/** What every `<name>-command.ts` exports. */
interface CommandModule {
  /** @returns the exit code */
  run(args: readonly string[]): Promise<number>
}

interface Command {
  readonly summary: string
  load(): Promise<CommandModule>
}

const commands: Readonly<Record<string, Command>> = {
  server: { summary: 'run a server', load: () => import('./server-command.ts') },
  ensemble: {
    summary: 'run several servers on this machine as one ensemble',
    load: () => import('./ensemble-command.ts'),
  },
  shell: {
    summary: 'talk to a server, interactively or in scripts',
    load: () => import('./shell-command.ts'),
  },
  bench: { summary: 'measure a running server', load: () => import('./bench-command.ts') },
  log: { summary: 'show, check and cut log files', load: () => import('./log-command.ts') },
  snapshot: {
    summary: 'show, check and sum up snapshot files',
    load: () => import('./snapshot-command.ts'),
  },
  recover: {
    summary: 'go on with the survivors after the loss of a majority',
    load: () => import('./recover-command.ts'),
  },
  simulate: {
    summary: 'run the server in a simulated world with faults',
    load: () => import('./simulate-command.ts'),
  },
}

function usage(): string {
  const rows = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(10)}${summary}\n`,
  )
  return `usage: quorate COMMAND [options]\n\ncommands\n${rows.join('')}\n"quorate COMMAND --help" says more.\n`
}

async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage())
    return 0
  }
  if (name === '--version' || name === '-V' || name === 'version') {
    const { packageVersion } = await import('@quorate/server')
    process.stdout.write(`${packageVersion}\n`)
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    const found = name === '' ? 'no command was given' : `there is no command "${name}"`
    process.stderr.write(`quorate: ${found}\n\n${usage()}`)
    return 2
  }
  const loaded = await command.load()
  return loaded.run(rest)
}

process.exitCode = await main(process.argv.slice(2))
