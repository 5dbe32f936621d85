/**
 * A process that uses the recipes, as an application would: it waits for locks, leases and leaderships on the real client library,
 * writes through what it holds, and gives it back. It makes a new client when a session is lost. Its sockets are tapped, so that all
 * checkers see what it asks for; what it was granted it tells itself. Some go on in a new session of the same client object, where
 * nothing but the guard of a lost lock keeps them from writing.
 *
 * 1. It trusts a lock no longer than a careless application would: it goes on until a guarded write is refused.
 * 2. It judges nothing. A recipe that rejects with something else than what it documents ends the run.
 */
import { type StateChange, type ZooKeeper, ZooKeeperError } from '@quorate/client/core'
import {
  type HeldLock,
  type HeldLocks,
  LeaderLatch,
  LeaderSelector,
  type Lock,
  MultiLock,
  Mutex,
  ReadWriteLock,
  RecipeError,
  Semaphore,
} from '@quorate/recipes'
import type { Host } from '../host.ts'
import { contended, type Contended, heldTogether, tokenPath } from '../workload/contended.ts'
import { usPerMs } from '../world.ts'
import { ApplicationProcess, type ApplicationParts } from './application-process.ts'

const waitMostMs = 2_000
const holdMostMs = 400
const writesMost = 3
const turnsMost = 2
/** How often a process removes the node of a contender, as an operator might. */
const removalChance = 0.05
/** How often a process wants what all others want at that time: three must meet before a semaphore of two is contended. */
const rushChance = 0.5
const rushMs = 2_000

type Held = HeldLock<'utf8'>
/** A lock or a leadership. */
type Guarded = Pick<Held, 'path' | 'token' | 'guarded'>

export class RecipeClient extends ApplicationProcess {
  /** Of what all want in turn, where they begin. */
  readonly #firstRush: number
  #isBusy = false

  constructor(host: Host, parts: ApplicationParts) {
    super(host, parts, 'recipe client')
    this.#firstRush = parts.world.random.fork('rush').below(contended.length)
  }

  override get isIdle(): boolean {
    return !this.#isBusy
  }

  protected override open(): void {
    const onExpired = this.random.chance(0.5) ? 'renew' : 'end'
    const zk = this.makeClient({ onExpired })
    zk.on(
      'state',
      this.guarded(zk, ({ state }: StateChange) => {
        if (state !== 'expired' || onExpired === 'renew') return
        this.host.note('has lost its session and opens another client')
        this.openAnother()
      }),
    )
    this.#think(zk)
  }

  protected override dies(): void {
    this.#isBusy = false
  }

