/** Jobs that count, draw numbers, and change a configuration. */
import { atomicLong, CachedNumbers, type Config, counter, sharedCount } from '@quorate/recipes'
import { ZooKeeperError } from '@quorate/client'
import { paths } from '../words.ts'
import { attempt, repeat, sayNotCounted, type Workplace } from './workplace.ts'

export interface Setting {
  readonly count: number
  readonly by: string
}

export async function count(place: Workplace): Promise<void> {
  const { zk, random } = place
  const text = counter(zk, paths.counter)
  const long = atomicLong(zk, paths.long)
  await using shared = sharedCount(zk, paths.sharedCount)
  const ways = [
    { counter: paths.counter, amount: 1, add: () => text.increment() },
    { counter: paths.long, amount: 3, add: () => long.add(3) },
    { counter: paths.sharedCount, amount: 1, add: () => shared.update((value) => value + 1) },
  ] as const
  await repeat(place, 'count', 150, () => {
    const { counter: name, amount, add } = random.pick(ways)
    return counted(place, name, amount, add)
  })
}

async function counted(
  place: Workplace,
  name: string,
  amount: number,
  add: () => Promise<unknown>,
): Promise<void> {
  place.say({ type: 'countBegun', counter: name, amount })
  try {
    await add()
    place.say({ type: 'counted', counter: name, outcome: 'done' })
  } catch (error) {
    sayNotCounted(place, name, error)
    throw error
  }
}

/** Numbers that nobody else gets. */
export async function draw(place: Workplace): Promise<void> {
  const numbers = new CachedNumbers(atomicLong(place.zk, paths.ids), { blockSize: 4 })
  await repeat(place, 'draw', 150, async () =>
    place.say({ type: 'numbered', number: await numbers.next() }),
  )
}

export async function configure(place: Workplace, config: Config<Setting>): Promise<void> {
  await attempt(place, 'configure', () => config.ready())
  await repeat(place, 'configure', 400, () =>
    counted(place, paths.config, 1, () =>
      config.update(({ count: before }) => ({ count: before + 1, by: place.name })),
    ),
  )
}

/** Until the configuration is closed, or its session is over. */
export async function followConfig(place: Workplace, config: Config<Setting>): Promise<void> {
  await attempt(place, 'follow', async () => {
    try {
      for await (const { count: seen } of config) place.say({ type: 'followed', count: seen })
    } catch (error) {
      if (!(error instanceof ZooKeeperError && error.code === 'Closed')) throw error
    }
  })
}
