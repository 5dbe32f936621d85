/**
 * Looks for a server that takes changes while the session is on one that does not: asks one server after the other by the
 * word `isro`, on a connection of its own, with pauses that double.
 */
import type { ServerList } from './server-list.ts'
import type { Alarm, Link, ServerAddress, World } from './world.ts'

const pauseMsFirst = 100
const pauseMsMax = 60_000
const answerMsMax = 1000

const isReadOnlyWord: Uint8Array = new Uint8Array([0x69, 0x73, 0x72, 0x6f])
const readWriteAnswer: readonly number[] = [0x72, 0x77]

export class ReadWriteSearch {
  readonly #world: World
  readonly #servers: ServerList
  readonly #found: (server: ServerAddress) => void
  #pauseMs = pauseMsFirst
  #alarm: Alarm
  #link: Link | undefined
  #isOver = false

  /** Starts at once. @param found called once at most, with the server that takes changes */
  constructor(world: World, servers: ServerList, found: (server: ServerAddress) => void) {
    this.#world = world
    this.#servers = servers
    this.#found = found
    this.#alarm = this.#pause()
  }

  stop(): void {
    this.#isOver = true
    this.#alarm.cancel()
    this.#link?.close()
    this.#link = undefined
  }

  #pause(): Alarm {
    const pauseMs = this.#pauseMs
    this.#pauseMs = Math.min(pauseMsMax, pauseMs * 2)
    return this.#world.clock.wakeAfter(pauseMs, () => this.#ask())
  }

  #ask(): void {
    const server = this.#servers.next()
    const answer: number[] = []
    const link = this.#world.transport.dial(server, {
      opened: () => link.send(isReadOnlyWord.slice()),
      received: (bytes) => {
        answer.push(...bytes.subarray(0, readWriteAnswer.length - answer.length))
        if (answer.length === readWriteAnswer.length) this.#answered(server, answer)
      },
      closed: () => this.#missed(),
    })
    this.#link = link
    this.#alarm = this.#world.clock.wakeAfter(answerMsMax, () => this.#missed())
  }

  #answered(server: ServerAddress, answer: readonly number[]): void {
    if (readWriteAnswer.some((byte, i) => byte !== answer[i])) {
      this.#missed()
      return
    }
    this.stop()
    this.#found(server)
  }

  #missed(): void {
    if (this.#isOver) return
    this.#alarm.cancel()
    this.#link?.close()
    this.#link = undefined
    this.#alarm = this.#pause()
  }
}
