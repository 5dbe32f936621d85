/** `quorate simulate`: runs the server in a simulated world, one run for each seed. */
import { parseArgs } from 'node:util'
import type { SeedRuns } from '@quorate/simulator'
import { printSeeds } from '@quorate/simulator/node'

const usage = `usage: quorate simulate --seed N [options]
       quorate simulate --seeds A..B [options]

Runs a standalone server, its disk, its network and its clients in one process in virtual time, with
faults and load that depend on the seed only, and checks what clients and disk may see. A seed gives the
same run on every machine; the hash of its event log is printed.

options                                                            default
  --seed N             the seed of one run
  --seeds A..B         all seeds from A to B
  --duration-ms N      virtual time under faults                   20000
  --steps N            events under faults, at most                no limit
  --trace              print every event

Exit codes: 0 nothing was found, 1 something was, 2 wrong arguments.
`

/** @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage)
    return 0
  }
  let runs: SeedRuns
  try {
    runs = parseSimulateArguments(args)
  } catch (error) {
    process.stderr.write(`quorate simulate: ${(error as Error).message}\n`)
    return 2
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Who reads a trace may have seen enough, as `head` has.
    if (error.code !== 'EPIPE') throw error
  })
  return printSeeds(runs) === 0 ? 0 : 1
}

/** @throws Error that says which argument is wrong, and what is allowed */
export function parseSimulateArguments(args: readonly string[]): SeedRuns {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      'duration-ms': { type: 'string' },
      steps: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  })
  if ((values.seed === undefined) === (values.seeds === undefined))
    throw new Error('one of --seed N and --seeds A..B is needed')
  const [first, last] = (values.seeds ?? `${values.seed}..${values.seed}`).split('..')
  const [firstSeed, lastSeed] = [whole('--seed', first), whole('--seed', last)]
  if (lastSeed < firstSeed)
    throw new Error(`--seeds is "${values.seeds}"; the first seed must not be above the last`)
  return {
    firstSeed,
    lastSeed,
    durationMs: optionalWhole('--duration-ms', values['duration-ms']),
    stepsMax: optionalWhole('--steps', values.steps),
    isTraced: values.trace,
  }
}

function optionalWhole(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : whole(name, text)
}

function whole(name: string, text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || !/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new Error(`${name} is "${text ?? ''}"; it must be a whole number, as in --seeds 1..200`)
  return value
}
