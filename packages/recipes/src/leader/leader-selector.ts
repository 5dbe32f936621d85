/**
 * A task that is carried out again and again, by one of several processes at a time, as Curator's LeaderSelector with
 * autoRequeue does: who ends its task goes to the end of the line, so that the others get their turns.
 *
 * A task that throws ends the selector; a connection or a session that is lost does not, as long as the client goes on.
 */
import type { CallOptions, ClientCodec, ZooKeeper } from '@quorate/client/core'
import { type AbortSource, abortSource, onAbort } from '../foundation/abort-source.ts'
import { type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { codeOf, isPassing } from '../foundation/outcome.ts'
import type { Contender } from '../lock/line.ts'
import type { LockOptions } from '../lock/lock.ts'
import { Mutex } from '../lock/mutex.ts'
import { type Leadership, runAsLeader } from './run-as-leader.ts'

export class LeaderSelector<C extends ClientCodec = 'utf8'> implements AsyncDisposable {
  readonly path: string
  readonly #zk: ZooKeeper<C>
  readonly #client: BytesClient
  readonly #task: (leadership: Leadership<C>) => Promise<void> | void
  readonly #options: LockOptions
  readonly #closing: AbortSource = abortSource()
  #leadership: { readonly stop: AbortSource } | undefined
  #ended: Promise<void> | undefined

  constructor(
    zk: ZooKeeper<C>,
    path: string,
    task: (leadership: Leadership<C>) => Promise<void> | void,
    options: LockOptions = {},
  ) {
    this.path = path
    this.#zk = zk
    this.#client = bytesClient(zk)
    this.#task = task
    this.#options = options
  }

  /** Begins to take part. @returns a promise that is settled when the selector has ended: rejected, if not by `close` */
  start(): Promise<void> {
    this.#ended ??= this.#run()
    return this.#ended
  }

  /** Whether the task is being carried out here. */
  get hasLeadership(): boolean {
    return this.#leadership !== undefined
  }

  /** Tells the task that runs here, if one does, to stop. The selector goes to the end of the line. */
  interrupt(reason?: unknown): void {
    this.#leadership?.stop.abort(reason)
  }

  /** Everybody who takes part: the leader in front. */
  participants(options: CallOptions = {}): Promise<readonly Contender[]> {
    return new Mutex(this.#zk, this.path, this.#options).contenders(options)
  }

  /** Tells the task to stop, and waits until it has and the leadership is given back. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#ended?.catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#client.world
    while (!this.#closing.signal.aborted) {
      const outcome = await this.#takeTurn()
      if (outcome === 'again' || this.#closing.signal.aborted) continue
      const delayMs = retryAfterMs * (1 + random.next())
      await new Promise<void>((resolve) => void clock.wakeAfter(delayMs, resolve))
    }
  }

  /** @throws what the task throws, and what the client cannot get over */
  async #takeTurn(): Promise<'again' | 'later'> {
    const stop = abortSource()
    const release = onAbort(this.#closing.signal, () => stop.abort())
    let hasBegun = false
    try {
      await runAsLeader(
        this.#zk,
        this.path,
        async (leadership) => {
          hasBegun = true
          this.#leadership = { stop }
          await this.#task(leadership)
        },
        { ...this.#options, signal: stop.signal },
      )
      return 'again'
    } catch (error) {
      if (hasBegun) throw error
      if (stop.signal.aborted) return 'again'
      const isOver = this.#client.state === 'expired' || this.#client.state === 'closed'
      if (isOver || !(isPassing(error) || codeOf(error) === 'SessionExpired')) throw error
      return 'later'
    } finally {
      this.#leadership = undefined
      release()
    }
  }
}

const retryAfterMs = 100
