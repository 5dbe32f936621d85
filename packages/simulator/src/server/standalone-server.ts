/** A server without peers, from recovery to its end. */
import { versionDirectory } from '@quorate/log'
import { type ReplicaOptions, replicaDefaults } from '@quorate/replica'
import type { Tree } from '@quorate/tree'
import { viewTree } from '../history/tree-view.ts'
import type { Network } from '../network/network.ts'
import type { World } from '../world.ts'
import { Machine } from './machine.ts'
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
  enforceQuota: true,
  containerCheckIntervalMs: 500,
}

export class StandaloneServer extends Machine implements DriverListener {
  readonly #createDriver: DriverFactory

  constructor(
    name: string,
    parts: {
      readonly world: World
      readonly network: Network
      readonly createDriver: DriverFactory
    },
  ) {
    super(name, parts)
    this.#createDriver = parts.createDriver
  }

  protected override boot(): void {
    recoverTree(
      { world: this.world, host: this.host, disk: this.disk, dataDirectory },
      (error, tree) => {
        if (tree === undefined) this.failed(error ?? new Error('there is no tree'))
        else this.#serve(tree)
      },
    )
  }

  #serve(tree: Tree): void {
    this.recovered()
    this.world.observe({ type: 'recovered', server: this.host.name, view: viewTree(tree) })
    this.host.note('serves from %', tree.lastZxid)
    const driver = this.#createDriver({
      world: this.world,
      host: this.host,
      disk: this.disk,
      directory: versionDirectory(dataDirectory),
      tree,
      options: { ...serverOptions, random: () => this.random.next() },
      listener: this,
    })
    this.network.listen(this.host, (endpoint) => driver.accept(endpoint))
  }
}
