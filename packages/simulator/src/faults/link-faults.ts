/** What can happen to the ways between hosts. */
import { usPerMs } from '../world.ts'
import type { Link } from '../network/link.ts'
import type { Prng } from '../prng.ts'
import type { Machine } from '../server/machine.ts'
import type { FaultKind } from './fault-counts.ts'
import type { Fault, FaultTargets } from './fault.ts'

/** Ways that are blocked, as pairs of from and to. */
type Ways = readonly (readonly [string, string])[]

function block({ network }: FaultTargets, ways: Ways, kind: FaultKind): () => void {
  for (const [from, to] of ways) network.block(from, to, kind)
  return () => {
    for (const [from, to] of ways) network.unblock(from, to, kind)
  }
}

function namesOf(machines: readonly { readonly host: { readonly name: string } }[]): string[] {
  return machines.map(({ host }) => host.name)
}

/** Every way between the two groups. */
function waysBetween(here: readonly string[], there: readonly string[]): Ways {
  return here.flatMap((a) =>
    there.flatMap(
      (b) =>
        [
          [a, b],
          [b, a],
        ] as const,
    ),
  )
}

/** Servers, and each client with one part or the other, or with both. */
const partition: Fault = {
  name: 'network.partition',
  weight: 3,
  durationMostMs: 3_000,
  isHarsh: true,
  begin(targets, random) {
    const servers = namesOf(targets.servers)
    if (servers.length < 2) return undefined
    const here = servers.filter(() => random.chance(0.5))
    if (here.length === 0 || here.length === servers.length) return undefined
    const there = servers.filter((name) => !here.includes(name))
    for (const client of namesOf(targets.clients)) {
      const side = random.below(3)
      if (side === 0) here.push(client)
      else if (side === 1) there.push(client)
    }
    targets.world.scheduler.note('nemesis', 'parts % from %', here.join(' '), there.join(' '))
    return block(targets, waysBetween(here, there), 'network.partition')
  },
}

const oneWay: Fault = {
  name: 'network.one-way',
  weight: 2,
  durationMostMs: 2_500,
  isHarsh: true,
  begin(targets, random) {
    const servers = namesOf(targets.servers)
    if (servers.length < 2) return undefined
    const one = random.pick(servers)
    const others = servers.filter((name) => name !== one && random.chance(0.7))
    const isDeaf = random.chance(0.5)
    targets.world.scheduler.note('nemesis', isDeaf ? '% hears nothing' : 'nobody hears %', one)
    const ways = others.map((other) => (isDeaf ? ([other, one] as const) : ([one, other] as const)))
    return block(targets, ways, 'network.one-way')
  },
}

/** From all servers; whether from its clients too is chance, if nothing else is said. */
export function isolate(
  targets: FaultTargets,
  one: Machine,
  kind: FaultKind,
  random: Prng,
  keepsClients: boolean = random.chance(0.5),
): () => void {
  const others = namesOf(targets.servers).filter((name) => name !== one.host.name)
  if (!keepsClients) others.push(...namesOf(targets.clients))
  targets.world.scheduler.note('nemesis', 'cuts % off', one.host.name)
  return block(targets, waysBetween([one.host.name], others), kind)
}

const isolateAny: Fault = {
  name: 'network.isolate',
  weight: 2,
  durationMostMs: 3_000,
  isHarsh: true,
  begin: (targets, random) =>
    isolate(targets, random.pick(targets.servers), 'network.isolate', random),
}

const isolateLeader: Fault = {
  name: 'network.isolate-leader',
  weight: 3,
  durationMostMs: 3_000,
  isHarsh: true,
  begin(targets, random) {
    const leader = targets.ensemble?.leader
    return leader === undefined
      ? undefined
      : isolate(targets, leader, 'network.isolate-leader', random)
  },
}

/**
 * Its followers take the leader for gone at once, and it learns nothing of that: there is another one before it has heard nothing for
 * long enough to give up. Its clients stay with it.
 */
const forsakeLeader: Fault = {
  name: 'network.forsake-leader',
  weight: 4,
  durationMostMs: 2_500,
  isHarsh: true,
  begin(targets, random) {
    const leader = targets.ensemble?.leader
    if (leader === undefined) return undefined
    const { name } = leader.host
    const others = namesOf(targets.servers).filter((it) => it !== name)
    targets.world.scheduler.note('nemesis', 'lets all forsake %', name)
    const reconnect = block(targets, waysBetween([name], others), 'network.forsake-leader')
    const { connections } = targets.network
    for (const near of connections.filter(({ port }) => port === 'quorum'))
      if (near.peer?.host === leader.host && random.chance(0.9))
        near.fail('the connection was reset')
    return reconnect
  },
}

/** Both ways between a server and another one, or a client; or between a server and all the others. */
function pickLinks({ network, servers, clients }: FaultTargets, random: Prng): readonly Link[] {
  const one = random.pick(servers).host.name
  const notOne = (name: string): boolean => name !== one
  const others = random.chance(0.5)
    ? namesOf(servers).filter(notOne)
    : [random.pick(namesOf([...servers, ...clients]).filter(notOne))]
  return others.flatMap((other) => [network.link(one, other), network.link(other, one)])
}

const slowLink: Fault = {
  name: 'network.slow-link',
  weight: 3,
  durationMostMs: 3_000,
  begin(targets, random) {
    const links = pickLinks(targets, random)
    for (const link of links) link.bytesPerMs = random.between(1, 50)
    return () => {
      for (const link of links) link.bytesPerMs = Infinity
    }
  },
}

const reorder: Fault = {
  name: 'network.reorder',
  weight: 2,
  durationMostMs: 3_000,
  begin(targets, random) {
    const { servers, network } = targets
    const mostUs = random.between(5, 80) * usPerMs
    const links =
      servers.length < 2
        ? pickLinks(targets, random)
        : namesOf(servers).flatMap((from) =>
            namesOf(servers)
              .filter((to) => to !== from)
              .map((to) => network.link(from, to)),
          )
    for (const link of links) link.unevenMostUs = mostUs
    return () => {
      for (const link of links) link.unevenMostUs = 0
    }
  },
}

/** Dials to one server, for a while: `conditions` says what becomes of them. */
function toOneServer(
  { network, servers, clients }: FaultTargets,
  random: Prng,
  conditions: Partial<Pick<Link, 'refuseChance' | 'duplicateChance'>>,
): () => void {
  const to = random.pick(servers).host.name
  const links = namesOf([...servers, ...clients])
    .filter((from) => from !== to)
    .map((from) => network.link(from, to))
  for (const link of links) Object.assign(link, conditions)
  return () => {
    for (const link of links) {
      link.refuseChance = 0
      link.duplicateChance = 0
    }
  }
}

const duplicateDial: Fault = {
  name: 'network.duplicate-dial',
  weight: 3,
  durationMostMs: 5_000,
  begin: (targets, random) => toOneServer(targets, random, { duplicateChance: 0.5 }),
}

const refuse: Fault = {
  name: 'network.refuse',
  weight: 2,
  durationMostMs: 2_000,
  begin: (targets, random) => toOneServer(targets, random, { refuseChance: 0.7 }),
}

export const linkFaults: readonly Fault[] = [
  partition,
  oneWay,
  isolateAny,
  isolateLeader,
  forsakeLeader,
  slowLink,
  reorder,
  duplicateDial,
  refuse,
]
