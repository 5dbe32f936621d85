/**
 * The kinds of faults. Each draws whom it hits, begins, and is ended after a while; the end leaves nothing behind but servers that
 * have to find together again.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Prng } from '@quorate/simulator'
import type { FaultMember } from './fault-member.ts'
import type { Place, Weather } from './network/fault-network.ts'
import { between, leaderOrVoter, type Scene } from './scene.ts'

export interface RunningFault {
  /** Whom it hits, for the report. */
  readonly what: string
  end(): Promise<void>
}

export interface FaultKind {
  readonly name: string
  /** Why it can't be had in this run; undefined when it can. */
  absence(scene: Scene): string | undefined
  /** Between its begin and its end. */
  readonly leastMs: number
  readonly mostMs: number
  begin(scene: Scene, random: Prng): Promise<RunningFault>
}

interface Cuts {
  readonly what: string
  readonly some: readonly Place[]
  readonly others: readonly Place[]
  readonly directions: 'both' | 'there' | 'back'
}

function cutKind(
  name: string,
  draw: (scene: Scene, random: Prng) => Promise<Cuts> | Cuts,
): FaultKind {
  return {
    name,
    absence: () => undefined,
    leastMs: 500,
    mostMs: 8_000,
    async begin(scene, random) {
      const { what, some, others, directions } = await draw(scene, random)
      const ways = between(some, others).filter(({ from }) => {
        return directions === 'both' || some.includes(from) === (directions === 'there')
      })
      await scene.network.cut(ways)
      return { what, end: () => scene.network.heal() }
    },
  }
}

/** A leader, or whoever it is, against all other servers. */
function leaderCut(name: string, directions: Cuts['directions']): FaultKind {
  return cutKind(name, async (scene, random) => {
    const leader = await leaderOrVoter(scene, random)
    const others = scene.members.filter((member) => member !== leader).map(({ id }) => id)
    return { what: leader.name, some: [leader.id], others, directions }
  })
}

function halves({ members }: Scene, random: Prng): Cuts {
  const order = random.shuffled(members).map(({ id }) => id)
  const count = random.between(1, Math.max(1, Math.floor(order.length / 2)))
  const [some, others] = [order.slice(0, count), order.slice(count)]
  const what = `${some.join(', ')} | ${others.join(', ')}`
  return { what, some, others, directions: 'both' }
}

function pair({ members }: Scene, random: Prng, directions: Cuts['directions']): Cuts {
  const [one, other] = random.shuffled(members)
  const sign = directions === 'both' ? '|' : '→'
  return {
    what: `${one!.id} ${sign} ${other!.id}`,
    some: [one!.id],
    others: [other!.id],
    directions,
  }
}

function clientsCut({ members }: Scene, random: Prng): Cuts {
  const { id, name } = random.pick(members)
  return { what: `${name} | clients`, some: [id], others: ['clients'], directions: 'both' }
}

function weatherKind(weather: Weather): FaultKind {
  return {
    name: `network.${weather}`,
    absence: ({ network }) =>
      network.weathers.has(weather) ? undefined : `this run's network has no ${weather}`,
    leastMs: 2_000,
    mostMs: 8_000,
    async begin({ members, network }, random) {
      const count = random.between(1, members.length)
      const hit = random.shuffled(members).slice(0, count)
      const severity = random.next()
      for (const { id } of hit) await network.impose({ weather, server: id, severity })
      return {
        what: `servers ${hit.map(({ id }) => id).join(', ')}, severity ${severity.toFixed(2)}`,
        end: () => network.heal(),
      }
    },
  }
}

/** Whose process ends, and begins again. */
function endKind(
  name: string,
  how: (member: FaultMember) => Promise<void>,
  draw: (scene: Scene, random: Prng) => Promise<readonly FaultMember[]> | readonly FaultMember[],
): FaultKind {
  return {
    name,
    absence: () => undefined,
    leastMs: 100,
    mostMs: 6_000,
    async begin(scene, random) {
      const hit = await draw(scene, random)
      await Promise.all(hit.map(how))
      return {
        what: hit.map(({ name: server }) => server).join(', '),
        async end() {
          await Promise.all(hit.map((member) => member.start()))
        },
      }
    },
  }
}

