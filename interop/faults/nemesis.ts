/**
 * Lets faults begin and end until its time is over. The kinds come like cards from a shuffled deck, so that each has its turn before any
 * has its second. Sometimes there are two at once, of different families: their ends don't get in each other's way then.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Prng } from '@quorate/simulator'
import { faultKinds, type FaultKind, type RunningFault } from './faults.ts'
import type { Scene } from './scene.ts'

export interface NemesisOptions {
  readonly scene: Scene
  readonly random: Prng
  readonly print: (line: string) => void
  /** Called when the disks can be read again. */
  readonly healed: () => void
  /** Waits until all servers serve. @returns how long that took, ms */
  readonly awaitRecovery: () => Promise<number>
}

const twoChance = 0.3
/** Chance that the next fault waits until all have recovered from the last one. */
const calmChance = 0.6
const pauseMostMs = 1_500
/** In which faults end: a full disk hinders those that come back. */
const familiesAtEnd = ['disk', 'network', 'client', 'process']

export class Nemesis {
  readonly counts: Map<string, number> = new Map()
  readonly recoveriesMs: number[] = []
  readonly #options: NemesisOptions
  readonly #kinds: readonly FaultKind[]
  #deck: FaultKind[] = []

  constructor(options: NemesisOptions) {
    this.#options = options
    const { scene, print } = options
    for (const kind of faultKinds) {
      const why = kind.absence(scene)
      if (why !== undefined) print(`${kind.name} is not part of this run: ${why}`)
    }
    this.#kinds = faultKinds.filter((kind) => kind.absence(scene) === undefined)
  }

  /** @param isOver looked at between two faults */
  async run(isOver: () => boolean): Promise<void> {
    const { random, awaitRecovery } = this.#options
    while (!isOver()) {
      await this.#round()
      if (random.chance(calmChance)) this.recoveriesMs.push(await awaitRecovery())
      await delay(random.below(pauseMostMs))
    }
  }

  async #round(): Promise<void> {
    const { scene, random, print, healed } = this.#options
    const kinds = [this.#draw()]
    if (random.chance(twoChance)) {
      const other = this.#draw()
      if (familyOf(other) === familyOf(kinds[0]!)) this.#deck.push(other)
      else kinds.push(other)
    }
    const running: { readonly kind: FaultKind; readonly fault: RunningFault }[] = []
    try {
      for (const kind of kinds) {
        const fault = await kind.begin(scene, random)
        running.push({ kind, fault })
        print(`${kind.name}: ${fault.what}`)
        this.counts.set(kind.name, (this.counts.get(kind.name) ?? 0) + 1)
      }
      const leastMs = Math.max(...kinds.map((kind) => kind.leastMs))
      const mostMs = Math.max(...kinds.map((kind) => kind.mostMs))
      await delay(random.between(leastMs, mostMs))
    } finally {
      const order = running.toSorted(
        (a, b) => familiesAtEnd.indexOf(familyOf(a.kind)) - familiesAtEnd.indexOf(familyOf(b.kind)),
      )
      for (const { fault } of order) await fault.end()
    }
    print('healed')
    healed()
  }

  #draw(): FaultKind {
    if (this.#deck.length === 0) this.#deck = this.#options.random.shuffled(this.#kinds)
    return this.#deck.pop()!
  }
}

function familyOf({ name }: FaultKind): string {
  return name.slice(0, name.indexOf('.'))
}
