/** `quorate simulate`: runs servers in a simulated world, one run for each seed. */
import { parseArgs } from 'node:util'
import { faultNames, faultsByName, workloadNames } from '@quorate/simulator'
import { printSeeds, type SeedRuns } from '@quorate/simulator/node'

const usage = `usage: quorate simulate --seed N [--seeds K] [options]
       quorate simulate --seeds A..B [options]

Runs an ensemble, its disks, its network and its clients in one process in virtual time, with faults and
load that depend on the seed only, and checks what clients and disks may see. A seed gives the same run on
every machine; the hash of its event log is printed.

options                                                            default
  --seed N             the seed of one run, or the first of them
  --seeds K            so many seeds, from that of --seed
  --seeds A..B         all seeds from A to B
  --minutes M          begin no seed after M minutes               no limit
  --voters V           servers that vote                           from the seed
  --observers O        servers that follow without a vote          from the seed
  --standalone         one server without an ensemble
  --faults a,b,...     only these faults; "none"                   all
  --workload W         only this workload                          all
  --clients N          sessions                                    12
  --real-clients N     clients that are the real library           2 or 3 of 12
  --recipe-clients N   processes beside them that use recipes      in 1 seed of 36
  --data-clients N     the same, with queues, counters and caches  in 1 seed of 36
  --member-clients N   with groups, services and barriers          in 1 seed of 36
  --load N             operations per virtual second               150
  --duration-ms N      virtual time under faults                   20000
  --steps N            events under faults, at most                no limit
  --jobs J             processes that run seeds                    1
  --shrink N           runs to make a failing one smaller with     60
  --trace              print every event

Exit codes: 0 nothing was found, 1 something was, 2 wrong arguments.
`

const shrinkRunsDefault = 60

/** @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${usage}\nfaults: ${faultNames.join(', ')}\n`)
    process.stdout.write(`workloads: ${workloadNames.join(', ')}\n`)
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
  return (await printSeeds(runs)) === 0 ? 0 : 1
}

/** @throws Error that says which argument is wrong, and what is allowed */
export function parseSimulateArguments(args: readonly string[]): SeedRuns {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      minutes: { type: 'string' },
      voters: { type: 'string' },
      observers: { type: 'string' },
      standalone: { type: 'boolean', default: false },
      faults: { type: 'string' },
      workload: { type: 'string' },
      clients: { type: 'string' },
      'real-clients': { type: 'string' },
      'recipe-clients': { type: 'string' },
      'data-clients': { type: 'string' },
      'member-clients': { type: 'string' },
      load: { type: 'string' },
      'duration-ms': { type: 'string' },
      steps: { type: 'string' },
      jobs: { type: 'string' },
      shrink: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  })
  const minutes = optionalWhole('--minutes', values.minutes)
  const voterCount = optionalWhole('--voters', values.voters)
  const observerCount = optionalWhole('--observers', values.observers)
  if (values.standalone && (voterCount ?? observerCount) !== undefined)
    throw new Error('--standalone is one server: --voters and --observers do not go with it')
  return {
    ...seedsOf(values.seed, values.seeds, minutes),
    minutes,
    request: {
      topology: values.standalone ? { isStandalone: true } : { voterCount, observerCount },
      durationMs: optionalWhole('--duration-ms', values['duration-ms']),
      stepsMax: optionalWhole('--steps', values.steps),
      clientCount: optionalPositive('--clients', values.clients),
      realClientCount: optionalWhole('--real-clients', values['real-clients']),
      recipeClientCount: optionalWhole('--recipe-clients', values['recipe-clients']),
      dataClientCount: optionalWhole('--data-clients', values['data-clients']),
      memberClientCount: optionalWhole('--member-clients', values['member-clients']),
      loadPerSecond: optionalPositive('--load', values.load),
      faultNames: faultNamesOf(values.faults),
      workload: workloadOf(values.workload),
    },
    isTraced: values.trace,
    jobs: optionalPositive('--jobs', values.jobs) ?? 1,
    shrinkRunsMax: optionalWhole('--shrink', values.shrink) ?? shrinkRunsDefault,
  }
}

function seedsOf(
  seed: string | undefined,
  seeds: string | undefined,
  minutes: number | undefined,
): { readonly firstSeed: number; readonly lastSeed: number } {
  const isRange = seeds?.includes('..') === true
  if (seed === undefined ? !isRange : isRange)
    throw new Error('--seed N, --seed N --seeds K or --seeds A..B is needed')
  if (isRange) {
    const [first, last] = seeds.split('..')
    const [firstSeed, lastSeed] = [whole('--seeds', first), whole('--seeds', last)]
    if (lastSeed < firstSeed)
      throw new Error(`--seeds is "${seeds}"; the first seed must not be above the last`)
    return { firstSeed, lastSeed }
  }
  const firstSeed = whole('--seed', seed)
  if (seeds !== undefined) {
    const count = whole('--seeds', seeds)
    if (count === 0) throw new Error('--seeds is 0; at least one seed is needed')
    return { firstSeed, lastSeed: firstSeed + count - 1 }
  }
  return { firstSeed, lastSeed: minutes === undefined ? firstSeed : Infinity }
}

function faultNamesOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  if (text === 'none') return []
  return faultsByName(text.split(',')).map(({ name }) => name)
}

function workloadOf(name: string | undefined): string | undefined {
  if (name !== undefined && !workloadNames.includes(name))
    throw new Error(`--workload is "${name}"; there are ${workloadNames.join(', ')}`)
  return name
}

function optionalWhole(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : whole(name, text)
}

function optionalPositive(name: string, text: string | undefined): number | undefined {
  const value = optionalWhole(name, text)
  if (value === 0) throw new Error(`${name} is 0; it must be at least 1`)
  return value
}

function whole(name: string, text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || !/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new Error(`${name} is "${text ?? ''}"; it must be a whole number, as in --seeds 1..200`)
  return value
}
