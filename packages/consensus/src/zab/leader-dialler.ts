/** Connects to a leader that may not be listening yet: a few attempts, a moment apart (Learner.connectToLeader). */
import type { DialListener, Dialling } from '../peer-link.ts'
import type { RoleLife } from './role-life.ts'
import type { ZabPorts } from './zab-ports.ts'

const attemptsMax = 15
/** Before the second attempt; twice as long before each one after it. Two servers decide within a few ms of each other, as a rule. */
const retryMsMin = 5
const retryMsMax = 100

export class LeaderDialler {
  readonly #ports: Pick<ZabPorts, 'dial'>
  readonly #life: RoleLife
  readonly #leaderId: number
  readonly #listener: DialListener
  #attempts = 0
  #dialling: Dialling | undefined
  #isOver = false

  /** @param listener `failed` is called when the last attempt has failed */
  constructor(
    ports: Pick<ZabPorts, 'dial'>,
    life: RoleLife,
    leaderId: number,
    listener: DialListener,
  ) {
    this.#ports = ports
    this.#life = life
    this.#leaderId = leaderId
    this.#listener = listener
  }

  dial(): void {
    if (this.#isOver) return
    this.#attempts++
    this.#dialling = this.#ports.dial(this.#leaderId, {
      opened: (link) => {
        this.#isOver = true
        return this.#listener.opened(link)
      },
      failed: (reason) => this.#failed(reason),
    })
  }

  /** The leader has closed the connection without a word, as it does not lead yet: that is one attempt that failed. */
  turnedAway(reason: string): void {
    this.#isOver = false
    this.#failed(reason)
  }

  /** The listener hears no more. */
  cancel(): void {
    if (!this.#isOver) this.#dialling?.cancel()
    this.#isOver = true
  }

  #failed(reason: string): void {
    if (this.#isOver) return
    if (this.#attempts < attemptsMax)
      this.#life.after(Math.min(retryMsMax, retryMsMin * 2 ** (this.#attempts - 1)), () =>
        this.dial(),
      )
    else {
      this.#isOver = true
      this.#listener.failed(reason)
    }
  }
}
