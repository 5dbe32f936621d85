/** A process that is a client, as the run and its faults see it. */
import type { Host } from '../host.ts'

export interface ClientProcess {
  readonly host: Host
  /** Nothing new is asked for; its session goes on. */
  isResting: boolean
  /** Whether it waits for no answer. */
  readonly isIdle: boolean
  /** Starts the process; a client that has been killed starts over, with nothing. */
  start(): void
  /** From now on nothing new is asked for. */
  stop(): void
  /** The process dies without a word; its session is left to expire. */
  kill(losesPower: boolean): void
}

export interface ClientSettings {
  readonly servers: readonly string[]
  readonly sessionTimeoutMs: number
  /** Whether it takes a server that is cut off from its ensemble, for reading. */
  readonly acceptsReadOnly: boolean
  /** Operations under way at a time, at most. */
  readonly depthMax: number
  /** The chance that the next operation follows at once, */
  readonly burstChance: number
  /** and the longest pause between two if it does not. */
  readonly thinkMostMs: number
}
