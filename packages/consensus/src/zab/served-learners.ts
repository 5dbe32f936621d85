/**
 * The learners that a server serves, a leader or an observer master: who has come, who is sent what with the end of the turn, and who
 * is dismissed.
 *
 * 1. Whoever can connect gets little of the server: few packets before it says who it is, few connections that have not, and few
 *    learners that are in no membership.
 * 2. A learner is served on one connection, the last one that it has made.
 */
import {
  encodeLeaderInfo,
  learnerProtocolVersion,
  makeZxid,
  PacketType,
  type Zxid,
} from '@quorate/protocol'
import type { PeerLink, PeerLinkListener } from '../peer-link.ts'
import { type HandlerOwner, LearnerHandler, type Welcome } from './learner-handler.ts'
import type { ZabOptions, ZabPorts } from './zab-ports.ts'

/** Connections whose FOLLOWERINFO or OBSERVERINFO is awaited; the oldest is closed when there are more. */
const introductionsMax = 64
/** Learners that are in no membership, as they may be about to join; more are turned away. */
const strangersMax = 64

export interface ServedLearnersParts {
  readonly options: ZabOptions
  readonly ports: ZabPorts
  readonly owner: HandlerOwner
}

export class ServedLearners {
  readonly #parts: ServedLearnersParts
  readonly #handlers = new Set<LearnerHandler>()
  /** Those with output that was not flushed. */
  readonly #dirty = new Set<LearnerHandler>()

  constructor(parts: ServedLearnersParts) {
    this.#parts = parts
  }

  get handlers(): ReadonlySet<LearnerHandler> {
    return this.#handlers
  }

  accept(link: PeerLink, welcome: Welcome): PeerLinkListener {
    const unknown = Array.from(this.#handlers).filter(({ phase }) => phase === 'connected')
    if (unknown.length >= introductionsMax)
      unknown[0]?.dismiss('it has not said who it is, and too many others have not either')
    const { owner, options } = this.#parts
    const handler = new LearnerHandler({
      link,
      owner,
      welcome,
      queueBytesMax: options.learnerQueueBytesMax,
    })
    this.#handlers.add(handler)
    return handler.channel
  }

  /** A learner has said who it is. @returns whether it may stay */
  admit(handler: LearnerHandler, configVersion: Zxid): boolean {
    const { options, ports } = this.#parts
    if (configVersion > ports.memberships.committed.version)
      handler.dismiss('its membership is newer than this server’s')
    else if (handler.serverId === options.serverId)
      handler.dismiss('it says that it is this very server; give each its own myid')
    else {
      for (const other of this.#handlers)
        if (other !== handler && other.serverId === handler.serverId)
          other.dismiss('it has come on another connection')
      if (this.#strangerCount > strangersMax)
        handler.dismiss('too many learners are in no membership')
    }
    return !handler.isGone
  }

  /** @param capabilities of the leader */
  sendLeaderInfo(handler: LearnerHandler, epoch: number, capabilities: number): void {
    const data = encodeLeaderInfo({ protocolVersion: learnerProtocolVersion, capabilities })
    handler.beginPhase('has-epoch')
    handler.channel.send(PacketType.leaderInfo, makeZxid(epoch, 0), data)
  }

  /** The learner is in step, and so is this server. */
  serve(handler: LearnerHandler): void {
    handler.beginPhase('serving')
    handler.feed.send(PacketType.upToDate, -1)
    this.#parts.ports.host.requestTurnEnd()
  }

  /** Called each half tick: dismisses who is silent or too slow, and pings the others. */
  ticked(pingZxid: Zxid, moved: (handler: LearnerHandler) => void): void {
    const { tickTimeMs, initLimit, syncLimit } = this.#parts.options
    const { nowMs } = this.#parts.ports.clock
    for (const handler of this.#handlers) {
      if (handler.noteProgress()) moved(handler)
      const limitMs = tickTimeMs * (handler.phase === 'serving' ? syncLimit : initLimit)
      if (handler.silentMs(nowMs) > limitMs)
        handler.dismiss(`nothing was heard of it for ${limitMs} ms`)
      else if (handler.unacknowledgedMs(nowMs) > tickTimeMs * syncLimit)
        handler.dismiss('its disk takes too long for what was proposed')
      else if (handler.feed.isOverfull) handler.dismiss('too much waits to be sent to it')
      else handler.ping(pingZxid)
    }
  }

  outputAppeared(handler: LearnerHandler): void {
    this.#dirty.add(handler)
    this.#parts.ports.host.requestTurnEnd()
  }

  /** The turn ends: what was sent leaves. */
  flush(): void {
    for (const handler of this.#dirty) handler.channel.flush()
    this.#dirty.clear()
  }

  /** To be called when a handler has left. */
  left(handler: LearnerHandler, reason: string): void {
    this.#handlers.delete(handler)
    this.#dirty.delete(handler)
    const { serverId } = handler
    this.#parts.ports.report({
      level: 'info',
      code: 'LEARNER_LEFT',
      message: `server ${serverId} is no learner any more: ${reason}`,
      fields: { serverId },
    })
  }

  /** What was sent before still leaves. */
  dismissAll(reason: string): void {
    for (const handler of this.#handlers) handler.dismiss(reason)
  }

  get #strangerCount(): number {
    const { committed, lastSeen } = this.#parts.ports.memberships
    let count = 0
    for (const { serverId } of this.#handlers)
      if (
        serverId !== -1 &&
        !committed.memberById.has(serverId) &&
        !lastSeen.memberById.has(serverId)
      )
        count++
    return count
  }
}
