/** What a round does, one step after the other, on both servers alike. */
import type { Request } from './request.ts'

/** The connections of a round; each holds at most one session at a time. */
export const slotCount = 6
/** Holds persistent watches only: before 3.9 the newest mode on a path replaced the older ones (ZOOKEEPER-4466). */
export const persistentWatchSlot = 4
/** Authenticates as the super user where there is one. */
export const superSlot = 5

export interface ConnectStep {
  readonly kind: 'connect'
  readonly slot: number
  /** The session asked for: a new one, the one that this or another slot had last, or one that never was. */
  readonly session: 'new' | 'unknown' | { readonly of: number }
  readonly password: 'good' | 'bad' | 'empty' | 'null' | 'long'
  readonly timeOut: number
  readonly lastZxidSeen: 'none' | 'current' | 'future'
  /** Undefined: the byte is left out, as by clients before 3.4. */
  readonly readOnly: boolean | undefined
}

export type Step =
  | ConnectStep
  /** The client closes the TCP connection without closing the session. */
  | { readonly kind: 'disconnect'; readonly slot: number }
  /** Sent in one write; the replies are awaited after it. */
  | { readonly kind: 'requests'; readonly slot: number; readonly requests: readonly Request[] }
  /** Bytes that are no frame of a request; the server is expected to close. */
  | { readonly kind: 'bytes'; readonly slot: number; readonly hex: string }
  /** A fresh connection whose first bytes are these. */
  | { readonly kind: 'stranger'; readonly hex: string }
