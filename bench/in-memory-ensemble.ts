/** A leader and two followers in one process, as fast as their engines go: nothing is slow between them. */
import {
  type ConsensusHost,
  type DialListener,
  type LeaderTerm,
  parseMembership,
  type PeerLink,
  type PeerLinkListener,
  type Proposal,
  ZabEngine,
  zabDefaults,
  type ZabHistory,
} from '@quorate/consensus'
import { txnHeaderLength } from '@quorate/protocol'

/** Runs what was put off, in order, until nothing is left. */
class Turns {
  readonly #queue: (() => void)[] = []
  #at = 0

  defer(run: () => void): void {
    this.#queue.push(run)
  }

  runAll(): void {
    while (this.#at < this.#queue.length) this.#queue[this.#at++]!()
    this.#queue.length = 0
    this.#at = 0
  }
}

/** Hands what is written to the other end at once; who gets it writes in a turn of its own. */
class DirectLink implements PeerLink {
  readonly queuedBytes = 0
  far: DirectLink | undefined
  listener: PeerLinkListener | undefined
  readonly #turns: Turns

  constructor(turns: Turns) {
    this.#turns = turns
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    this.far?.listener?.received(bytes, start, end)
    return true
  }

  pause(): void {}
  resume(): void {}

  close(): void {
    this.#turns.defer(() => this.far?.listener?.closed('closed there'))
  }
}

/** Keeps nothing but its end, and is durable at once. */
class NoHistory implements ZabHistory {
  lastZxid = 0
  currentEpoch = 0
  acceptedEpoch = 0
  readonly membershipText = undefined
  readonly recent: readonly Proposal[] = []

  append(proposal: Proposal): void {
    this.lastZxid = proposal.zxid
  }

  sync(done: () => void): void {
    done()
  }

  apply(): void {}

  writeEpoch(name: 'currentEpoch' | 'acceptedEpoch', epoch: number, done: () => void): void {
    this[name] = epoch
    done()
  }

  truncate(): void {
    throw new Error('nothing is cut off here')
  }

  receiveState(): never {
    throw new Error('nobody gets a snapshot here')
  }

  openImage(): never {
    throw new Error('nobody gets a snapshot here')
  }

  readAfter(): undefined {}

  sizesAfter(): { readonly snapshotBytes: number; readonly logBytes: number } {
    return { snapshotBytes: 0, logBytes: 0 }
  }
}

class Member implements ConsensusHost {
  readonly engine: ZabEngine
  leaderTerm: LeaderTerm | undefined
  isServing = false
  deliveredCount = 0
  readonly #turns: Turns
  #isTurnEndDue = false

  constructor(ensemble: InMemoryEnsemble, turns: Turns, id: number, memberIds: readonly number[]) {
    this.#turns = turns
    const lines = memberIds.map((it) => `server.${it}=s${it}:2888:3888;2181`)
    const membership = parseMembership(lines.join('\n'))
    this.engine = new ZabEngine(
      { ...zabDefaults, serverId: id },
      {
        // Time stands still but for the wait that ends an election.
        clock: {
          nowMs: 0,
          after: (delayMs, run) => {
            if (delayMs <= zabDefaults.finalizeWaitMs) ensemble.appointments.add(run)
            return { cancel: () => ensemble.appointments.delete(run) }
          },
        },
        history: new NoHistory(),
        memberships: {
          committed: membership,
          lastSeen: membership,
          setCommitted: () => {},
          setLastSeen: () => {},
        },
        election: {
          hasDelivered: true,
          send: (to, notification) =>
            turns.defer(() => ensemble.member(to).engine.notificationReceived(id, notification)),
          connectAll: () => {},
          restart: () => {},
        },
        host: this,
        dial: (serverId, listener) => {
          turns.defer(() => this.#connect(ensemble.member(serverId), listener))
          return { cancel() {} }
        },
        dialMaster: () => {
          throw new Error('there are no observers')
        },
        report: () => {},
      },
    )
  }

  leadingStarted(term: LeaderTerm): ReturnType<ConsensusHost['leadingStarted']> {
    this.leaderTerm = term
    this.isServing = true
    return {
      deliver: () => {
        this.deliveredCount++
      },
      requestForwarded: () => {},
      syncAsked: () => {},
      revalidationAsked: () => {},
      sessionTouched: () => {},
      learnerLeft: () => {},
    }
  }

  learningStarted(): ReturnType<ConsensusHost['learningStarted']> {
    this.isServing = true
    return {
      deliver: () => {
        this.deliveredCount++
      },
      syncAnswered: () => {},
      revalidated: () => {},
      takeTouches: () => {},
    }
  }

  termEnded(reason: string): void {
    throw new Error(`the ensemble fell apart: ${reason}`)
  }

  membershipChanged(): void {}

  requestTurnEnd(): void {
    if (this.#isTurnEndDue) return
    this.#isTurnEndDue = true
    this.#turns.defer(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#isTurnEndDue = false
    this.engine.turnEnded()
  }

  #connect(target: Member, listener: DialListener): void {
    const [near, far] = [new DirectLink(this.#turns), new DirectLink(this.#turns)]
    near.far = far
    far.far = near
    far.listener = target.engine.accept(far)
    near.listener = listener.opened(near)
  }
}

export class InMemoryEnsemble {
  /** What waits for the end of an election. */
  readonly appointments: Set<() => void> = new Set()
  readonly #turns = new Turns()
  readonly #memberById: ReadonlyMap<number, Member>
  readonly #term: LeaderTerm
  readonly #bytes: Uint8Array

  /** @param bytesPerTxn length of each transaction */
  constructor(bytesPerTxn: number) {
    const ids = [1, 2, 3]
    this.#memberById = new Map(ids.map((id) => [id, new Member(this, this.#turns, id, ids)]))
    // At least a header, whose zxid learners look at.
    this.#bytes = new Uint8Array(Math.max(bytesPerTxn, txnHeaderLength))
    const members = [...this.#memberById.values()]
    for (const { engine } of members) engine.start()
    this.#turns.runAll()
    for (const appointment of this.appointments) {
      this.appointments.delete(appointment)
      appointment()
      this.#turns.runAll()
      if (members.every(({ isServing }) => isServing)) break
    }
    const term = members.find(({ leaderTerm }) => leaderTerm !== undefined)?.leaderTerm
    if (term === undefined || !members.every(({ isServing }) => isServing))
      throw new Error('the three servers have not come together')
    this.#term = term
  }

  member(id: number): Member {
    return this.#memberById.get(id)!
  }

  #submit(): void {
    const zxid = this.#term.nextZxid()
    const bytes = this.#bytes.slice()
    new DataView(bytes.buffer).setBigInt64(12, BigInt(zxid))
    this.#term.submit({ zxid, bytes })
  }

  /** Proposes so many transactions in one turn, and runs until all three servers have delivered them. */
  commit(count: number): void {
    const [first] = this.#memberById.values()
    const expected = first!.deliveredCount + count
    for (let i = 0; i < count; i++) this.#submit()
    this.#turns.runAll()
    for (const { deliveredCount } of this.#memberById.values())
      if (deliveredCount !== expected)
        throw new Error(
          `a server delivered ${deliveredCount} transactions; ${expected} are expected`,
        )
  }
}
