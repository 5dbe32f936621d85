/**
 * Clients that ask for nothing new for a while, and a leader that is cut off shortly before, or crashes as they fall silent. What it
 * had proposed to nobody but itself is then cut off when it comes back: once the next leader has proposed anything, it is sent a whole
 * state instead.
 */
import { usPerMs } from '../world.ts'
import type { Fault } from './fault.ts'
import { isolate } from './link-faults.ts'

/** So long does an isolated leader go on proposing at most. */
const busyMostMs = 200
/** After that a leader without a quorum has given up, and there is another one. */
const isolatedLeastMs = 1_200
const isolatedMostMs = 3_000

export const lull: Fault = {
  name: 'client.lull',
  weight: 14,
  durationLeastMs: 1_500,
  durationMostMs: 6_000,
  isHarsh: true,
  begin(targets, random) {
    const { world, clients, ensemble } = targets
    const leader = random.chance(0.8) ? ensemble?.leader : undefined
    const reconnect =
      leader === undefined
        ? undefined
        : isolate(targets, leader, 'network.isolate-leader', random, true)
    let isReconnected = reconnect === undefined
    const end = (): void => {
      if (!isReconnected) reconnect?.()
      isReconnected = true
    }
    const crashes = random.chance(0.6)
    const appointments = [
      world.scheduler.after(random.below(busyMostMs) * usPerMs, 'nemesis', 'a lull begins', () => {
        world.faults.hit('client.lull')
        for (const client of clients) client.isResting = true
        if (!crashes) return
        leader?.end(random.chance(0.5))
        if (random.chance(0.5)) end()
      }),
    ]
    const isolatedMs = random.between(isolatedLeastMs, isolatedMostMs)
    appointments.push(
      world.scheduler.after(isolatedMs * usPerMs, 'nemesis', 'lets the leader back', end),
    )
    return () => {
      for (const appointment of appointments) appointment.cancel()
      end()
      for (const client of clients) client.isResting = false
    }
  },
}
