/** Gives signs of life, and says what a failure detector makes of those of the others. */
import {
  type FailureDetector,
  failureDetector,
  type Heartbeat,
  heartbeat,
  type MemberStatus,
} from '@quorate/recipes'
import { beatMs, paths, suspicionThreshold } from '../words.ts'
import { attempt, type Workplace } from './workplace.ts'

export class SignsOfLife implements AsyncDisposable {
  readonly #place: Workplace
  readonly #heartbeat: Heartbeat
  readonly #detector: FailureDetector
  readonly #following: Promise<void>

  constructor(place: Workplace) {
    const { zk, name: id } = place
    this.#place = place
    this.#heartbeat = heartbeat(zk, paths.beats, { id, intervalMs: beatMs })
    this.#detector = failureDetector(zk, paths.beats, { threshold: suspicionThreshold })
    this.#following = attempt(place, 'detect', () => this.#follow())
  }

  ready(): Promise<void> {
    return this.#heartbeat.ready()
  }

  get alive(): readonly string[] {
    const all = [...this.#detector.members]
    return all.flatMap(([id, status]) => (status === 'alive' ? [id] : [])).toSorted()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#detector.close()
    await this.#heartbeat.close()
    await this.#following
  }

  async #follow(): Promise<void> {
    let before: ReadonlyMap<string, MemberStatus> = new Map()
    for await (const members of this.#detector.changes()) {
      for (const id of before.keys()) if (!members.has(id)) this.#say(id, 'gone')
      for (const [id, status] of members) if (before.get(id) !== status) this.#say(id, status)
      before = members
    }
  }

  #say(member: string, status: MemberStatus | 'gone'): void {
    this.#place.say({ type: 'memberSeen', member, status, zxid: this.#place.zk.lastZxid })
  }
}
