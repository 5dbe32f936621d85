/**
 * A leader that can propose and commit nothing for a moment, as no acknowledgement reaches it, and one follower that loses its
 * connection meanwhile. When the follower comes back to the same leader it has more in its log than the leader has committed: that is
 * cut off, and sent again. If the leader crashes instead, the others go on with what it had proposed or without it.
 *
 * Sometimes it is the followers' disks alone that hold everything back. Their clients go on asking for writes then, and those that lose
 * their server come to the leader while it does not know yet what becomes of them.
 */
import { calmDisk } from '../disk/simulated-disk.ts'
import type { Prng } from '../prng.ts'
import type { Appointment } from '../scheduler.ts'
import type { EnsembleServer } from '../server/ensemble-server.ts'
import { usPerMs } from '../world.ts'
import type { Fault, FaultTargets } from './fault.ts'

/** So long nothing is acknowledged before the connection is lost. */
const busyLeastMs = 20
const busyMostMs = 300
/** So long it stays so after that; with the time before it less than the time after which a silent follower is given up. */
const withheldLeastMs = 100
const withheldMostMs = 600
/** A follower that has nothing more than its leader would learn nothing: so long until it is looked for again. */
const nothingProposedMs = 10
const crashChance = 0.15
const onlyDisksChance = 0.5
/** How often, and so long after each other, it is looked whether there is a leader with followers. */
const looksMost = 12
const lookPauseMs = 50

export const withhold: Fault = {
  name: 'network.withhold',
  weight: 24,
  durationLeastMs: 1_000,
  durationMostMs: 1_600,
  isDelicate: true,
  begin(targets, random) {
    const { ensemble, world } = targets
    if (ensemble === undefined) return undefined
    let end: (() => void) | undefined
    let looksLeft = looksMost
    let next: Appointment | undefined
    const look = (): void => {
      const { leader } = ensemble
      const followers = ensemble.servers.filter(({ role }) => role === 'following')
      if (leader !== undefined && followers.length >= 2)
        end = withholdFrom(leader, followers, { targets, random })
      else if (--looksLeft > 0)
        next = world.scheduler.after(lookPauseMs * usPerMs, 'nemesis', 'waits for a leader', look)
    }
    look()
    return () => {
      next?.cancel()
      end?.()
    }
  },
}

/** @returns how to end it */
function withholdFrom(
  leader: EnsembleServer,
  followers: readonly EnsembleServer[],
  { targets, random }: { readonly targets: FaultTargets; readonly random: Prng },
): () => void {
  const { network, world } = targets
  const to = leader.host.name
  // What a slow disk holds back is the acknowledgements alone: clients of those servers go on asking for writes.
  const one = random.pick(followers)
  const blocked = random.chance(onlyDisksChance)
    ? []
    : followers.filter((it) => it === one || random.chance(0.5))
  for (const { host } of blocked) network.block(host.name, to, 'network.withhold')
  const hasten = slowDown(followers.filter((it) => !blocked.includes(it)))
  const free = (name: string): void => network.unblock(name, to, 'network.withhold')
  const later = (delayMs: number, what: string, run: () => void): Appointment =>
    world.scheduler.after(delayMs * usPerMs, 'nemesis', what, run)
  const crashes = random.chance(crashChance)
  const cut = (): void => {
    if (crashes) return leader.end(random.chance(0.5))
    const held = blocked.length === 0 ? followers : blocked
    const lost = held.find(({ loggedZxid }) => loggedZxid > leader.lastZxid)
    if (lost === undefined) {
      loss = later(nothingProposedMs, 'waits for a proposal', cut)
      return
    }
    disconnect(targets, lost, to)
    free(lost.host.name)
  }
  const busyMs = random.between(busyLeastMs, busyMostMs)
  let loss = later(busyMs, 'cuts a connection to the leader', cut)
  const end = (): void => {
    loss.cancel()
    for (const { host } of blocked) free(host.name)
    hasten()
  }
  const withheldMs = random.between(withheldLeastMs, withheldMostMs)
  const release = later(busyMs + withheldMs, 'lets acknowledgements through', end)
  return () => {
    release.cancel()
    end()
  }
}

function slowDown(servers: readonly EnsembleServer[]): () => void {
  for (const { disk } of servers) {
    disk.conditions.isSlow = true
    disk.conditions.syncMostUs = withheldMostMs * usPerMs
  }
  return () => {
    for (const { disk } of servers) {
      disk.conditions.isSlow = false
      disk.conditions.syncMostUs = calmDisk.syncMostUs
    }
  }
}

function disconnect({ network }: FaultTargets, server: EnsembleServer, from: string): void {
  for (const near of network.connections) {
    if (near.port !== 'quorum' || near.host !== server.host || near.peer?.host.name !== from)
      continue
    near.peer.fail('the connection was reset')
    near.fail('the connection was reset')
  }
}
