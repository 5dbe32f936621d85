/**
 * One run: an ensemble of processes under load and faults, and its judgement.
 *
 *     start ── faults and load ── faults end, everybody is served ── load ends ── trees compared ── stop ── logs and histories judged
 *
 * The plan of the faults follows from the seed; when exactly each hits, and so what comes of it, does not.
 */
import {
  cpSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  rmSync,
  type WriteStream,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestId } from '@quorate/protocol'
import { Prng } from '@quorate/simulator'
import { eventually } from '../harness/eventually.ts'
import type { Mode } from '../harness/server-word.ts'
import { chooseDiskKind, FaultDisk, sweepDisks } from './disk/fault-disk.ts'
import { FaultMember } from './fault-member.ts'
import { checkClients } from './judgement/client-checks.ts'
import { HistoryGatherer } from './judgement/committed-history.ts'
import { compareMembers, compareWithHistory, type FinalState } from './judgement/final-state.ts'
import { readServerLogs } from './judgement/server-logs.ts'
import { Load } from './load/load.ts'
import { Nemesis } from './nemesis.ts'
import { chooseNetwork, type NetworkChoice } from './network/choice.ts'
import { type FaultNetwork, serverIds } from './network/fault-network.ts'

export interface RunOptions {
  readonly seed: number
  readonly durationMs: number
  readonly voterCount: number
  readonly observerCount: number
  readonly network: NetworkChoice
  readonly print: (line: string) => void
}

/** How much of it there was to judge. */
interface Judgement {
  readonly transactionCount: number
  /** Terms in which a leader has served. */
  readonly termCount: number
}

export interface RunResult extends Judgement {
  /** What is wrong, as sentences. */
  readonly problems: readonly string[]
  /** Logs and data, kept when something is wrong. */
  readonly keptAt: string | undefined
  readonly faultCounts: ReadonlyMap<string, number>
  /** How long all servers needed to serve again, where that was waited for. */
  readonly recoveriesMs: readonly number[]
  /** Operations that were answered, and judged. */
  readonly operationCount: number
  readonly nodeCount: number
}

const configuration: readonly string[] = [
  'tickTime=500',
  'initLimit=20',
  'syncLimit=4',
  'maxClientCnxns=0',
  'admin.enableServer=false',
  '4lw.commands.whitelist=*',
  // Many snapshots, and a log that asks the disk for room often.
  'snapCount=1000',
  'preAllocSize=64',
  // What is purged can't be judged.
  'autopurge.purgeInterval=0',
]

const superUser = 'super:of the simulation'

const properties: Readonly<Record<string, string>> = {
  'zookeeper.extendedTypesEnabled': 'true',
  'zookeeper.DigestAuthenticationProvider.superDigest': digestId(superUser),
  'readonlymode.enabled': 'true',
  'znode.container.checkIntervalMs': '1000',
}

const clientCount = 10
const loadPerSecond = 120
/** What all servers may need to serve again after all that a fault can do, on a busy machine. */
const recoveryBoundMs = 60_000
/** And every client to be served. */
const livenessBoundMs = 30_000
const servingModes: readonly Mode[] = ['leader', 'follower', 'observer']
/** Letters of a problem; all of it comes at the end. */
const printedMost = 300

export async function runFaults(options: RunOptions): Promise<RunResult> {
  const run = new FaultRun(options)
  const disposeAtExit = (): void => run.dispose()
  process.once('exit', disposeAtExit)
  try {
    return await run.run()
  } finally {
    await run.end()
    process.removeListener('exit', disposeAtExit)
  }
}

class FaultRun {
  readonly #options: RunOptions
  readonly #random: Prng
  readonly #directory: string
  readonly #trace: WriteStream
  readonly #startedAtMs: number = performance.now()
  readonly #members: FaultMember[] = []
  readonly #disks: FaultDisk[] = []
  readonly #problems: string[] = []
  readonly #gatherer: HistoryGatherer
  #network: FaultNetwork | undefined
  #load: Load | undefined
  #isKept = false

  constructor(options: RunOptions) {
    this.#options = options
    this.#random = new Prng(`seed ${options.seed}`)
    this.#directory = mkdtempSync(join(tmpdir(), `quorate-faults-${process.pid}-`))
    this.#gatherer = new HistoryGatherer(this.#members)
    this.#trace = createWriteStream(join(this.#directory, 'clients.log'))
  }

