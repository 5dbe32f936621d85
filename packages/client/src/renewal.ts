/** What takes the place of a lost session, when that is asked for: a new one, with what the lost one had. */
import type { SessionId } from '@quorate/protocol'
import type { KeptEphemerals, UnkeptNode } from './kept-ephemerals.ts'
import type { Session } from './session.ts'
import type { World } from './world.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

/** What is told of a new session in a lost one's place. */
export interface SessionRenewal {
  readonly sessionId: SessionId
  readonly previousSessionId: SessionId
  /** Why the session before was lost: a SessionLoss. */
  readonly cause: unknown
  /** The kept ephemeral nodes that could not be put back, such as those that somebody else has made meanwhile. */
  readonly unkept: readonly UnkeptNode[]
}

export interface LostSession {
  readonly id: SessionId
  readonly cause: unknown
}

/** Rebuilds what the application needs beside its kept ephemerals and its watches. */
export type Rebuild = (renewal: SessionRenewal) => Promise<void> | void

export interface RenewalParts {
  readonly lost: LostSession
  /** The new session, which is being opened. */
  readonly session: Session
  /** Resolves to whether a server has taken the session; false when it is over before that. */
  readonly connected: Promise<boolean>
  readonly kept: KeptEphemerals
  readonly world: World
}

const rebuildPauseMsFirst = 50
const rebuildPauseMsMax = 5000

/** Puts the kept ephemerals back, asking for them at once. Resolves to undefined if the session was lost again meanwhile. */
export async function renew(parts: RenewalParts): Promise<SessionRenewal | undefined> {
  const { session, lost, world, kept } = parts
  const restored = kept.restore({ session, previousSessionId: lost.id, world })
  session.open()
  const isConnected = await parts.connected
  const unkept = await restored
  const { identity } = session
  if (!isConnected || identity === undefined || isOver(session)) return undefined
  return { sessionId: identity.id, previousSessionId: lost.id, cause: lost.cause, unkept }
}

/**
 * Runs the application's hook; again while it fails with what a later try may not, and the session lives.
 * @throws what the hook threw last
 */
export async function rebuilt(
  rebuild: Rebuild,
  renewal: SessionRenewal,
  session: Session,
  world: World,
): Promise<void> {
  for (let pauseMs = rebuildPauseMsFirst; ; pauseMs = Math.min(rebuildPauseMsMax, pauseMs * 2)) {
    try {
      await rebuild(renewal)
      return
    } catch (error) {
      if (isOver(session)) return
      if (!(error instanceof ZooKeeperError) || !error.retryable) throw error
    }
    const delayMs = pauseMs * (0.5 + world.random.next() / 2)
    await new Promise<void>((resolve) => world.clock.wakeAfter(delayMs, resolve))
  }
}

function isOver({ state }: Session): boolean {
  return state === 'expired' || state === 'closed'
}
