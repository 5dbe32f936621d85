/**
 * A leader that can propose and commit nothing for a moment, as no acknowledgement reaches it, and one follower that loses its
 * connection meanwhile. When the follower comes back to the same leader it has more in its log than the leader has committed: that is
 * cut off, and sent again. If the leader crashes instead, the others go on with what it had proposed or without it.
 */
import { usPerMs } from '../world.ts'
import type { Fault } from './fault.ts'

/** So long nothing is acknowledged before the connection is lost. */
const busyMostMs = 120
/** Less than the time after which a silent follower is given up. */
const withheldLeastMs = 500
const withheldMostMs = 900

export const withhold: Fault = {
  name: 'network.withhold',
  weight: 28,
  durationMostMs: 1_200,
  begin({ ensemble, network, world }, random) {
    const leader = ensemble?.leader
    const followers = ensemble?.servers.filter(({ role }) => role === 'following') ?? []
    if (leader === undefined || followers.length < 2) return undefined
    const to = leader.host.name
    const lost = random.pick(followers)
    for (const { host } of followers) network.block(host.name, to, 'network.withhold')
    const free = (name: string): void => network.unblock(name, to, 'network.withhold')
    const later = (delayMs: number, what: string, run: () => void): (() => void) => {
      const appointment = world.scheduler.after(delayMs * usPerMs, 'nemesis', what, run)
      return () => appointment.cancel()
    }
    const busyMs = random.between(20, busyMostMs)
    const crashes = random.chance(0.25)
    const cancelLoss = later(busyMs, 'cuts a connection to the leader', () => {
      if (crashes) return leader.end(random.chance(0.5))
      for (const near of network.connections) {
        if (near.port !== 'quorum' || near.host !== lost.host || near.peer?.host.name !== to)
          continue
        near.peer.fail('the connection was reset')
        near.fail('the connection was reset')
      }
      free(lost.host.name)
    })
    const end = (): void => {
      for (const { host } of followers) free(host.name)
    }
    const cancelEnd = later(
      busyMs + random.between(withheldLeastMs, withheldMostMs),
      'lets acknowledgements through',
      end,
    )
    return () => {
      cancelLoss()
      cancelEnd()
      end()
    }
  },
}
