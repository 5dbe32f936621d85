/** A server machine: the process that recovers and serves, its ends, and the supervisor that starts it again. */
import { versionDirectory } from '@quorate/log'
import { type ReplicaOptions, replicaDefaults } from '@quorate/replica'
import type { Tree } from '@quorate/tree'
import { SimulatedDisk } from '../disk/simulated-disk.ts'
import { viewTree } from '../history/tree-view.ts'
import { Host } from '../host.ts'
import type { Network } from '../network/network.ts'
import type { Prng } from '../prng.ts'
import { usPerMs, type World } from '../world.ts'
import { recoverTree } from './recovered-tree.ts'
import { type DriverListener, type DriverParts, StandaloneDriver } from './standalone-driver.ts'

/** Makes the driver of each life of the process; tests plant wrong ones. */
export type DriverFactory = (parts: DriverParts) => StandaloneDriver

const dataDirectory = '/data'

export const serverOptions: Omit<ReplicaOptions, 'random'> = {
  ...replicaDefaults,
  tickTimeMs: 200,
  minSessionTimeoutMs: 400,
  maxSessionTimeoutMs: 10_000,
  snapCount: 150,
}

export class StandaloneServer implements DriverListener {
  readonly host: Host
  readonly disk: SimulatedDisk
  readonly #world: World
  readonly #network: Network
  readonly #random: Prng
  readonly #createDriver: DriverFactory
  #phase: 'down' | 'recovering' | 'serving' = 'down'
  #crashInRecoveryAfter = 0
  #crashInSnapshotAfter = 0

  constructor(
    name: string,
    parts: {
      readonly world: World
      readonly network: Network
      readonly createDriver: DriverFactory
    },
  ) {
    this.#world = parts.world
    this.#network = parts.network
    this.#createDriver = parts.createDriver
    this.#random = parts.world.random.fork(`server ${name}`)
    this.host = new Host(name, parts.world.scheduler)
    this.disk = new SimulatedDisk(this.host, parts.world)
    this.#network.addHost(this.host)
  }

  get isDown(): boolean {
    return this.#phase === 'down'
  }

  /** The next recovery is ended by a power failure at its `count`-th disk operation, if it has as many. */
  crashInRecoveryAfter(count: number): void {
    this.#crashInRecoveryAfter = count
  }

  /** The same for the next snapshot. */
  crashInSnapshotAfter(count: number): void {
    this.#crashInSnapshotAfter = count
  }

  /** Takes both back. */
  disarm(): void {
    this.#crashInRecoveryAfter = 0
    this.#crashInSnapshotAfter = 0
    this.disk.interruptNothing()
  }

  start(): void {
    this.host.powerOn()
    this.#phase = 'recovering'
    this.#arm(this.#crashInRecoveryAfter, 'process.crash-in-recovery')
    this.#crashInRecoveryAfter = 0
    recoverTree(
      { world: this.#world, host: this.host, disk: this.disk, dataDirectory },
      (error, tree) => {
        if (tree === undefined) this.failed(error ?? new Error('there is no tree'))
        else this.#serve(tree)
      },
    )
  }

  /** The process ends at once, and is started again a while later. */
  end(losesPower: boolean): void {
    if (this.#phase === 'down') return
    this.#phase = 'down'
    this.#network.processEnded(this.host, losesPower)
    this.host.endProcess(losesPower)
    if (losesPower) this.disk.losePower()
    else this.disk.endProcess()
    const { name } = this.host
    this.#world.scheduler.after(this.#random.between(20, 600) * usPerMs, name, 'starts', () =>
      this.start(),
    )
  }

  snapshotStarted(): void {
    this.#arm(this.#crashInSnapshotAfter, 'process.crash-in-snapshot')
    this.#crashInSnapshotAfter = 0
  }

  snapshotEnded(): void {
    this.disk.interruptNothing()
  }

  failed(error: Error): void {
    if (this.#phase === 'down') return
    const code = codeOf(error)
    this.host.note(`fails with ${code}: ${error.message}`)
    this.#world.observe({
      type: 'serverFailed',
      server: this.host.name,
      phase: this.#phase,
      code,
      message: error.message,
    })
    this.end(false)
  }

  #serve(tree: Tree): void {
    this.disk.interruptNothing()
    this.#world.observe({ type: 'recovered', server: this.host.name, view: viewTree(tree) })
    this.host.note(`serves from ${tree.lastZxid}`)
    const driver = this.#createDriver({
      world: this.#world,
      host: this.host,
      disk: this.disk,
      directory: versionDirectory(dataDirectory),
      tree,
      options: { ...serverOptions, random: () => this.#random.next() },
      listener: this,
    })
    this.#phase = 'serving'
    this.#network.listen(this.host, (endpoint) => driver.accept(endpoint))
  }

  #arm(count: number, kind: 'process.crash-in-recovery' | 'process.crash-in-snapshot'): void {
    if (count === 0) return
    this.disk.interruptAfter(count, () => {
      this.#world.faults.hit(kind)
      this.host.note(`loses its power: ${kind}`)
      this.end(true)
    })
  }
}

/** The code of what went wrong at the bottom, which for a failed log is the disk's. */
function codeOf(error: Error): string {
  const { cause } = error
  if (cause instanceof Error) return codeOf(cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
