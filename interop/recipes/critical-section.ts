/**
 * What contenders of every library do in their critical sections, so that two that are in one at the same time notice.
 *
 * - Alone: `alone` is created, which fails if it is there; `count` is read and written plus one, which loses an addition
 *   if another does so meanwhile; `alone` is deleted.
 * - Beside readers: no `alone` may be there.
 * - One of two: a node below `inside`, of which there may be no more than two.
 */
import assert from 'node:assert/strict'
import type { ZooKeeper } from '@quorate/client'

export class CriticalSection {
  readonly #zk: ZooKeeper
  readonly #path: string

  constructor(zk: ZooKeeper, path: string) {
    this.#zk = zk
    this.#path = path
  }

  /** What there is to contend for. */
  get contended(): string {
    return `${this.#path}/contended`
  }

  async prepare(): Promise<void> {
    await this.#zk.create(this.#path)
    await this.#zk.create(`${this.#path}/count`, '0')
    await this.#zk.create(`${this.#path}/inside`)
  }

  async alone(): Promise<void> {
    await this.#zk.create(`${this.#path}/alone`, '', { ephemeral: true })
    const count = Number(await this.#zk.get(`${this.#path}/count`))
    await this.#zk.set(`${this.#path}/count`, String(count + 1))
    await this.#zk.delete(`${this.#path}/alone`)
  }

  async withoutWriter(): Promise<void> {
    for (let i = 0; i < 3; i++)
      assert.equal(await this.#zk.exists(`${this.#path}/alone`), null, 'a writer is inside')
  }

  async oneOfTwo(): Promise<void> {
    const own = await this.#zk.create(`${this.#path}/inside/i-`, '', {
      ephemeral: true,
      sequential: true,
    })
    const inside = await this.#zk.children(`${this.#path}/inside`)
    assert.ok(inside.length <= 2, 'more than two inside')
    await this.#zk.delete(own)
  }

  /** How often somebody was alone inside. */
  async count(): Promise<number> {
    return Number(await this.#zk.get(`${this.#path}/count`))
  }
}
