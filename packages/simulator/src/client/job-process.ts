/**
 * A process that has several jobs, each a loop that begins anew with each client: what it uses recipes for, as an application would.
 *
 * 1. A job ends with its client; what the network and the end of sessions do to it, it gets over.
 * 2. It judges nothing. A recipe that rejects with something else than what it documents ends the run.
 */
import { type ZooKeeper, ZooKeeperError } from '@quorate/client/core'
import { RecipeError } from '@quorate/recipes'
import { ApplicationProcess } from './application-process.ts'

export abstract class JobProcess extends ApplicationProcess {
  #openCount = 0

  override get isIdle(): boolean {
    return this.#openCount === 0
  }

  protected override dies(): void {
    this.#openCount = 0
  }

  /** Does the job again and again until the process is to stop, or has another client. */
  protected loop(zk: ZooKeeper, job: () => Promise<void>): void {
    this.#repeat(zk, job, true)
  }

  /** The same for a job that nobody waits for: it goes on when the process is to stop. */
  protected follow(zk: ZooKeeper, job: () => Promise<void>): void {
    this.#repeat(zk, job, false)
  }

  #repeat(zk: ZooKeeper, job: () => Promise<void>, isWaitedFor: boolean): void {
    const { life } = this.host
    const isOurs = (): boolean => life === this.host.life && zk === this.zk
    const isToGoOn = (): boolean => isOurs() && !(isWaitedFor && this.isStopping)
    const count = (by: 1 | -1): void => {
      if (isWaitedFor && life === this.host.life) this.#openCount += by
    }
    const run = async (): Promise<void> => {
      while (isToGoOn()) {
        count(1)
        try {
          await job()
        } catch (error) {
          if (!isExpected(error)) throw error
          this.host.note('fails with %', error.code)
        } finally {
          count(-1)
        }
        await this.pause(1 + this.random.below(this.parts.settings.thinkMostMs))
      }
    }
    const fail = this.parts.turns.guarded((error: unknown) => {
      if (isOurs()) throw error
    })
    run().catch(fail)
  }
}

/** What the network and the end of sessions do to recipes. */
export function isExpected(error: unknown): error is ZooKeeperError | RecipeError {
  return error instanceof ZooKeeperError || error instanceof RecipeError
}
