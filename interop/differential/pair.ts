/** Two servers that go through the same rounds side by side. */
import { startApache } from '../harness/apache-server.ts'
import { startQuorate } from '../harness/quorate-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { compareStep, type Difference } from './comparison.ts'
import type { Configuration } from './configurations.ts'
import { type IntendedDifference, intendedDifferences } from './intended-differences.ts'
import { type Observed, ServerWorld } from './server-world.ts'
import type { Step } from './step.ts'

export type SubjectKind = 'apache' | 'quorate'

export interface FoundDifference extends Difference {
  readonly stepIndex: number
}

export class Pair {
  readonly #reference: ServerProcess
  readonly #subject: ServerProcess
  readonly #referenceWorld: ServerWorld
  readonly #subjectWorld: ServerWorld
  readonly #intended: readonly IntendedDifference[]
  /** Rounds so far, repeated ones too: each has a root of its own. */
  #rootCount = 0

  private constructor(reference: ServerProcess, subject: ServerProcess) {
    this.#reference = reference
    this.#subject = subject
    this.#referenceWorld = new ServerWorld(reference.port)
    this.#subjectWorld = new ServerWorld(subject.port)
    this.#intended = reference.kind.name === subject.kind.name ? [] : intendedDifferences
  }

  static async start(configuration: Configuration, subject: SubjectKind): Promise<Pair> {
    const reference = await startApache(configuration.server)
    try {
      const start = subject === 'apache' ? startApache : startQuorate
      return new Pair(reference, await start(configuration.server))
    } catch (error) {
      await reference.dispose()
      throw error
    }
  }

  /** Runs the steps below a new root up to the first difference. */
  async runRound(
    steps: readonly Step[],
    listeners: {
      readonly onReference?: (observed: Observed) => void
      readonly onIntended?: (id: string, stepIndex: number) => void
    } = {},
  ): Promise<FoundDifference | undefined> {
    const root = `/r${++this.#rootCount}`
    await Promise.all([this.#referenceWorld.beginRound(root), this.#subjectWorld.beginRound(root)])
    try {
      for (const [stepIndex, step] of steps.entries()) {
        const [reference, subject] = await Promise.all([
          this.#referenceWorld.perform(step),
          this.#subjectWorld.perform(step),
        ])
        reference.forEach((observed) => listeners.onReference?.(observed))
        const difference = compareStep(step, reference, subject, {
          referenceView: this.#referenceWorld.view,
          subjectView: this.#subjectWorld.view,
          intended: this.#intended,
          onIntended: (id) => listeners.onIntended?.(id, stepIndex),
        })
        if (difference !== undefined) return { ...difference, stepIndex }
      }
      return undefined
    } finally {
      await Promise.all([this.#referenceWorld.endRound(), this.#subjectWorld.endRound()])
    }
  }

  async dispose(): Promise<void> {
    this.#referenceWorld.dispose()
    this.#subjectWorld.dispose()
    await Promise.all([this.#reference.dispose(), this.#subject.dispose()])
  }
}
