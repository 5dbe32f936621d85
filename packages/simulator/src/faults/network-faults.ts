/** What can happen to connections. */
import type { Endpoint } from '../network/endpoint.ts'
import { calmConditions } from '../network/conditions.ts'
import type { Prng } from '../prng.ts'
import { usPerMs } from '../world.ts'
import type { Fault, FaultTargets } from './fault.ts'

function pickConnection({ network }: FaultTargets, random: Prng): Endpoint | undefined {
  const { connections } = network
  return connections.length === 0 ? undefined : random.pick(connections)
}

/** Servers have a few connections with each other among many with clients. */
function pickQuorumConnection(targets: FaultTargets, random: Prng): Endpoint | undefined {
  const connections = targets.network.connections.filter(({ port }) => port === 'quorum')
  return connections.length === 0 ? undefined : random.pick(connections)
}

const reset: Fault = {
  name: 'network.reset',
  weight: 6,
  durationMostMs: 0,
  begin(targets, random) {
    const near = pickConnection(targets, random)
    const end = random.chance(0.5) ? near : near?.peer
    if (end !== undefined) end.resetAtByte = end.receivedBytes + random.below(300)
    return undefined
  },
}

/** One way or both ways are dead, and neither end is told. */
const halfOpen: Fault = {
  name: 'network.half-open',
  weight: 5,
  durationMostMs: 0,
  begin(targets, random) {
    const pick = random.chance(0.6) ? pickQuorumConnection : pickConnection
    const near = pick(targets, random)
    if (near?.peer === undefined) return undefined
    const way = random.below(3)
    if (way !== 0) near.silence()
    if (way !== 1) near.peer.silence()
    targets.world.faults.hit('network.half-open')
    near.host.note(`n${near.connection} goes silent, ${['there', 'here', 'at both ends'][way]}`)
    return undefined
  },
}

const stall: Fault = {
  name: 'network.stall',
  weight: 4,
  durationMostMs: 0,
  begin(targets, random) {
    const near = pickConnection(targets, random)
    const end = random.chance(0.5) ? near : near?.peer
    if (end === undefined) return undefined
    targets.world.faults.hit('network.stall')
    end.stall(random.between(5, 800) * usPerMs)
    return undefined
  },
}

const slow: Fault = {
  name: 'network.slow',
  weight: 3,
  durationMostMs: 1_500,
  begin({ network: { conditions } }, random) {
    conditions.isSlow = true
    conditions.latencyMostUs = random.between(20, 200) * usPerMs
    conditions.splitChance = 0.8
    return () => Object.assign(conditions, calmConditions)
  },
}

export const networkFaults: readonly Fault[] = [reset, halfOpen, stall, slow]
