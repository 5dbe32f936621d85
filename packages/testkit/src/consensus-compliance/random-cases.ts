/** Random runs: everything at once, and the laws hold; when the faults are over, everybody serves. */
import type { CaseDefinition } from './compliance-case.ts'
import type { EngineUnderTest } from './engine-ensemble.ts'
import { ObservedEnsemble } from './observed-ensemble.ts'
import type { ObservedServer } from './observed-server.ts'
import { randomOf } from './random.ts'

const rounds = 100

export function randomCases(seeds: {
  readonly first: number
  readonly last: number
}): readonly CaseDefinition[] {
  const range = `seeds ${seeds.first} to ${seeds.last}`
  const sizes = [1, 3, 5]
  return sizes.map((voterCount) => ({
    name: `a random run of ${voterCount === 1 ? 'a server alone' : `${voterCount} voters with observers`} keeps all laws and ends well (${range})`,
    serverCount: voterCount === 1 ? 1 : voterCount + 1,
    run(engine: EngineUnderTest) {
      for (let seed = seeds.first; seed <= seeds.last; seed++) {
        try {
          runAtRandom(engine, voterCount, seed)
        } catch (error) {
          throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
        }
      }
    },
  }))
}

function runAtRandom(engine: EngineUnderTest, voterCount: number, seed: number): void {
  const random = randomOf(seed * 7 + voterCount)
  const voters = Array.from({ length: voterCount }, (_, at) => at + 1)
  const observers = voterCount === 1 ? [] : [8, 9].slice(0, seed % 3)
  const ensemble = new ObservedEnsemble(engine, { voters, observers, seed })
  ensemble.start(...ensemble.servers)
  for (let round = 0; round < rounds; round++) {
    harm(ensemble, random)
    ask(ensemble, random)
    ensemble.run(random() * 100)
  }
  ensemble.healAll()
  for (const server of ensemble.servers) ensemble.releaseDisk(server)
  ensemble.startAll()
  // Whoever leads now may have been about to give up.
  ensemble.run(ensemble.patienceMs / 10)
  ensemble.startAll()
  ensemble.runUntilDelivered(ensemble.leader.submit())
}

function harm(ensemble: ObservedEnsemble, random: () => number): void {
  const pick = (): ObservedServer =>
    ensemble.servers[Math.floor(random() * ensemble.servers.length)]!
  const [a, b] = [pick(), pick()]
  const chance = random()
  if (chance < 0.08) ensemble.crash(a)
  else if (chance < 0.2) ensemble.start(a)
  else if (chance < 0.28 && a !== b) ensemble.cut(a, b)
  else if (chance < 0.45) ensemble.healAll()
  else if (chance < 0.5) ensemble.holdDisk(a)
  else if (chance < 0.6) for (const server of ensemble.servers) ensemble.releaseDisk(server)
  else if (chance < 0.63) ensemble.crash(...ensemble.servers.filter((it) => it.isLeading))
  else if (chance < 0.66) {
    // A power failure: most go at once, and most of them come back at once.
    const struck = ensemble.servers.filter(() => random() < 0.8)
    ensemble.crash(...struck)
    ensemble.start(...struck.filter(() => random() < 0.7))
  }
}

function ask(ensemble: ObservedEnsemble, random: () => number): void {
  for (const server of ensemble.servers) {
    for (let count = Math.floor(random() * 4); count > 0; count--) {
      if (server.isLeading) {
        server.submit()
        if (random() < 0.3) server.confirm()
      } else if (server.term !== undefined) {
        if (random() < 0.5) server.forward()
        else server.sync()
      }
    }
  }
}
