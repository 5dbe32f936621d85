/** `quorate bench`: a load generator for any server that speaks ZooKeeper's client protocol. */
import { type BenchCommandLine, parseBenchArguments } from './bench/bench-options.ts'
import { modes } from './bench/modes.ts'
import { renderFigures } from './bench/report.ts'

const usage = `usage: quorate bench MODE [options]

Measures a running server. Every mode checks the order of replies, their errors and their zxids.

modes
  load       random reads and writes in a closed loop
  create     creates nodes, then deletes them
  fill       creates nodes and leaves them
  watch      every connection watches every node; each node is written once a round
  sessions   opens and closes sessions
  pauses     pings on a quiet session; the longest round trip shows the longest stall
  outage     writers that go to another server when theirs is lost: the longest time without an acknowledged
             write, to be run while a server is killed; no acknowledged write may be missing afterwards
  probe      waits until the server serves, and says when that was

options                                                            default
  --server HOST:PORT,… the servers that connections are spread on  127.0.0.1:2181
  --connections N      connections                                 50
  --depth N            requests under way per connection           1
  --reads N            reads in a hundred requests (load)          100
  --size N             bytes of a value                            1024
  --keys N             nodes                                       1000
  --seconds N          length of the measurement                   4
  --warm-up N          seconds before it (load)                    1
  --rounds N           rounds (watch)                              10
  --interval N         milliseconds between pings (pauses)         1
  --threads N          threads that make the load (load)           1
  --seed N             seed of the random keys (load)              1
  --path PATH          the node to read (probe)                    /
  --timeout N          seconds to wait (probe)                     60
  --server-pid N,…     the servers' process ids: adds their CPU, memory and disk writes (Linux)
  --json               one line of JSON instead of a table
`

/** @returns the exit code: 0 done, 1 the run failed, 2 wrong arguments */
export async function run(args: readonly string[]): Promise<number> {
  let commandLine: BenchCommandLine
  try {
    commandLine = parseBenchArguments(args)
  } catch (error) {
    process.stderr.write(`quorate bench: ${(error as Error).message}\n`)
    return 2
  }
  const { mode = '', wantsHelp, wantsJson, options } = commandLine
  const measure = modes.get(mode)
  if (wantsHelp) {
    process.stdout.write(usage)
    return 0
  }
  if (measure === undefined) {
    process.stderr.write(
      `quorate bench: the mode is "${mode}"; it must be one of ${[...modes.keys()].join(', ')}\n`,
    )
    return 2
  }
  try {
    const figures = { mode, ...(await measure(options)) }
    process.stdout.write(`${wantsJson ? JSON.stringify(figures) : renderFigures(figures)}\n`)
    return 0
  } catch (error) {
    process.stderr.write(`quorate bench ${mode}: ${(error as Error).message}\n`)
    return 1
  }
}
