/** Fast leader election: placeholder of the interface; see the class's tests for its behaviour. */
import type { Notification, Zxid } from '@quorate/protocol'
import type { ElectionState, Vote } from './vote.ts'

/** What an election asks for. */
export interface ElectionHost {
  /** The election is over: lead, follow or observe. The instance is idle until {@link FastLeaderElection.start}. */
  decided(state: Exclude<ElectionState, 'looking'>, vote: Vote): void
  /** A voter that had elected this server looks for a leader again while it leads. */
  voterLeft(serverId: number): void
  /** A notification carries a membership newer than the committed one, while looking and with reconfiguration enabled. */
  membershipSeen(text: string): void
}

export interface ElectionStart {
  readonly lastZxid: Zxid
  readonly currentEpoch: number
}

export interface FastLeaderElection {
  readonly state: ElectionState
  readonly vote: Vote
  /** Looks for a leader: a new round. */
  start(from: ElectionStart): void
  received(from: number, notification: Notification): void
  /** The epoch that leader and followers became active in; it replaces peerEpoch in the vote that others are answered with. */
  setPeerEpoch(epoch: number): void
  /** After a reconfiguration: the vote that others are answered with. */
  setVote(vote: Vote): void
  /** Leaves the election or the role without looking anew. */
  stop(): void
}
