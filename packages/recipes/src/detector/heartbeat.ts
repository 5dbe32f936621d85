/**
 * Signs of life for a {@link FailureDetector}: an ephemeral node that this process writes again and again. Its value is a
 * count, which tells nothing but that somebody counts.
 */
import { type Alarm, type CallOptions, childPath } from '@quorate/client/core'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { type PersistentNode, persistentNode } from '../node/persistent-node.ts'

export interface HeartbeatOptions {
  /** The member's name, which nobody else may have. */
  readonly id: string
  /** How often it is written, in ms. Default 1000. */
  readonly intervalMs?: number
}

/** Begins to give signs of life in the group at `path`. */
export function heartbeat(
  zk: AnyZooKeeper,
  path: string,
  { id, intervalMs = 1_000 }: HeartbeatOptions,
): Heartbeat {
  if (!(intervalMs > 0))
    throw new RangeError(`a heartbeat comes every ${intervalMs} ms, and more than 0 are needed`)
  const node = persistentNode(zk, childPath(path, id), '0')
  return new Heartbeat(bytesClient(zk), node, intervalMs)
}

export class Heartbeat implements AsyncDisposable {
  readonly #client: BytesClient
  readonly #node: PersistentNode<string>
  readonly #intervalMs: number
  #alarm: Alarm | undefined
  #count = 0

  constructor(client: BytesClient, node: PersistentNode<string>, intervalMs: number) {
    this.#client = client
    this.#node = node
    this.#intervalMs = intervalMs
    this.#schedule()
  }

  /** Resolves when the others can see this member. */
  ready(options: CallOptions = {}): Promise<void> {
    return this.#node.ready(options)
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    this.#alarm?.cancel()
    this.#alarm = undefined
    await this.#node.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #schedule(): void {
    this.#alarm = this.#client.world.clock.wakeAfter(this.#intervalMs, () => {
      // One that is not written in time is late, which is what the others are to notice.
      this.#node.set(String(++this.#count), { deadlineMs: this.#intervalMs }).catch(() => {})
      this.#schedule()
    })
  }
}
