/** `quorate ensemble`: runs several servers on this machine, each its own process, as one ensemble. */
import { EnsembleError } from './ensemble/ensemble-error.ts'
import { EnsembleFolder } from './ensemble/ensemble-folder.ts'
import { type EnsembleOptions, parseEnsembleArguments } from './ensemble/ensemble-options.ts'
import { choosePlan } from './ensemble/plan-choice.ts'
import { Supervisor } from './ensemble/supervisor.ts'

const usage = `usage: quorate ensemble [options]

Runs an ensemble on 127.0.0.1 for development and tests, each server a process of
its own, and prints the connection string for clients. A server that dies is
started again. SIGINT and SIGTERM stop them all.

options
  --size N            servers that vote (3)
  --observers N       servers that follow without a vote (0)
  --data-dir DIR      where data, configurations and logs are kept (./quorate-data)
  --client-port PORT  the client port of the first server; 0 takes free ones for
                      all. Without it 2181, 2182 and so on, as far as they are free
  --help              this text

The folder remembers servers and ports: a second start in it is the same ensemble,
with its data. Exit codes: 0 stopped, 1 cannot be started, 2 wrong arguments.
`

/** @returns the exit code, when the ensemble has stopped */
export async function run(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage)
    return 0
  }
  let options: EnsembleOptions
  try {
    options = parseEnsembleArguments(args)
  } catch (error) {
    process.stderr.write(
      `quorate ensemble: ${(error as Error).message}; "quorate ensemble --help" lists the options\n`,
    )
    return 2
  }
  const asked = stopSignal()
  try {
    await runEnsemble(options, asked)
    return 0
  } catch (error) {
    if (!(error instanceof EnsembleError)) throw error
    process.stderr.write(`quorate ensemble: ${error.message} (${error.code})\n`)
    return 1
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    // For good: a terminal and npm may both pass on one Ctrl-C.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve())
  })
}

async function runEnsemble(options: EnsembleOptions, asked: Promise<void>): Promise<void> {
  const folder = EnsembleFolder.open(options.folder)
  try {
    const plan = await choosePlan(options, folder.readPlan())
    folder.keep(plan)
    const supervisor = new Supervisor({ folder, plan, command: ownCommand(), say })
    supervisor.start()
    try {
      const announced = supervisor.announce().then(() => say('Ctrl-C stops them all.'))
      const refusal = await Promise.race([asked, supervisor.refusal, announced.then(() => asked)])
      if (refusal !== undefined) throw refusal
      say('stopping')
    } finally {
      await supervisor.stop()
    }
  } finally {
    folder.close()
  }
}

/** This process's own program, however it was started. */
function ownCommand(): readonly [string, ...string[]] {
  return [process.execPath, ...process.execArgv, process.argv[1]!]
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
