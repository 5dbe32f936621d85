/**
 * What processes tell that are members of something, by the recipes for that: see `client/member-client.ts`. Some of it was told to them
 * by events of watches that were set again: those have no zxid, and show more than the client's own zxid says. Nobody has seen more
 * than is committed when it is told.
 */
import type { SessionId, Zxid } from '@quorate/protocol'

/** A process keeps a node from now on, with this value; undefined: with any. */
export interface NodeWanted {
  readonly type: 'nodeWanted'
  readonly client: string
  readonly path: string
  readonly value: string | undefined
  /** Whether it goes with its session at the latest. */
  readonly isEphemeral: boolean
}

/** The recipe says that the node is there, with this value. */
export interface NodeHeld {
  readonly type: 'nodeHeld'
  readonly client: string
  readonly path: string
  readonly value: string
  /** The last transaction that the client had seen then. */
  readonly zxid: Zxid
}

/** A process begins to give the node up, */
export interface NodeLeaving {
  readonly type: 'nodeLeaving'
  readonly client: string
  readonly path: string
}

/** and the recipe says that it is gone, in the session in which that began; undefined: in another one, or it goes later. */
export interface NodeLeft {
  readonly type: 'nodeLeft'
  readonly client: string
  readonly path: string
  readonly session: SessionId | undefined
}

/** A process asks for what is below a node at this moment. */
export interface LookBegun {
  readonly type: 'lookBegun'
  readonly client: string
  readonly parent: string
}

/** What a recipe says is below a node: values by path. */
export interface Looked {
  readonly type: 'looked'
  readonly client: string
  readonly parent: string
  readonly values: ReadonlyMap<string, string>
  /** Whether it answers what the process asked for last, and is as new as the question. */
  readonly isAnswer: boolean
}

/** A process was given items to have to itself, by locks of this session, */
export interface ShareTaken {
  readonly type: 'shareTaken'
  readonly client: string
  readonly session: SessionId
  readonly items: readonly string[]
  readonly zxid: Zxid
}

/** and gives them back. */
export interface ShareEnded {
  readonly type: 'shareEnded'
  readonly client: string
}

/** A configuration was told, or found in its history: as JSON. */
export interface ConfigSeen {
  readonly type: 'configSeen'
  readonly client: string
  readonly value: string
  /** Undefined where the recipe does not say. */
  readonly version: number | undefined
  /** Whether it is told as the present one. */
  readonly isPresent: boolean
}

/** A configuration was written, by the recipe's account. */
export interface ConfigWritten {
  readonly type: 'configWritten'
  readonly client: string
  readonly value: string
  readonly version: number
}

/** A process found a barrier standing, or gone, at some time after it had seen transaction `from`. */
export interface BarrierTold {
  readonly type: 'barrierTold'
  readonly client: string
  readonly path: string
  readonly isUp: boolean
  readonly from: Zxid
}

/** A process has entered a double barrier, */
export interface BarrierEntered {
  readonly type: 'barrierEntered'
  readonly client: string
  readonly path: string
  readonly memberCount: number
}

/** and left it again, together with all others. */
export interface BarrierLeft {
  readonly type: 'barrierLeft'
  readonly client: string
  readonly path: string
  readonly session: SessionId
  /** What it had seen when it began to leave. */
  readonly from: Zxid
}

/** What a process sees when nobody has changed anything for a while. */
export interface Rested {
  readonly type: 'rested'
  readonly client: string
  /** By parent and path; undefined for values that are not shown. */
  readonly views: ReadonlyMap<string, ReadonlyMap<string, string | undefined>>
  /** The items that it has to itself; undefined when it takes no part. */
  readonly items: readonly string[] | undefined
  /** The configuration as JSON; undefined when it has none. */
  readonly config: string | undefined
}

/** The process was killed, or begins anew with another client. */
export interface MemberEnded {
  readonly type: 'memberEnded'
  readonly client: string
}

export type MemberObservation =
  | NodeWanted
  | NodeHeld
  | NodeLeaving
  | NodeLeft
  | LookBegun
  | Looked
  | ShareTaken
  | ShareEnded
  | ConfigSeen
  | ConfigWritten
  | BarrierTold
  | BarrierEntered
  | BarrierLeft
  | Rested
  | MemberEnded
