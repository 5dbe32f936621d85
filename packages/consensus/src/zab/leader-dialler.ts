/**
 * Connects to a leader that may not be listening yet: a few attempts, a moment apart (Learner.connectToLeader). An observer asks
 * masters first, where there are any, each attempt another one.
 */
import type { DialListener, Dialling } from '../peer-link.ts'
import type { MasterRotation } from './master-rotation.ts'
import type { RoleLife } from './role-life.ts'
import type { ZabPorts } from './zab-ports.ts'

const attemptsMax = 15
/** Of them, what an observer spends on masters when it has any; then as many go to the leader. */
const mastersAttemptsMax = attemptsMax
/** Before the second attempt; twice as long before each one after it. Two servers decide within a few ms of each other, as a rule. */
const retryMsMin = 5
const retryMsMax = 100
/**
 * An attempt on the leader that fails so long after the first one was the last, as an Apache learner's five are a second apart: who
 * does not answer, or keeps a learner waiting all that time, looks for a leader itself and may need this server's vote.
 */
const attemptsMs = 5_000

export interface LeaderDiallerParts {
  readonly ports: Pick<ZabPorts, 'clock' | 'dial' | 'dialMaster'>
  readonly life: RoleLife
  readonly leaderId: number
  /** Of an observer that may be served by others than its leader. */
  readonly masters: MasterRotation | undefined
  /** How long it waits before it dials its leader for the first time. */
  readonly leaderDelayMs: number
  readonly tickTimeMs: number
}

export class LeaderDialler {
  readonly #parts: LeaderDiallerParts
  readonly #listener: DialListener
  #peerId: number
  #attempts = 0
  #leaderAttempts = 0
  #leaderDialledAtMs: number | undefined
  #openedAtMs = 0
  #dialling: Dialling | undefined
  #isOver = false

  /** @param listener `failed` is called when the last attempt has failed */
  constructor(parts: LeaderDiallerParts, listener: DialListener) {
    this.#parts = parts
    this.#listener = listener
    this.#peerId = parts.leaderId
  }

  /** The leader or master that was dialled last. */
  get peerId(): number {
    return this.#peerId
  }

  dial(): void {
    if (this.#isOver) return
    const { life, leaderId, masters, leaderDelayMs } = this.#parts
    const master = this.#attempts < mastersAttemptsMax ? masters?.next(leaderId) : undefined
    this.#attempts++
    if (master !== undefined) return this.#dial(master)
    if (this.#leaderAttempts++ === 0 && leaderDelayMs > 0)
      life.after(leaderDelayMs, () => this.#dial(leaderId))
    else this.#dial(leaderId)
  }

  /**
   * The leader has closed the connection without a word, as it does not lead yet: that is one attempt that failed. A master that does so
   * at once serves nobody; one that does so later has waited for the leader itself.
   */
  turnedAway(reason: string): void {
    const { leaderId, masters, tickTimeMs, ports } = this.#parts
    const keptMs = ports.clock.nowMs - this.#openedAtMs
    if (this.#peerId !== leaderId && keptMs >= tickTimeMs) masters?.kept(true)
    this.#isOver = false
    this.#failed(reason)
  }

  /** The listener hears no more. */
  cancel(): void {
    if (!this.#isOver) this.#dialling?.cancel()
    this.#isOver = true
  }

  #dial(peerId: number): void {
    if (this.#isOver) return
    const { ports, leaderId } = this.#parts
    const listener: DialListener = {
      opened: (link) => {
        this.#isOver = true
        this.#openedAtMs = ports.clock.nowMs
        return this.#listener.opened(link)
      },
      failed: (reason) => this.#failed(reason),
    }
    this.#peerId = peerId
    if (peerId === leaderId) this.#leaderDialledAtMs ??= ports.clock.nowMs
    this.#dialling =
      peerId === leaderId ? ports.dial(peerId, listener) : ports.dialMaster(peerId, listener)
  }

  #failed(reason: string): void {
    if (this.#isOver) return
    const { life, ports } = this.#parts
    const elapsedMs = ports.clock.nowMs - (this.#leaderDialledAtMs ?? ports.clock.nowMs)
    if (this.#leaderAttempts < attemptsMax && elapsedMs < attemptsMs)
      life.after(Math.min(retryMsMax, retryMsMin * 2 ** (this.#attempts - 1)), () => this.dial())
    else {
      this.#isOver = true
      this.#listener.failed(reason)
    }
  }
}
