/**
 * The processes of a run that use recipes. Unless somebody says how many, one seed in twelve has some, of one kind: they ask for more
 * than other clients, so that a run with them takes twice as long.
 */
import { Host } from '../host.ts'
import type { Network } from '../network/network.ts'
import type { Prng } from '../prng.ts'
import type { PromiseTurns } from '../promise-turns.ts'
import type { World } from '../world.ts'
import type { ApplicationParts } from './application-process.ts'
import type { ClientProcess } from './client-process.ts'
import { DataClient } from './data-client.ts'
import { MemberClient } from './member-client.ts'
import { RecipeClient } from './recipe-client.ts'

/** How many there are of each kind; undefined: as the seed says. */
export interface ApplicationCounts {
  /** They contend by recipes, */
  readonly recipeClientCount: number | undefined
  /** they share data by recipes, */
  readonly dataClientCount: number | undefined
  /** or they are members of something by recipes. */
  readonly memberClientCount: number | undefined
}

/** Runs without them, and so without promises. */
export const noApplications: Readonly<Record<keyof ApplicationCounts, 0>> = {
  recipeClientCount: 0,
  dataClientCount: 0,
  memberClientCount: 0,
}

interface Surroundings {
  readonly world: World
  readonly network: Network
  readonly turns: PromiseTurns
  readonly servers: readonly string[]
}

interface Kind {
  readonly name: string
  readonly count: number
  readonly random: Prng
  readonly thinkMs: readonly [number, number]
  readonly create: (host: Host, parts: ApplicationParts) => ClientProcess
}

const seedsPerRun = 12
/** Of those that are there because the seed says so. */
const drawnCount = 3
const drawnKinds: readonly (keyof ApplicationCounts)[] = [
  'memberClientCount',
  'recipeClientCount',
  'dataClientCount',
]

export function createApplications(
  surroundings: Surroundings,
  seed: number,
  asked: ApplicationCounts,
): readonly ClientProcess[] {
  const { random } = surroundings.world
  const drawn = drawnKind(seed)
  const countOf = (kind: keyof ApplicationCounts): number =>
    asked[kind] ?? (kind === drawn ? drawnCount : 0)
  const kinds: readonly Kind[] = [
    {
      name: 'contender',
      count: countOf('recipeClientCount'),
      random: random.fork('recipe clients'),
      thinkMs: [10, 300],
      create: (host, parts) => new RecipeClient(host, parts),
    },
    {
      name: 'data',
      count: countOf('dataClientCount'),
      random: random.fork('data clients'),
      thinkMs: [50, 400],
      create: (host, parts) => new DataClient(host, parts),
    },
    {
      name: 'member',
      count: countOf('memberClientCount'),
      random: random.fork('member clients'),
      thinkMs: [100, 800],
      create: (host, parts) => new MemberClient(host, parts),
    },
  ]
  return kinds.flatMap((kind) => createKind(surroundings, kind))
}

function drawnKind(seed: number): keyof ApplicationCounts | undefined {
  if (seed % seedsPerRun !== 0) return undefined
  return drawnKinds[(seed / seedsPerRun) % drawnKinds.length]
}

function createKind(
  { world, network, turns, servers }: Surroundings,
  { name, count, random, thinkMs, create }: Kind,
): readonly ClientProcess[] {
  return Array.from({ length: count }, (_, at) => {
    const host = new Host(`${name}${at + 1}`, world.scheduler)
    network.addHost(host)
    const settings = {
      servers,
      sessionTimeoutMs: random.between(600, 3_000),
      acceptsReadOnly: false,
      depthMax: 1,
      burstChance: 0,
      thinkMostMs: random.between(...thinkMs),
    }
    return create(host, { world, network, settings, turns })
  })
}