function pauseKind(
  name: string,
  draw: (scene: Scene, random: Prng) => Promise<FaultMember> | FaultMember,
): FaultKind {
  return {
    name,
    absence: () => undefined,
    leastMs: 300,
    mostMs: 7_000,
    async begin(scene, random) {
      const member = await draw(scene, random)
      member.suspend()
      return {
        what: member.name,
        async end() {
          member.resume()
        },
      }
    },
  }
}

const fullDisk: FaultKind = {
  name: 'disk.full',
  absence: ({ members }) =>
    members[0]!.disk.faults.has('full') ? undefined : 'the disks of this run cannot be filled',
  leastMs: 3_000,
  mostMs: 8_000,
  async begin(scene, random) {
    const member = random.chance(0.5)
      ? await leaderOrVoter(scene, random)
      : random.pick(scene.members)
    await member.disk.fill()
    return {
      what: member.name,
      async end() {
        member.disk.free()
      },
    }
  },
}

/** Longest time of standing still, and of going on in between. */
const heldMostMs = 700
const releasedMostMs = 150

const slowDisk: FaultKind = {
  name: 'disk.slow',
  absence: ({ members }) =>
    members[0]!.disk.faults.has('slow') ? undefined : 'the disks of this run cannot be slowed down',
  leastMs: 3_000,
  mostMs: 8_000,
  async begin(scene, random) {
    const { disk, name } = random.chance(0.5)
      ? await leaderOrVoter(scene, random)
      : random.pick(scene.members)
    const over = new AbortController()
    const stutter = async (): Promise<void> => {
      while (!over.signal.aborted) {
        await disk.hold()
        await delay(random.between(50, heldMostMs))
        await disk.release()
        await delay(random.between(5, releasedMostMs))
      }
    }
    const stuttering = stutter()
    return {
      what: name,
      async end() {
        over.abort()
        await stuttering
      },
    }
  },
}

const vanishedClient: FaultKind = {
  name: 'client.vanish',
  absence: () => undefined,
  leastMs: 100,
  mostMs: 4_000,
  async begin({ load }, random) {
    const hit = random.shuffled(load.names).slice(0, random.between(1, 3))
    for (const name of hit) load.kill(name)
    return {
      what: hit.join(', '),
      async end() {
        for (const name of hit) load.restart(name)
      },
    }
  },
}

const kill = (member: FaultMember): Promise<void> => member.kill()
const stop = (member: FaultMember): Promise<void> => member.stop()

export const faultKinds: readonly FaultKind[] = [
  cutKind('network.partition', halves),
  leaderCut('network.isolate-leader', 'both'),
  leaderCut('network.deafen-leader', 'back'),
  leaderCut('network.mute-leader', 'there'),
  cutKind('network.part-pair', (scene, random) => pair(scene, random, 'both')),
  cutKind('network.one-way', (scene, random) => pair(scene, random, 'there')),
  cutKind('network.part-clients', clientsCut),
  weatherKind('delay'),
  weatherKind('loss'),
  weatherKind('throttle'),
  endKind('process.kill', kill, ({ members }, random) => [random.pick(members)]),
  endKind('process.kill-leader', kill, async (scene, random) => [
    await leaderOrVoter(scene, random),
  ]),
  endKind('process.kill-all', kill, ({ members }) => members),
  endKind('process.stop', stop, ({ members }, random) => [random.pick(members)]),
  pauseKind('process.pause', ({ members }, random) => random.pick(members)),
  pauseKind('process.pause-leader', leaderOrVoter),
  fullDisk,
  slowDisk,
  vanishedClient,
]
