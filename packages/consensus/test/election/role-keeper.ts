/**
 * What discovery and broadcast do for elections, in short: a leader that a quorum follows becomes active with them in a new epoch, and
 * who leads without a quorum or follows nobody who leads looks again.
 */
import type { ElectionWorld, TestServer } from './election-world.ts'

const checkIntervalMs = 500
/** Checks until a leader must have its quorum, and a learner its leader. */
const patience = 3

export class RoleKeeper {
  readonly #world: ElectionWorld
  readonly #missedById = new Map<number, number>()
  #epoch = 0

  constructor(world: ElectionWorld) {
    this.#world = world
  }

  /** To be called when a server begins a life. */
  keep(id: number): void {
    this.#missedById.set(id, 0)
    this.#again(id)
  }

  #again(id: number): void {
    this.#world.after(id, checkIntervalMs, () => {
      this.#check(this.#world.server(id))
      this.#again(id)
    })
  }

  #check(server: TestServer): void {
    const { state } = server.machine
    const isWell =
      state === 'leading' ? this.#leads(server) : state === 'looking' || this.#hasLeader(server)
    const missed = isWell ? 0 : (this.#missedById.get(server.id) ?? 0) + 1
    this.#missedById.set(server.id, missed)
    if (missed < patience) return
    this.#missedById.set(server.id, 0)
    this.#world.start(server.id)
  }

  #leads(leader: TestServer): boolean {
    const followers = this.#followersOf(leader)
    const isIn = (id: number): boolean => followers.some((server) => server.id === id)
    if (!leader.committed.quorums.isQuorum(isIn)) return false
    if (leader.machine.vote.peerEpoch !== this.#epoch || this.#epoch === 0) this.#epoch++
    for (const { machine } of followers) machine.setPeerEpoch(this.#epoch)
    return true
  }

  #followersOf(leader: TestServer): readonly TestServer[] {
    return this.#world.servers.filter(
      (server) =>
        server.isUp &&
        server.machine.state !== 'looking' &&
        server.machine.vote.leader === leader.id &&
        this.#world.canTalk(server.id, leader.id),
    )
  }

  #hasLeader(server: TestServer): boolean {
    const leader = this.#world.server(server.machine.vote.leader)
    return (
      leader.isUp && leader.machine.state === 'leading' && this.#world.canTalk(server.id, leader.id)
    )
  }
}
