/**
 * What the replica and a consensus engine owe each other, whichever engine it is.
 *
 * An engine lives in terms. In a term this server leads, follows or observes; between two terms it has no role and serves
 * nobody. The engine tells its {@link ConsensusHost} when a term starts and ends, and delivers the same transactions in
 * the same order on every server:
 *
 * 1. Total order: if two servers deliver a transaction at a zxid, it is the same one, and each server delivers in zxid order.
 * 2. Primary order: what a leader submits is delivered in the order of its submission; a later leader's transactions come
 *    behind all that were delivered from earlier ones, and its zxids are of a higher epoch.
 * 3. Durability: a transaction is delivered in a term only when it is on the disks of a quorum.
 * 4. A new leader has, before its term starts, every transaction that was ever delivered in a term of anybody.
 *
 * docs/adr has the reasons; the testkit holds every engine to them.
 */
import type { SessionId, Zxid } from '@quorate/protocol'

/** A transaction on its way. */
export interface Proposal {
  readonly zxid: Zxid
  /** TxnHeader, record and digest. Valid until the proposal was delivered and the turn in which that happened has ended. */
  readonly bytes: Uint8Array
}

/** What an engine asks of its host's log and state, in order. */
export interface ConsensusEffects {
  /** Put the proposal behind all earlier ones in the log. It need not be durable yet. */
  append(proposal: Proposal): void
  /** Make everything appended up to `upTo` durable, then call {@link ConsensusEngine.synced}. At most one is under way. */
  sync(upTo: Zxid): void
  /** The proposal is committed: apply it. */
  deliver(proposal: Proposal): void
}

export type Role = 'leading' | 'following' | 'observing'

/** A server that follows or observes, as its leader sees it; valid during one term. */
export interface Learner {
  readonly serverId: number
}

/** A client's request on its way from a learner to the leader. */
export interface ForwardedRequest {
  readonly session: SessionId
  /** The client's xid; 0 for createSession. */
  readonly cxid: number
  /** OpCode; createSession and closeSession included. */
  readonly type: number
  /** The client's request record as it came, without header; who is handed the request has it during that call only. */
  readonly body: Uint8Array
  /** Identities of the client's connection. */
  readonly identities: readonly { readonly scheme: string; readonly id: string }[]
}

/** The part of an engine that a leader's write pipeline uses. */
export interface ProposalSink {
  /** The zxid of the last proposal submitted, or the last one before the term. */
  readonly lastZxid: Zxid
  /** The zxid that the next proposal must carry. */
  nextZxid(): Zxid
  /**
   * Takes the next proposal; it must carry {@link nextZxid}.
   * @param membership given with a reconfiguration: the text of the membership that the transaction puts in place
   */
  submit(proposal: Proposal, membership?: string): void
}

/** A term in which this server leads. What is called after its end has no effect. */
export interface LeaderTerm extends ProposalSink {
  readonly role: 'leading'
  readonly epoch: number
  /** All input that was there has been handled: what was appended meanwhile shares one sync, what was sent one write. */
  turnEnded(): void
  /**
   * Calls `confirmed` once a quorum has shown, by messages sent after this call, that this server led when it was made, and all
   * that was submitted before the call has been delivered. Never called when the term ends first.
   */
  confirmLeadership(confirmed: () => void): void
  /** Answers {@link LeaderHost.syncAsked}, behind everything that was committed until now. */
  answerSync(learner: Learner): void
  answerRevalidation(learner: Learner, session: SessionId, isValid: boolean): void
  /**
   * Plans a change of the membership.
   * @returns the new membership's text, or the ErrorCode that the request is answered with
   */
  planReconfiguration(request: ReconfigurationRequest): string | number
}

/** The fields of a reconfig request, as text; undefined: not given. */
export interface ReconfigurationRequest {
  readonly joining: string | undefined
  readonly leaving: string | undefined
  readonly newMembers: string | undefined
  /** The version the membership must have; −1: any. */
  readonly currentVersion: number
  /** The version of the new one: the zxid of its transaction. */
  readonly newVersion: Zxid
}

/** A term in which this server follows or observes. What is called after its end has no effect. */
export interface LearnerTerm {
  readonly role: 'following' | 'observing'
  readonly epoch: number
  readonly leaderId: number
  turnEnded(): void
  /** Hands a request to the leader; requests arrive there in the order of the calls. */
  forward(request: ForwardedRequest): void
  /**
   * Asks the leader to answer behind everything committed there until then; answers come in the order of the calls
   * ({@link LearnerHost.syncAnswered}).
   */
  sync(request: ForwardedRequest): void
  /** Asks whether a session that came to this server is alive ({@link LearnerHost.revalidated}). */
  revalidate(session: SessionId, timeoutMs: number): void
  /**
   * Whether the leader confirms its leadership before it answers a sync, so that a sync is a barrier for linearizable
   * reads. Apache's do not.
   */
  readonly hasConfirmedSync: boolean
  /**
   * Whether nothing is carried out any more that comes of a session by another way than this server, once a request of it that came by
   * this one was. Behind an observer master of Apache's that is not so: to the leader all its observers are one server.
   */
  readonly fencesMoves: boolean
}

export type Term = LeaderTerm | LearnerTerm

/** What a leading replica is told. */
export interface LeaderHost {
  /** The proposal is committed: apply it, tell watches, answer. */
  deliver(proposal: Proposal): void
  requestForwarded(learner: Learner, request: ForwardedRequest): void
  /** A learner asks for {@link LeaderTerm.answerSync}. */
  syncAsked(learner: Learner, request: ForwardedRequest): void
  /** A client with this session has come to a learner: {@link LeaderTerm.answerRevalidation}. */
  revalidationAsked(learner: Learner, session: SessionId, timeoutMs: number): void
  /** A learner has heard of a session. */
  sessionTouched(learner: Learner, session: SessionId, timeoutMs: number): void
  learnerLeft(learner: Learner): void
}

/** What a following or observing replica is told. */
export interface LearnerHost {
  deliver(proposal: Proposal): void
  syncAnswered(): void
  revalidated(session: SessionId, isValid: boolean): void
  /** Hands over the sessions heard of since the last call. */
  takeTouches(touch: (session: SessionId, timeoutMs: number) => void): void
}

/** What the engine tells of its terms. */
export interface ConsensusHost {
  /** This server leads: it has all that was ever delivered, and serves clients from here on. */
  leadingStarted(term: LeaderTerm): LeaderHost
  /** This server is in step with its leader, and serves clients from here on. */
  learningStarted(term: LearnerTerm): LearnerHost
  /** The role is over: clients are cut off. The hosts of the term hear no more. */
  termEnded(reason: string): void
  /** A delivered transaction has changed the membership to this text. */
  membershipChanged(text: string): void
  /** There is work for `turnEnded`: call it once when all input that is there has been handled. */
  requestTurnEnd(): void
}

/** An engine that is alone: its one term begins with it and has no end. */
export interface ConsensusEngine extends LeaderTerm {
  /** The sync up to `upTo` is done: it is durable. */
  synced(upTo: Zxid): void
}
