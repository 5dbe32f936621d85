/**
 * Jobs that put items into queues and take them out. A take has no deadline, so that whoever is killed takes one item along at
 * most; the loops end with the item that says so.
 */
import { lockingQueue, priorityQueue, queue, QueueItemError, RecipeError } from '@quorate/recipes'
import { lastItem, paths, type QueuePath, queuePaths } from '../words.ts'
import { isExpected, isInDoubt, repeat, sayFailure, type Workplace } from './workplace.ts'

/** Of this process, over its clients. */
export interface ItemState {
  nextItem: number
  /** Whose last item was taken here. */
  readonly ended: Set<QueuePath>
}

interface Shop {
  put(item: string): Promise<void>
  /** @throws also when it cannot say whether it has taken the item; then `doubtful` tells which */
  take(): Promise<string>
}

export async function putItems(place: Workplace, state: ItemState): Promise<void> {
  const shops = shopsOf(place)
  await repeat(place, 'put', 250, async () => {
    const to = place.random.pick(queuePaths)
    const item = `${place.name}-${state.nextItem++}`
    place.say({ type: 'itemOffered', queue: to, item })
    await shops[to].put(item)
    place.say({ type: 'itemPut', queue: to, item })
  })
}

export async function takeItems(place: Workplace, state: ItemState): Promise<void> {
  const shops = shopsOf(place)
  await Promise.all(
    queuePaths.map(async (from) => {
      while (!state.ended.has(from) && !place.isOver()) {
        const item = await takeOne(place, from, () => shops[from].take())
        if (item === lastItem) state.ended.add(from)
        await place.pause(1 + place.random.below(100))
      }
    }),
  )
}

async function takeOne(
  place: Workplace,
  from: QueuePath,
  take: () => Promise<string>,
): Promise<string | undefined> {
  place.say({ type: 'takeBegun', queue: from })
  try {
    const item = await take()
    if (item !== lastItem) place.say({ type: 'takeEnded', queue: from, item, isSure: true })
    return item
  } catch (error) {
    if (error instanceof Doubtful) {
      place.say({ type: 'takeEnded', queue: from, item: error.item, isSure: false })
      return undefined
    }
    if (!isExpected(error)) throw error
    // What the recipe does not name, it has not taken.
    place.say({ type: 'takeEnded', queue: from, isSure: true })
    if (!(error instanceof RecipeError && error.code === 'LockLost'))
      sayFailure(place, 'take', error)
    return undefined
  }
}

class Doubtful extends Error {
  readonly item: string

  constructor(item: string, cause: unknown) {
    super(`nobody can say who has taken ${item}`, { cause })
    this.item = item
  }
}

function shopsOf(place: Workplace): Readonly<Record<QueuePath, Shop>> {
  const { zk, random } = place
  const plain = queue(zk, paths.queue)
  const byPriority = priorityQueue(zk, paths.priorityQueue)
  const locking = lockingQueue(zk, paths.lockingQueue)
  const priority = (): { readonly priority: number } => ({ priority: random.below(900) })
  return {
    [paths.queue]: {
      put: (item) => plain.put(item),
      take: () => takenFrom(() => plain.take()),
    },
    [paths.priorityQueue]: {
      put: (item) => byPriority.put(item, priority()),
      take: () => takenFrom(() => byPriority.take()),
    },
    [paths.lockingQueue]: {
      put: (item) => locking.put(item, priority()),
      async take() {
        const item = await locking.take()
        await place.pause(random.below(80))
        try {
          await item.consume()
        } catch (error) {
          if (isInDoubt(error)) throw new Doubtful(item.value, error)
          throw error
        }
        return item.value
      },
    },
  }
}

async function takenFrom(take: () => Promise<string>): Promise<string> {
  try {
    return await take()
  } catch (error) {
    if (error instanceof QueueItemError && error.bytes !== null)
      throw new Doubtful(Buffer.from(error.bytes).toString(), error)
    throw error
  }
}
