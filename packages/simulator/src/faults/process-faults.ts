/** What can happen to processes, servers' and clients', and to their clocks. */
import type { Host } from '../host.ts'
import { usPerMs } from '../world.ts'
import type { Fault } from './fault.ts'

const kill: Fault = {
  isHarsh: true,
  name: 'process.kill',
  weight: 3,
  durationMostMs: 0,
  begin({ servers, world }, random) {
    const server = random.pick(servers)
    if (server.isDown) return undefined
    world.faults.hit('process.kill')
    server.end(false)
    return undefined
  },
}

const powerFailure: Fault = {
  isHarsh: true,
  name: 'process.power-failure',
  weight: 4,
  durationMostMs: 0,
  begin({ servers, world }, random) {
    const server = random.pick(servers)
    if (server.isDown) return undefined
    world.faults.hit('process.power-failure')
    server.end(true)
    return undefined
  },
}

const killLeader: Fault = {
  name: 'process.kill-leader',
  weight: 3,
  durationMostMs: 0,
  isHarsh: true,
  begin({ ensemble, world }, random) {
    const leader = ensemble?.leader
    if (leader === undefined) return undefined
    world.faults.hit('process.kill-leader')
    leader.end(random.chance(0.5))
    return undefined
  },
}

/** All machines at once, or a few moments apart. */
const ensemblePowerFailure: Fault = {
  name: 'process.ensemble-power-failure',
  weight: 2,
  durationMostMs: 0,
  isHarsh: true,
  begin({ ensemble, world }, random) {
    if (ensemble === undefined) return undefined
    world.faults.hit('process.ensemble-power-failure')
    const apartMostMs = random.chance(0.5) ? 0 : 20
    for (const server of ensemble.servers) {
      const delayUs = random.below(apartMostMs + 1) * usPerMs
      world.scheduler.after(delayUs, server.host.name, 'loses its power with all others', () =>
        server.end(true),
      )
    }
    return undefined
  },
}

const crashInRecovery: Fault = {
  isHarsh: true,
  name: 'process.crash-in-recovery',
  weight: 2,
  durationMostMs: 0,
  begin({ servers }, random) {
    const server = random.pick(servers)
    server.crashInRecoveryAfter(1)
    server.end(random.chance(0.5))
    return undefined
  },
}

const crashInSnapshot: Fault = {
  name: 'process.crash-in-snapshot',
  weight: 3,
  durationMostMs: 0,
  begin({ servers }, random) {
    random.pick(servers).crashInSnapshotAfter(random.between(1, 20))
    return undefined
  },
}

const pause: Fault = {
  name: 'process.pause',
  weight: 3,
  durationMostMs: 2_500,
  begin({ servers, world }, random) {
    const { host } = random.pick(servers)
    if (host.isPaused) return undefined
    world.faults.hit('process.pause')
    return pauseHost(host)
  },
}

const pauseLeader: Fault = {
  name: 'process.pause-leader',
  weight: 2,
  durationMostMs: 2_500,
  isHarsh: true,
  begin({ ensemble, world }) {
    const host = ensemble?.leader?.host
    if (host === undefined || host.isPaused) return undefined
    world.faults.hit('process.pause-leader')
    return pauseHost(host)
  },
}

/** The clocks of hosts run at rates of their own from the start; whether they do is decided there. */
const drift: Fault = {
  name: 'clock.drift',
  weight: 0,
  durationMostMs: 0,
  begin: () => undefined,
}

const jumpForward: Fault = {
  name: 'clock.jump-forward',
  weight: 1,
  durationMostMs: 0,
  begin({ servers, world }, random) {
    world.faults.hit('clock.jump-forward')
    random.pick(servers).host.wallOffsetMs += random.between(1, 100_000)
    return undefined
  },
}

const jumpBack: Fault = {
  name: 'clock.jump-back',
  weight: 1,
  durationMostMs: 0,
  begin({ servers, world }, random) {
    world.faults.hit('clock.jump-back')
    random.pick(servers).host.wallOffsetMs -= random.between(1, 100_000)
    return undefined
  },
}

/** The process is gone without a word, and a new one starts with nothing. */
const clientVanishes: Fault = {
  name: 'client.vanish',
  weight: 3,
  durationMostMs: 0,
  begin({ clients, world }, random) {
    const client = random.pick(clients)
    if (!client.host.isUp) return undefined
    world.faults.hit('client.vanish')
    client.kill(random.chance(0.5))
    const { life } = client.host
    // Its machine may be up: if it vanishes once more before it is back, it comes back once, from that.
    world.scheduler.after(
      random.between(10, 1_500) * usPerMs,
      client.host.name,
      'starts over',
      () => {
        if (client.host.life === life) client.start()
      },
    )
    return undefined
  },
}

const clientPause: Fault = {
  name: 'client.pause',
  weight: 2,
  durationMostMs: 4_000,
  begin({ clients, world }, random) {
    const { host } = random.pick(clients)
    if (host.isPaused) return undefined
    world.faults.hit('client.pause')
    return pauseHost(host)
  },
}

function pauseHost(host: Host): () => void {
  host.pause()
  return () => host.resume()
}

export const processFaults: readonly Fault[] = [
  kill,
  killLeader,
  ensemblePowerFailure,
  pauseLeader,
  drift,
  powerFailure,
  crashInRecovery,
  crashInSnapshot,
  pause,
  jumpForward,
  jumpBack,
  clientVanishes,
  clientPause,
]
