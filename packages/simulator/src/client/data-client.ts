/**
 * A process that uses the data recipes on the real client library: it puts and takes items of queues, counts, and follows a tree, as an
 * application would, and makes a new client when a session is lost. What its recipes tell it is told to the checkers; its socket
 * is tapped as that of every real client, so that those of sessions and servers judge it, too.
 *
 * What a recipe says is told in the event in which it says it, or soon after: recipes go on behind many promises.
 */
import { type StateChange, type ZooKeeper, ZooKeeperError } from '@quorate/client/core'
import { utf8Decode } from '@quorate/protocol'
import { cache, counter, lockingQueue, queue, QueueItemError } from '@quorate/recipes'
import type { Host } from '../host.ts'
import type { ApplicationParts } from './application-process.ts'
import { isExpected, JobProcess } from './job-process.ts'

/** Above all nodes of recipes. */
export const recipesRoot = '/data-recipes'
export const queuePath = '/data-recipes/queue'
export const lockingQueuePath = '/data-recipes/locking-queue'
export const counterPath = '/data-recipes/counter'

/** Of a wait for an item. */
const takeMostMs = 1_500
/** Between two looks at the copy of the tree. */
const copyPauseMs = 200

export class DataClient extends JobProcess {
  #itemCount = 0

  constructor(host: Host, parts: ApplicationParts) {
    super(host, parts, 'data client')
  }

  protected override open(): void {
    if (this.isStopping) return
    const zk = this.makeClient({})
    zk.on(
      'state',
      this.guarded(zk, ({ state }: StateChange) => {
        if (state === 'expired') this.openAnother()
      }),
    )
    zk.connect()
    this.#work(zk)
  }

  protected override dies(): void {
    this.parts.world.observe({ type: 'dataClientEnded', client: this.host.name })
    super.dies()
  }

  #work(zk: ZooKeeper): void {
    const { world } = this.parts
    const client = this.host.name
    const items = queue(zk, queuePath)
    const locked = lockingQueue(zk, lockingQueuePath)
    const count = counter(zk, counterPath)
    const tree = cache(zk, recipesRoot)
    this.loop(zk, () => this.#put(queuePath, (item) => items.put(item)))
    this.loop(zk, () => this.#put(lockingQueuePath, (item) => locked.put(item)))
    this.loop(zk, () => this.#take(queuePath, (deadlineMs) => items.take({ deadlineMs })))
    this.loop(zk, () =>
      this.#take(lockingQueuePath, async (deadlineMs) => {
        const item = await locked.take({ deadlineMs })
        const { value } = item
        await item.consume()
        return value
      }),
    )
    this.loop(zk, async () => {
      const isSure = await sureOf(count.increment({ deadlineMs: takeMostMs }))
      if (isSure !== undefined) world.observe({ type: 'counted', client, isSure })
    })
    this.loop(zk, async () => {
      await this.pause(copyPauseMs)
      await tree.sync({ deadlineMs: takeMostMs })
      if (!tree.isExact) return
      const values = new Map<string, string>()
      for (const { path, value } of tree.nodes()) values.set(path, value)
      world.observe({ type: 'copied', client, root: recipesRoot, zxid: tree.zxid, values })
    })
  }

  async #put(path: string, put: (item: string) => Promise<void>): Promise<void> {
    const item = `${this.host.name}-${this.host.life}-${++this.#itemCount}`
    const { world } = this.parts
    world.observe({ type: 'itemOffered', client: this.host.name, queue: path, item })
    if ((await sureOf(put(item))) === true) world.observe({ type: 'itemPut', queue: path, item })
  }

  async #take(path: string, take: (deadlineMs: number) => Promise<string>): Promise<void> {
    const { world } = this.parts
    const told = { client: this.host.name, queue: path }
    world.observe({ type: 'takeBegun', ...told })
    let item: string | undefined
    let isSure = true
    try {
      item = await take(1 + this.random.below(takeMostMs))
    } catch (error) {
      isSure = false
      if (error instanceof QueueItemError && error.bytes !== null) item = utf8Decode(error.bytes)
      else if (!isExpected(error)) throw error
    }
    world.observe({ type: 'takeEnded', ...told, item, isSure })
  }
}

/** Whether what was asked for was done: undefined when it surely was not. */
async function sureOf(asked: Promise<unknown>): Promise<boolean | undefined> {
  try {
    await asked
    return true
  } catch (error) {
    if (!isExpected(error)) throw error
    return error instanceof ZooKeeperError && error.applied === 'no' ? undefined : false
  }
}
