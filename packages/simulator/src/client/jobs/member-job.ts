/** A job of a {@link MemberClient}: what it does with one kind of recipe. */
import type { SessionId, ZooKeeper } from '@quorate/client/core'
import type { MemberObservation } from '../../history/member-observation.ts'
import type { Prng } from '../../prng.ts'

/** Above all nodes of these recipes. */
export const memberRoot = '/member-recipes'
/** Of calls that wait for something. */
export const waitMostMs = 2_000

export interface JobParts {
  /** Its name, which is also that of the member in all that it joins. */
  readonly client: string
  readonly zk: ZooKeeper
  readonly random: Prng
  /** The process's own clock. */
  readonly nowMs: () => number
  /** Nothing is told any more when the process has another client. */
  readonly observe: (observation: MemberObservation) => void
  readonly pause: (delayMs: number) => Promise<void>
  /** Does it again and again until the process is to stop, */
  readonly loop: (job: () => Promise<void>) => void
  /** and beyond that, as long as the client is the process's own. */
  readonly follow: (job: () => Promise<void>) => void
  readonly isStopping: () => boolean
}

/** What a job sees when nothing has happened for a while. */
export interface Rest {
  readonly parent?: string
  /** By path; undefined for values that are not shown. */
  readonly values?: ReadonlyMap<string, string | undefined>
  readonly items?: readonly string[] | undefined
  readonly config?: string | undefined
}

export interface MemberJob {
  rest(): Rest
}

/** As the servers show it in the owners of nodes. */
export function sessionOf({ zk }: JobParts): SessionId | undefined {
  const { sessionId } = zk
  return sessionId === undefined ? undefined : (BigInt.asUintN(64, sessionId) as SessionId)
}
