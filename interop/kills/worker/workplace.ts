/** What the jobs of a worker work with: the client of the present life, and the journal. */
import type { ZooKeeper } from '@quorate/client'
import { ZooKeeperError } from '@quorate/client'
import { RecipeError } from '@quorate/recipes'
import type { Prng } from '@quorate/simulator'
import type { Word } from '../words.ts'

export interface Workplace {
  readonly zk: ZooKeeper
  /** Of the process. */
  readonly name: string
  readonly random: Prng
  readonly lossPolicy: 'lease' | 'session'
  /** Resources outside ZooKeeper are one file, to which everybody appends. */
  readonly storeFile: string
  /** Whether nothing new is to be begun. */
  readonly isResting: () => boolean
  /** Whether the client can do no more, so that another takes its place. */
  readonly isOver: () => boolean
  readonly say: (word: Word) => void
  readonly pause: (ms: number) => Promise<void>
}

/** One turn after the other until the worker rests, or its client is over. */
export async function repeat(
  place: Workplace,
  job: string,
  pauseMostMs: number,
  turn: () => Promise<void>,
): Promise<void> {
  while (!place.isResting() && !place.isOver()) {
    await attempt(place, job, turn)
    await place.pause(1 + place.random.below(pauseMostMs))
  }
}

/** What a recipe rejects with is said; anything else ends the process. */
export async function attempt(
  place: Workplace,
  job: string,
  turn: () => Promise<void>,
): Promise<void> {
  try {
    await turn()
  } catch (error) {
    sayFailure(place, job, error)
  }
}

export function sayFailure(place: Workplace, job: string, error: unknown): void {
  if (!isExpected(error)) throw error
  const applied = error instanceof ZooKeeperError ? error.applied : 'no'
  place.say({ type: 'failed', job, code: error.code, applied, isOver: place.isOver() })
}

export function isExpected(error: unknown): error is ZooKeeperError | RecipeError {
  return error instanceof ZooKeeperError || error instanceof RecipeError
}

/** Whether what failed may have been done all the same. */
export function isInDoubt(error: unknown): error is ZooKeeperError {
  return error instanceof ZooKeeperError && error.applied === 'unknown'
}

export function sayNotCounted(place: Workplace, counter: string, error: unknown): void {
  if (isInDoubt(error))
    place.say({ type: 'counted', counter, outcome: 'in doubt', code: error.code })
  else place.say({ type: 'counted', counter, outcome: 'not done' })
}
