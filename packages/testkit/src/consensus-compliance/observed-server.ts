/**
 * One server as the suite sees it: the host of its engine, with everything that it was told, and the calls that the suite makes as a
 * replica would.
 *
 * 1. The host of a term that is over hears nothing.
 * 2. A confirmed leader had no successor when it was asked, and has delivered all that anybody had by then.
 * 3. A sync is answered behind everything that the leader had delivered when it answered; answers come in order.
 * 4. Forwarded requests come in the order in which they were sent, each once.
 */
import type {
  ForwardedRequest,
  LeaderHost,
  Learner,
  LearnerHost,
  LearnerTerm,
  LeaderTerm,
  Proposal,
  Term,
} from '@quorate/consensus'
import { OpCode, type SessionId } from '@quorate/protocol'
import { type Agreement, ComplianceViolation, show, transactionOf } from './agreement.ts'
import type { EngineHost } from './engine-ensemble.ts'
import { textTransaction } from './text-transaction.ts'

interface Submission {
  readonly zxid: number
  readonly text: string
  readonly bytes: Uint8Array
}

/** What the servers of one run share. */
export interface ObservationParts {
  readonly agreement: Agreement
  historyOf(serverId: number): readonly Proposal[]
  /** Something is wrong: the run ends behind this event. */
  failed(violation: Error): void
  /** How much a leader had delivered when it answered a sync, by epoch, learner and cxid. */
  readonly syncsAnsweredAt: Map<string, number>
}

export class ObservedServer implements EngineHost {
  readonly id: number
  isUp = false
  term: Term | undefined
  /** Transactions that it has, as of its term. */
  place = 0
  /** Texts submitted in the present or last term of leading, in their order. */
  submitted: string[] = []
  /** What a leader does with a request that a learner forwards. */
  onForwarded: (learner: Learner, request: ForwardedRequest) => void = () => {}
  onDelivered: (text: string) => void = () => {}
  /** cxids of the requests that came from a learner, in their order. */
  readonly forwardedBy: Map<Learner, number[]> = new Map()
  /** Touches that the leader was told of. */
  readonly touched: bigint[] = []
  /** Touches to hand over with the next ping. */
  touches: SessionId[] = []
  readonly revalidations: { readonly session: bigint; readonly isValid: boolean }[] = []
  syncsAsked = 0
  syncsAnswered = 0
  confirmations = 0
  readonly #parts: ObservationParts
  #undelivered: Submission[] = []
  /** Submissions that were delivered since the last turn's end: theirs is the memory from then on. */
  #reusable: Submission[] = []
  #cxid = 0
  /** Of the syncs that were not answered. */
  #syncCxids: number[] = []
  #textCount = 0

  constructor(id: number, parts: ObservationParts) {
    this.id = id
    this.#parts = parts
  }

  get leading(): LeaderTerm {
    if (this.term?.role !== 'leading') throw new Error(`server ${this.id} does not lead`)
    return this.term
  }

  get learning(): LearnerTerm {
    if (this.term === undefined || this.term.role === 'leading')
      throw new Error(`server ${this.id} does not learn`)
    return this.term
  }

  get isLeading(): boolean {
    return this.term?.role === 'leading'
  }

  /** The server was crashed. */
  crashed(): void {
    this.isUp = false
    this.#forgetTerm()
  }

  // What the suite does as a replica.

  /** Submits a transaction with a text of its own. @returns the text */
  submit(): string {
    const text = `${this.id}#${this.leading.epoch}#${this.#textCount++}`
    const zxid = this.leading.nextZxid()
    const bytes = textTransaction(zxid, text)
    const submission = { zxid, text, bytes }
    this.submitted.push(text)
    this.#undelivered.push(submission)
    this.leading.submit({ zxid, bytes })
    return text
  }