  async run(): Promise<RunResult> {
    const { durationMs } = this.#options
    await this.#prepare()
    await Promise.all(this.#members.map((member) => member.start()))
    const [load, network] = [this.#load!, this.#network!]
    this.#print(`all serve after ${await this.#awaitRecovery()} ms`)
    load.start()
    const nemesis = new Nemesis({
      scene: { members: this.#members, network, load },
      random: this.#random.fork('nemesis'),
      print: (line) => this.#print(line),
      healed: () => this.#gatherer.gather(),
      awaitRecovery: () => this.#awaitRecovery(),
    })
    const endAtMs = performance.now() + durationMs
    await nemesis.run(() => performance.now() > endAtMs || this.#problems.length > 0)
    const state = await this.#settle(load)
    const judged = this.#judge(load, state)
    if (this.#problems.length > 0) this.#keep()
    return {
      problems: this.#problems,
      keptAt: this.#isKept ? this.#directory : undefined,
      faultCounts: nemesis.counts,
      recoveriesMs: nemesis.recoveriesMs,
      operationCount: load.replyCount,
      nodeCount: state.nodes.length,
      ...judged,
    }
  }

  /** Ends processes, and removes all that the run has made but what it keeps. */
  async end(): Promise<void> {
    this.#load?.end()
    this.#trace.end()
    for (const disk of this.#disks) await disk.release()
    await Promise.all(this.#members.map((member) => member.kill()))
    this.dispose()
  }

  /** The same at the end of the process, when its children have been killed. */
  dispose(): void {
    for (const disk of this.#disks) disk.dispose()
    this.#network?.dispose()
    if (!this.#isKept) rmSync(this.#directory, { recursive: true, force: true })
  }

  async #prepare(): Promise<void> {
    const { seed, voterCount, observerCount, network: choice } = this.#options
    const plan = { voterCount, observerCount }
    const print = (line: string): void => this.#print(line)
    const random = this.#random.fork('network')
    const network = await chooseNetwork({ choice, seed, plan, random, print })
    this.#network = network
    print(`network: ${network.description}`)
    sweepDisks()
    const { kind, refused } = chooseDiskKind(this.#directory)
    for (const what of refused) print(`disks: ${what}`)
    print(`disks: ${kind.name}`)
    for (const id of serverIds(plan)) {
      const directory = join(this.#directory, `server${id}`)
      mkdirSync(directory)
      const disk = new FaultDisk(kind, directory)
      this.#disks.push(disk)
      const complaint = disk.mount()
      if (complaint !== undefined) throw new Error(`the disk of server ${id}: ${complaint}`)
      this.#members.push(
        new FaultMember({
          id,
          isVoter: id <= voterCount,
          directory,
          disk,
          network,
          configuration,
          properties,
          failed: ({ name }) => this.#found(`${name} ended, and nobody had asked it to`),
        }),
      )
    }
    this.#load = new Load({
      addresses: new Map(this.#members.map(({ name, address }) => [name, address])),
      random: this.#random.fork('load'),
      clientCount,
      loadPerSecond,
      trace: (line) => this.#trace.write(`${line}\n`),
    })
  }

  /** @returns how long all took to serve, ms; it is a problem when that is too long */
  async #awaitRecovery(): Promise<number> {
    const beganAtMs = performance.now()
    const wait = { what: 'all servers to serve', timeoutMs: recoveryBoundMs }
    let missing = ''
    try {
      await eventually(wait, async () => {
        const modes = await Promise.all(this.#members.map(modeOf))
        missing = this.#members
          .filter((_member, i) => modes[i] === undefined)
          .map(({ name }) => name)
          .join(', ')
        const isOver = missing === '' && modes.includes('leader')
        return isOver || this.#problems.length > 0 ? true : undefined
      })
    } catch {
      this.#found(
        `${missing || 'a leader'} is still missing ${recoveryBoundMs} ms after the last fault`,
      )
    }
    return Math.round(performance.now() - beganAtMs)
  }

  async #settle(load: Load): Promise<FinalState> {
    this.#print(`all serve ${await this.#awaitRecovery()} ms after the last fault`)
    load.faultsEnded()
    const served = { what: 'every client to be served', timeoutMs: livenessBoundMs }
    // The checker for liveness says whom nobody served.
    await eventually(served, () => (load.unserved.size === 0 ? true : undefined)).catch(() => {})
    load.rest()
    const idle = { what: 'the last answers', timeoutMs: livenessBoundMs }
    await eventually(idle, () => (load.isIdle ? true : undefined)).catch(({ message }: Error) =>
      this.#found(message),
    )
    const state = await compareMembers(this.#members, superUser)
    load.end()
    await Promise.all(this.#members.map((member) => member.stop()))
    return state
  }

  #judge(load: Load, state: FinalState): Judgement {
    const { history, problems } = this.#gatherer.finish()
    const logs = readServerLogs(this.#members)
    const { observed } = load
    // Without a history there is nothing to hold what was seen against.
    const byHistory =
      problems.length > 0
        ? problems
        : [
            ...checkClients({ history, observed, livenessBoundMs }),
            ...compareWithHistory(state, history),
          ]
    for (const problem of [...logs.problems, ...state.problems, ...byHistory]) this.#found(problem)
    return { transactionCount: history.committed.length, termCount: logs.termCount }
  }

  /** What stands on the disks goes along: they are unmounted. */
  #keep(): void {
    this.#isKept = true
    for (const { id, disk } of this.#members) {
      const to = join(this.#directory, `server${id}`, 'data')
      cpSync(join(disk.directory, 'data'), to, { recursive: true })
    }
  }

  #found(problem: string): void {
    this.#print(`FOUND: ${problem.slice(0, printedMost)}`)
    this.#problems.push(problem)
  }

  #print(line: string): void {
    const seconds = ((performance.now() - this.#startedAtMs) / 1_000).toFixed(1)
    this.#options.print(`${seconds.padStart(7)} s  ${line}`)
  }
}

/** Of a server that takes writes; one that is cut off may serve reads only. */
async function modeOf(member: FaultMember): Promise<Mode | undefined> {
  const mode = (await member.state())?.mode
  return mode !== undefined && servingModes.includes(mode) ? mode : undefined
}
