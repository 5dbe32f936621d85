/**
 * The names of the items that wait in a queue, in their order, as they were listed last; and who waits for more.
 *
 * A listing is used up before there is another one, unless something new may belong in front. A name is handed out once:
 * whoever has it takes the item, or finds it gone.
 */
import type { BytesClient } from '../foundation/bytes-client.ts'
import { Condition } from '../foundation/condition.ts'
import { ensureLasting } from '../foundation/container.ts'
import { Limit } from '../foundation/limit.ts'
import { codeOf, isPassing } from '../foundation/outcome.ts'

/** Which of the children are items, the first one in front. */
export type Order = (names: readonly string[]) => readonly string[]

export interface NamesSettings {
  readonly path: string
  readonly order: Order
  /** Whether an item that is put later may come before others. */
  readonly hasPriorities: boolean
  /** A node whose children are the names of items that are not to be had now. */
  readonly takenPath?: string
}

export class WaitingNames {
  readonly #zk: BytesClient
  readonly #settings: NamesSettings
  readonly #condition: Condition
  /** The next one is last. */
  #names: string[] = []
  /** The names are not to be used before there is a new listing. */
  #isStale = true
  /** A new listing may have more names. */
  #mayBeMore = true
  #listing: Promise<void> | undefined
  /** Names that were handed out, until {@link done} is told of them. */
  readonly #out = new Set<string>()

  constructor(zk: BytesClient, settings: NamesSettings) {
    this.#zk = zk
    this.#settings = settings
    this.#condition = new Condition(zk.world.clock, settings.path)
    // A session that is over, or follows one that is, has to be noticed by who waits.
    zk.on('state', ({ state }) => {
      if (state !== 'disconnected' && state !== 'connecting') this.refresh()
    })
  }

  /** Something may be new: whoever waits looks again. */
  readonly refresh = (): void => {
    this.#mayBeMore = true
    this.#condition.check()
  }

  readonly #itemsChanged = (): void => {
    this.#isStale = this.#settings.hasPriorities
    this.refresh()
  }

  /** The next name; undefined if there is none now. @throws ZooKeeperError, or the limit's error */
  async next(limit: Limit): Promise<string | undefined> {
    // A listing that is under way may have been begun for somebody who has given up.
    while (this.#listing !== undefined || this.#isListingDue) {
      this.#listing ??= this.#list().finally(() => (this.#listing = undefined))
      await limit.join(this.#listing)
    }
    const name = this.#names.pop()
    if (name !== undefined) this.#out.add(name)
    return name
  }

  get #isListingDue(): boolean {
    return this.#isStale || (this.#names.length === 0 && this.#mayBeMore)
  }

  /** Resolves when a next name is worth asking for. @throws the limit's error */
  async more(limit: Limit): Promise<void> {
    const isWorthIt = (): boolean => this.#isStale || this.#mayBeMore || this.#names.length > 0
    await this.#condition.within(limit, isWorthIt)
  }

  /** The item of the name has been taken, or is gone, or may be had again. */
  done(name: string, mayBeHad = false): void {
    this.#out.delete(name)
    if (mayBeHad) this.refresh()
  }

  /** Under no limit: several may wait for it. It ends with the session at the latest. */
  async #list(): Promise<void> {
    const { path, order, takenPath } = this.#settings
    this.#isStale = false
    this.#mayBeMore = false
    try {
      const [names, taken] = await Promise.all([
        this.#children(path, this.#itemsChanged),
        takenPath === undefined ? [] : this.#children(takenPath, this.refresh),
      ])
      const isTaken = new Set(taken)
      this.#names = order(names)
        .filter((name) => !isTaken.has(name) && !this.#out.has(name))
        .toReversed()
    } catch (error) {
      this.#isStale = true
      if (!isPassing(error)) throw error
    }
  }

  async #children(path: string, watch: () => void): Promise<readonly string[]> {
    for (;;) {
      try {
        return await this.#zk.children(path, { watch })
      } catch (error) {
        if (codeOf(error) !== 'NoNode') throw error
        using limit = new Limit(this.#zk.world.clock, {}, { op: 'take', path })
        await ensureLasting(this.#zk, path, limit)
      }
    }
  }
}
