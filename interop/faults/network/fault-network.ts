/**
 * The network between the servers of a run, and between them and their clients, with what can go wrong on it.
 *
 * 1. A way leads from one place to another; both directions of a connection are ways of their own.
 * 2. `heal` ends all that was begun, whatever it was.
 * 3. `dispose` works at any moment, at once, and more than once: it is what the end of the process calls.
 */
import type { ServerCommand } from '../../harness/server-process.ts'

/** A server's id, or all clients together. */
export type Place = number | 'clients'

export interface Way {
  readonly from: Place
  readonly to: Place
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** What a network can do to a server's ways. `cut` every network can. */
export type Weather = 'delay' | 'loss' | 'throttle'

/** Of all that leaves a server. */
export interface Condition {
  readonly weather: Weather
  readonly server: number
  /** Of 0 to 1. */
  readonly severity: number
}

export interface FaultNetwork {
  /** What it is made of, for the report. */
  readonly description: string
  readonly weathers: ReadonlySet<Weather>
  /** What it can't do, and why. */
  readonly missing: readonly string[]
  /** The members as this one's zoo.cfg names them; learners are `observers`. */
  serverLines(viewer: number): readonly string[]
  /** Where clients find a server; what is cut off from clients isn't there. */
  clientAddress(server: number): Address
  /** The command that runs a server on its place in the network. */
  placed(server: number, command: ServerCommand): ServerCommand
  /** Nothing that is sent this way arrives, and nobody is told. */
  cut(ways: readonly Way[]): Promise<void>
  impose(condition: Condition): Promise<void>
  heal(): Promise<void>
  dispose(): void
}

export interface NetworkPlan {
  readonly voterCount: number
  readonly observerCount: number
}

export function serverIds({ voterCount, observerCount }: NetworkPlan): readonly number[] {
  return Array.from({ length: voterCount + observerCount }, (_, i) => i + 1)
}

export function roleOf(server: number, { voterCount }: NetworkPlan): 'participant' | 'observer' {
  return server <= voterCount ? 'participant' : 'observer'
}
