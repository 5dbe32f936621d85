/** Jobs that contend for locks, leases and leaderships. */
import {
  type HeldLock,
  LeaderLatch,
  LeaderSelector,
  MultiLock,
  Mutex,
  ReadWriteLock,
  ReentrantMutex,
  Semaphore,
} from '@quorate/recipes'
import { leaseCount, type SoleLock } from '../words.ts'
import { holdAlone, holdAsReader, holdLease, holdOn } from './holding.ts'
import { attempt, repeat, type Workplace } from './workplace.ts'

const waitMostMs = 4_000
const kinds = ['mutex', 'mutex', 'reentrant', 'read', 'write', 'semaphore', 'multi'] as const
const multiLocks: readonly SoleLock[] = ['multi-a', 'multi-b', 'multi-c']

export function contend(place: Workplace): Promise<void> {
  return repeat(place, 'contend', 60, () => takeTurn(place))
}

async function takeTurn(place: Workplace): Promise<void> {
  const { zk, random, lossPolicy } = place
  const options = { id: place.name, lossPolicy }
  const wait = { deadlineMs: waitMostMs }
  switch (random.pick(kinds)) {
    case 'mutex': {
      const mutex = new Mutex(zk, '/recipes/mutex', options)
      return await use(place, await mutex.acquire(wait), (held) =>
        holdAlone(place, soleHolding('mutex', held)),
      )
    }
    case 'reentrant':
      return await takeAgain(place)
    case 'write': {
      const { write } = new ReadWriteLock(zk, '/recipes/rw', options)
      return await use(place, await write.acquire(wait), (held) =>
        holdAlone(place, soleHolding('rw', held)),
      )
    }
    case 'read': {
      const { read } = new ReadWriteLock(zk, '/recipes/rw', options)
      return await use(place, await read.acquire(wait), (held) => holdAsReader(place, held))
    }
    case 'semaphore': {
      const semaphore = new Semaphore(zk, '/recipes/semaphore', leaseCount, options)
      return await use(place, await semaphore.acquire(wait), (held) => holdLease(place, held))
    }
    default:
      return await takeSeveral(place)
  }
}

async function use(
  place: Workplace,
  held: HeldLock<'utf8'>,
  job: (held: HeldLock<'utf8'>) => Promise<void>,
): Promise<void> {
  try {
    await job(held)
  } finally {
    place.say({ type: 'gaveBack', path: held.path })
    await held.release()
  }
}

/** Acquired twice; which of the two is released first must not matter. */
async function takeAgain(place: Workplace): Promise<void> {
  const { zk, random, lossPolicy, name: id } = place
  const mutex = new ReentrantMutex(zk, '/recipes/reentrant', { id, lossPolicy })
  await using outer = await mutex.acquire({ deadlineMs: waitMostMs })
  await using inner = await mutex.acquire({ deadlineMs: waitMostMs })
  // If it was lost in between, the inner one has another node.
  const isSame = inner.path === outer.path
  const [first, last] = isSame && random.chance(0.5) ? [inner, outer] : [outer, inner]
  try {
    await holdAlone(place, soleHolding('reentrant', inner))
    await first.release()
    await holdOn(place, last)
  } finally {
    place.say({ type: 'gaveBack', path: inner.path })
  }
}

function soleHolding(lock: SoleLock, held: HeldLock<'utf8'>): Parameters<typeof holdAlone>[1] {
  const { path, token, guarded } = held
  return { grants: [{ lock, path, token }], guarded, isHeld: () => held.isHeld }
}

/** Two of three locks, so that those who want them overlap. */
async function takeSeveral(place: Workplace): Promise<void> {
  const { zk, random, lossPolicy } = place
  const left = random.pick(multiLocks)
  const wanted = multiLocks.filter((lock) => lock !== left)
  const several = new MultiLock(
    zk,
    wanted.toReversed().map((lock) => `/recipes/${lock}`),
    { id: place.name, lossPolicy },
  )
  await using held = await several.acquire({ deadlineMs: waitMostMs })
  const grants = held.locks.map(({ path, token }, i) => ({ lock: wanted[i]!, path, token }))
  try {
    await holdAlone(place, { grants, guarded: held.guarded, isHeld: () => held.isHeld })
  } finally {
    for (const { path } of grants) place.say({ type: 'gaveBack', path })
  }
}

export async function lead(place: Workplace): Promise<void> {
  const { zk, lossPolicy, name: id } = place
  await using latch = new LeaderLatch(zk, '/recipes/latch', { id, lossPolicy })
  await attempt(place, 'latch', () => latch.start())
  await repeat(place, 'latch', 40, async () => {
    const leadership = await latch.untilLeader({ deadlineMs: waitMostMs })
    await use(place, leadership, (held) => holdAlone(place, soleHolding('latch', held)))
  })
}

export async function select(place: Workplace): Promise<void> {
  const { zk, lossPolicy, name: id, random } = place
  await using selector = new LeaderSelector(
    zk,
    '/recipes/selector',
    async (leadership) => {
      const { token, guarded, path } = leadership
      const grants = [{ lock: 'selector' as const, path, token }]
      await attempt(place, 'select', () =>
        holdAlone(place, { grants, guarded, isHeld: () => leadership.isHeld }),
      )
      place.say({ type: 'gaveBack', path })
    },
    { id, lossPolicy },
  )
  const ended = attempt(place, 'select', () => selector.start())
  while (!place.isResting() && !place.isOver()) await place.pause(100 + random.below(100))
  await selector.close()
  await ended
}