  #think(zk: ZooKeeper): void {
    this.later(this.random.below(this.parts.settings.thinkMostMs), 'thinks', () => {
      if (this.isStopping || zk !== this.zk) return
      if (this.isResting) this.#think(zk)
      else this.#contend(zk)
    })
  }

  /** The continuations of an earlier life never come: nothing wakes them. */
  #contend(zk: ZooKeeper): void {
    const { turns } = this.parts
    const what = this.#wanted()
    this.host.note('wants %', what.name)
    this.#isBusy = true
    turns.begin()
    const over = (): void => {
      this.#isBusy = false
      if (zk === this.zk) this.#think(zk)
    }
    void this.#takeTurn(zk, what).then(
      this.guarded(undefined, over),
      this.guarded(undefined, (error: unknown) => {
        if (!(error instanceof ZooKeeperError || error instanceof RecipeError)) throw error
        this.host.note('fails with %', error.code)
        over()
      }),
    )
  }

  #wanted(): Contended {
    if (!this.random.chance(rushChance)) return this.random.pick(contended)
    const rush = this.#firstRush + Math.floor(this.host.nowUs / (rushMs * usPerMs))
    return contended[rush % contended.length]!
  }

  async #takeTurn(zk: ZooKeeper, what: Contended): Promise<void> {
    const deadlineMs = this.random.below(waitMostMs)
    if (this.random.chance(removalChance)) await this.#removeSomebody(zk, what)
    if (what.kind === 'latch') {
      await using latch = new LeaderLatch(zk, what.path)
      await latch.start()
      await this.#hold(zk, what, await latch.untilLeader({ deadlineMs }))
      return
    }
    if (what.kind === 'selector') return await this.#select(zk, what, deadlineMs)
    if (what.kind === 'multi') {
      const paths = heldTogether.map(({ path }) => path)
      await using held = await new MultiLock(zk, paths).acquire({ deadlineMs })
      return await this.#holdTogether(zk, held)
    }
    await using held = await lockOf(zk, what).acquire({ deadlineMs })
    await this.#hold(zk, what, held)
  }

  /** Takes some turns as a leader, if they come in time; now and then one is interrupted. */
  async #select(zk: ZooKeeper, what: Contended, deadlineMs: number): Promise<void> {
    let turnCount = 0
    const selector = new LeaderSelector(zk, what.path, async (leadership) => {
      if (this.random.chance(0.3)) selector.interrupt()
      await this.#hold(zk, what, leadership)
      if (++turnCount >= turnsMost) void selector.close()
    })
    const ended = selector.start()
    const isLate = this.pause(deadlineMs).then(() => selector.close())
    await Promise.all([ended, isLate])
  }

  async #holdTogether(zk: ZooKeeper, held: HeldLocks<'utf8'>): Promise<void> {
    for (const lock of held.locks) this.#granted(zk, nameOf(lock.path), lock)
    for (let i = this.random.below(writesMost + 1); i > 0; i--) {
      await this.pause(this.random.below(holdMostMs))
      await writeTokens(held)
    }
    await this.pause(this.random.below(holdMostMs))
  }

  #granted(zk: ZooKeeper, lock: string, { path, token }: Pick<Held, 'path' | 'token'>): void {
    this.host.note('holds % by %', lock, path)
    const client = this.host.name
    this.parts.world.observe({ type: 'granted', client, lock, path, token, zxid: zk.lastZxid })
  }

  async #hold(zk: ZooKeeper, what: Contended, held: Guarded): Promise<void> {
    const { name: lock } = what
    this.#granted(zk, lock, held)
    for (let i = this.random.below(writesMost + 1); i > 0; i--) {
      await this.pause(this.random.below(holdMostMs))
      if (what.kind !== 'read' && what.kind !== 'semaphore') await writeToken(held, lock)
    }
    await this.pause(this.random.below(holdMostMs))
  }

  async #removeSomebody(zk: ZooKeeper, what: Contended): Promise<void> {
    const names = await zk.children(what.path).catch(() => [])
    if (names.length > 0) await zk.delete(`${what.path}/${this.random.pick(names)}`)
  }
}

function lockOf(zk: ZooKeeper, { kind, path, leaseCount }: Contended): Lock<'utf8'> {
  switch (kind) {
    case 'read':
      return new ReadWriteLock(zk, path).read
    case 'write':
      return new ReadWriteLock(zk, path).write
    case 'semaphore':
      return new Semaphore(zk, path, leaseCount)
    default:
      return new Mutex(zk, path)
  }
}

/** All of them in one transaction, which creates those that are missing. */
async function writeTokens({ guarded, locks }: HeldLocks<'utf8'>): Promise<void> {
  const [first, second] = locks.map(({ path, token }) => ({
    path: tokenPath(nameOf(path)),
    value: String(token),
  }))
  try {
    await guarded.commit((writes) =>
      writes.set(first!.path, first!.value).set(second!.path, second!.value),
    )
  } catch (error) {
    if (!(error instanceof ZooKeeperError && error.code === 'NoNode')) throw error
    const missing = error.index === 0 ? first! : second!
    await guarded.create(missing.path, missing.value)
  }
}

async function writeToken(held: Guarded, lock: string): Promise<void> {
  const path = tokenPath(lock)
  const value = String(held.token)
  try {
    await held.guarded.set(path, value)
  } catch (error) {
    if (!(error instanceof ZooKeeperError && error.code === 'NoNode')) throw error
    await held.guarded.create(path, value)
  }
}

/** Of one of the locks that are held together, by the path of a node in its line. */
function nameOf(nodePath: string): string {
  return heldTogether.find(({ path }) => nodePath.startsWith(`${path}/`))!.name
}