  /** Asks for a confirmation, and watches over it. */
  confirm(confirmed: () => void = () => {}): void {
    const { agreement } = this.#parts
    const { epoch } = this.leading
    const epochMax = agreement.epochMax
    const placeMin = Math.max(agreement.order.length, this.place + this.#undelivered.length)
    const { term } = this
    this.leading.confirmLeadership(() =>
      this.#watched(() => {
        if (term !== this.term)
          throw new ComplianceViolation(`server ${this.id} is confirmed after the end of its term`)
        if (epochMax > epoch)
          throw new ComplianceViolation(
            `server ${this.id} is confirmed in the epoch ${epoch}, asked when ${epochMax} had begun`,
          )
        if (this.place < placeMin)
          throw new ComplianceViolation(
            `server ${this.id} is confirmed with ${this.place} deliveries; ${placeMin} came before the question`,
          )
        this.confirmations++
        confirmed()
      }),
    )
  }

  /** Forwards a request. @returns its cxid, one more than the last one's */
  forward(): number {
    this.learning.forward(this.#request(OpCode.setData))
    return this.#cxid
  }

  sync(): void {
    this.syncsAsked++
    this.learning.sync(this.#request(OpCode.sync))
  }

  // What the engine tells.

  leadingStarted(term: LeaderTerm): LeaderHost {
    this.#started(term)
    this.submitted = []
    this.#undelivered = []
    this.forwardedBy.clear()
    this.#watched(() => {
      const history = this.#parts.historyOf(this.id)
      this.#parts.agreement.leadingStarted(this.id, term.epoch, history)
      this.place = history.length
    })
    return {
      deliver: (proposal) => this.#during(term, () => this.#delivered(proposal, true)),
      requestForwarded: (learner, request) =>
        this.#during(term, () => this.#forwarded(learner, request)),
      syncAsked: (learner, request) => this.#during(term, () => this.#answerSync(learner, request)),
      revalidationAsked: (learner, session) =>
        this.#during(term, () => term.answerRevalidation(learner, session, session % 2n === 0n)),
      sessionTouched: (_learner, session) =>
        this.#during(term, () => {
          this.touched.push(session)
        }),
      learnerLeft: () => this.#during(term, () => {}),
    }
  }

  learningStarted(term: LearnerTerm): LearnerHost {
    this.#started(term)
    this.syncsAsked = 0
    this.syncsAnswered = 0
    this.#syncCxids = []
    this.#watched(() => {
      const history = this.#parts.historyOf(this.id)
      this.#parts.agreement.learningStarted(this.id, history)
      this.place = history.length
    })
    return {
      deliver: (proposal) => this.#during(term, () => this.#delivered(proposal, false)),
      syncAnswered: () => this.#during(term, () => this.#syncAnswered(term.epoch)),
      revalidated: (session, isValid) =>
        this.#during(term, () => {
          this.revalidations.push({ session, isValid })
        }),
      takeTouches: (touch) =>
        this.#during(term, () => {
          for (const session of this.touches) touch(session, 1_000)
          this.touches = []
        }),
    }
  }

  termEnded(): void {
    this.#watched(() => {
      if (this.term === undefined)
        throw new ComplianceViolation(`server ${this.id} ends a term that has not begun`)
    })
    this.#forgetTerm()
  }

  membershipChanged(): void {}

  turnHasEnded(): void {
    for (const { bytes } of this.#reusable) bytes.fill(0xff)
    this.#reusable = []
  }

  #started(term: Term): void {
    this.#watched(() => {
      if (this.term !== undefined)
        throw new ComplianceViolation(`server ${this.id} begins a term within another one`)
    })
    this.term = term
  }

  #forgetTerm(): void {
    this.term = undefined
    this.#reusable = []
  }

  #delivered(proposal: Proposal, isLeading: boolean): void {
    const transaction = transactionOf(proposal)
    if (isLeading) {
      const next = this.#undelivered.shift()
      if (next?.zxid !== transaction.zxid || next.text !== transaction.text)
        throw new ComplianceViolation(
          `server ${this.id} delivers ${show(transaction)}, and has submitted ${next === undefined ? 'nothing else' : show(next)}`,
        )
      this.#reusable.push(next)
    }
    this.#parts.agreement.has(this.id, this.place, transaction)
    this.place++
    this.onDelivered(transaction.text)
  }

  #forwarded(learner: Learner, request: ForwardedRequest): void {
    const cxids = this.forwardedBy.get(learner) ?? []
    this.forwardedBy.set(learner, cxids)
    if (request.cxid <= (cxids.at(-1) ?? 0))
      throw new ComplianceViolation(
        `the request ${request.cxid} of server ${learner.serverId} comes behind ${cxids.at(-1)}`,
      )
    cxids.push(request.cxid)
    this.onForwarded(learner, request)
  }

  #answerSync(learner: Learner, { cxid }: ForwardedRequest): void {
    const { syncsAnsweredAt } = this.#parts
    syncsAnsweredAt.set(syncKey(this.leading.epoch, learner.serverId, cxid), this.place)
    this.leading.answerSync(learner)
  }

  #syncAnswered(epoch: number): void {
    this.syncsAnswered++
    const cxid = this.#syncCxids.shift()
    const place = this.#parts.syncsAnsweredAt.get(syncKey(epoch, this.id, cxid ?? 0))
    if (place === undefined)
      throw new ComplianceViolation(
        `server ${this.id} is answered a sync that the leader did not answer`,
      )
    if (this.place < place)
      throw new ComplianceViolation(
        `a sync of server ${this.id} is answered behind ${this.place} deliveries; the leader had made ${place}`,
      )
  }

  #request(type: number): ForwardedRequest {
    this.#cxid++
    if (type === OpCode.sync) this.#syncCxids.push(this.#cxid)
    return {
      session: 7n as SessionId,
      cxid: this.#cxid,
      type,
      body: new Uint8Array(0),
      identities: [],
    }
  }

  #during(term: Term, run: () => void): void {
    this.#watched(() => {
      if (term !== this.term)
        throw new ComplianceViolation(
          `server ${this.id} is told something of its term in the epoch ${term.epoch}, which is over`,
        )
      run()
    })
  }

  /** An engine may catch what its host throws, so it is written down too. */
  #watched(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#parts.failed(error as Error)
    }
  }
}

function syncKey(epoch: number, serverId: number, cxid: number): string {
  return `${epoch}/${serverId}/${cxid}`
}
