/** The servers of a run, whether they are one alone or an ensemble. */
import type { Network } from '../network/network.ts'
import type { Topology } from '../topology.ts'
import type { World } from '../world.ts'
import { Ensemble, type EnsembleOptions } from './ensemble.ts'
import type { Machine } from './machine.ts'
import { type DriverFactory, StandaloneServer } from './standalone-server.ts'

export interface Fleet {
  readonly machines: readonly Machine[]
  readonly ensemble: Ensemble | undefined
  /** Names of the hosts that clients are told of. */
  readonly clientHosts: readonly string[]
  /** Whether all members serve, and have come to the same transaction. */
  isSettled(): boolean
  /** Tells the checkers which sessions each knows that no other one does. */
  tellLocalSessions(): void
  /** Tells the checkers what each has come to. */
  settle(): void
}

export function createFleet(
  world: World,
  network: Network,
  parts: {
    readonly topology: Topology
    readonly createDriver: DriverFactory
    readonly ensemble: Omit<EnsembleOptions, 'voterCount' | 'observerCount' | 'spareCount'>
  },
): Fleet {
  const { topology } = parts
  return topology.isStandalone
    ? new LoneFleet(
        new StandaloneServer('server1', { world, network, createDriver: parts.createDriver }),
      )
    : new EnsembleFleet(new Ensemble(world, network, { ...parts.ensemble, ...topology }))
}

class LoneFleet implements Fleet {
  readonly machines: readonly Machine[]
  readonly ensemble: undefined = undefined
  readonly clientHosts: readonly string[]
  readonly #server: StandaloneServer

  constructor(server: StandaloneServer) {
    this.#server = server
    this.machines = [server]
    this.clientHosts = [server.host.name]
  }

  isSettled(): boolean {
    return this.#server.isServing
  }

  /** Its sessions are all in its log. */
  tellLocalSessions(): void {}

  /** It has told its state when it came back. */
  settle(): void {}
}

class EnsembleFleet implements Fleet {
  readonly ensemble: Ensemble

  constructor(ensemble: Ensemble) {
    this.ensemble = ensemble
  }

  get machines(): readonly Machine[] {
    return this.ensemble.servers
  }

  get clientHosts(): readonly string[] {
    return this.ensemble.servers.map(({ host }) => host.name)
  }

  isSettled(): boolean {
    const { leader, members } = this.ensemble
    return (
      leader !== undefined &&
      members !== undefined &&
      members.every(
        ({ role, epoch, lastZxid }) =>
          role !== undefined && epoch === leader.epoch && lastZxid === leader.lastZxid,
      )
    )
  }

  tellLocalSessions(): void {
    for (const server of this.ensemble.servers) server.tellLocalSessions()
  }

  settle(): void {
    for (const server of this.ensemble.members ?? []) server.settle()
  }
}
