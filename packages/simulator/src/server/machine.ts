/**
 * A server machine: disk, process and the supervisor that starts the process again. What the process is, a standalone server or a
 * member of an ensemble, is the affair of the classes that extend this one.
 */
import { SimulatedDisk } from '../disk/simulated-disk.ts'
import type { FaultKind } from '../faults/fault-counts.ts'
import { Host } from '../host.ts'
import type { Network } from '../network/network.ts'
import type { Prng } from '../prng.ts'
import { usPerMs, type World } from '../world.ts'

const downUsualMostMs = 600
const longDownChance = 0.2
const longDownMostMs = 2_500
/** So that others take snapshots meanwhile, and hand on their logs to whoever comes back after that. */
const veryLongDownChance = 0.05
const veryLongDownMostMs = 5_000

export type Phase = 'down' | 'recovering' | 'serving'

export abstract class Machine {
  readonly host: Host
  readonly disk: SimulatedDisk
  protected readonly world: World
  protected readonly network: Network
  protected readonly random: Prng
  protected phase: Phase = 'down'
  #crashInRecoveryAfter = 0
  #crashInSnapshotAfter = 0

  constructor(name: string, parts: { readonly world: World; readonly network: Network }) {
    this.world = parts.world
    this.network = parts.network
    this.random = parts.world.random.fork(`server ${name}`)
    this.host = new Host(name, parts.world.scheduler)
    this.disk = new SimulatedDisk(this.host, parts.world)
    this.network.addHost(this.host)
  }

  get isDown(): boolean {
    return this.phase === 'down'
  }

  /** Whether it has recovered, and not ended since. */
  get isServing(): boolean {
    return this.phase === 'serving'
  }

  /** Starts the process: it recovers, and then calls {@link recovered}. */
  protected abstract boot(): void

  /** Whether the supervisor may start the process now; if not, it looks again a while later. */
  protected mayStart(): boolean {
    return true
  }

  /** The next recovery is ended by a power failure at its `count`-th disk operation, if it has as many. */
  crashInRecoveryAfter(count: number): void {
    this.#crashInRecoveryAfter = count
  }

  /** The same for the next snapshot. */
  crashInSnapshotAfter(count: number): void {
    this.#crashInSnapshotAfter = count
  }

  /** A power failure at the `count`-th disk operation from now; then `crashed` is called. */
  crashAtOperation(count: number, crashed: () => void): void {
    if (!this.isDown) this.arm('process.crash-at-operation', count, () => true, crashed)
  }

  /** Takes all that was planned back. */
  disarm(): void {
    this.#crashInRecoveryAfter = 0
    this.#crashInSnapshotAfter = 0
    for (const kind of ['in-recovery', 'in-snapshot', 'in-sync', 'at-operation'] as const)
      this.disk.interruptNothing(`process.crash-${kind}`)
  }

  start(): void {
    if (!this.mayStart()) {
      this.host.powerOn()
      this.#startLater()
      return
    }
    this.host.powerOn()
    this.phase = 'recovering'
    if (this.#crashInRecoveryAfter > 0)
      this.arm('process.crash-in-recovery', this.#crashInRecoveryAfter, () => true)
    this.#crashInRecoveryAfter = 0
    this.boot()
  }

  /** The process ends at once, and is started again a while later. */
  end(losesPower: boolean, losesDisk = false): void {
    if (this.phase === 'down') return
    this.phase = 'down'
    this.network.processEnded(this.host, losesPower)
    this.host.endProcess(losesPower)
    if (losesPower) this.disk.losePower()
    else this.disk.endProcess()
    this.world.observe({
      type: 'serverEnded',
      server: this.host.name,
      losesPower,
      losesDisk,
    })
    this.#startLater()
  }

  snapshotStarted(): void {
    if (this.#crashInSnapshotAfter === 0) return
    this.arm('process.crash-in-snapshot', this.#crashInSnapshotAfter, () => true)
    this.#crashInSnapshotAfter = 0
  }

  snapshotEnded(): void {
    this.disk.interruptNothing('process.crash-in-snapshot')
  }

  /** The process cannot go on. */
  failed(error: Error): void {
    if (this.phase === 'down') return
    const code = codeOf(error)
    this.host.note('fails with %: %', code, error.message)
    this.world.observe({
      type: 'serverFailed',
      server: this.host.name,
      phase: this.phase,
      code,
      message: error.message,
    })
    this.end(false)
  }

  protected recovered(): void {
    this.disk.interruptNothing('process.crash-in-recovery')
    this.phase = 'serving'
  }

  /** A power failure at the `count`-th disk operation from now that counts. */
  protected arm(kind: FaultKind, count: number, counts: () => boolean, ended?: () => void): void {
    this.disk.interruptAfter(kind, { count, counts }, () => {
      this.world.faults.hit(kind)
      this.host.note('loses its power: %', kind)
      this.end(true)
      ended?.()
    })
  }

  /** Mostly soon; now and then so much later that the others have gone on without it for long. */
  #startLater(): void {
    const { random } = this
    const isLong = random.chance(longDownChance)
    const isVeryLong = random.chance(veryLongDownChance)
    const downLongMostMs = isVeryLong ? veryLongDownMostMs : longDownMostMs
    const downMostMs = isLong || isVeryLong ? downLongMostMs : downUsualMostMs
    this.world.scheduler.after(
      random.between(20, downMostMs) * usPerMs,
      this.host.name,
      'starts',
      () => this.start(),
    )
  }
}

/** The code of what went wrong at the bottom, which for a failed log is the disk's. */
export function codeOf(error: Error): string {
  const { cause } = error
  if (cause instanceof Error) return codeOf(cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
