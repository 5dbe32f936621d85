/**
 * What a client asks of the world it runs in. Node's answers are in `node/`; a simulation or a test gives its own, and
 * the client then does the same things in the same order for the same seed.
 */
import type { Platform } from '@quorate/protocol'
import type { ServerAddress } from './server-address.ts'
import type { Tracer } from './tracer.ts'

export type { ServerAddress }

/** For messages. */
export function describeServer({ host, port }: ServerAddress): string {
  return `${host}:${port}`
}

/** What happens to a link. Nothing is called while `dial` runs, and nothing after the link was closed from our side. */
export interface LinkListener {
  opened(): void
  /** The bytes belong to the listener: they are not reused. */
  received(bytes: Uint8Array): void
  /** The link is gone, or was never made. Called once. */
  closed(cause: unknown): void
}

/** An ordered stream of bytes to one server. */
export interface Link {
  /** Takes the bytes over: the caller does not touch them again. Only after `opened`. */
  send(bytes: Uint8Array): void
  close(): void
}

export interface Transport {
  dial(address: ServerAddress, listener: LinkListener): Link
}

export interface Alarm {
  cancel(): void
}

export interface Clock {
  /** Monotonic milliseconds since any origin. */
  nowMs(): number
  wakeAfter(delayMs: number, wake: () => void): Alarm
  /** Runs once the input that is there already has been handled. */
  afterTurn(run: () => void): void
}

export interface Random {
  /** At least 0, below 1. */
  next(): number
}

export interface World {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly platform: Platform
  /** Who is told of calls, connections and sessions. */
  readonly tracer?: Tracer
}
