/**
 * Carries out the plan for one learner: from what it has to this server's history, up to NEWLEADER. The server leads, or is an observer
 * master.
 */
import { makeZxid, PacketType, type Zxid } from '@quorate/protocol'
import type { LearnerHandler } from './learner-handler.ts'
import type { ProposalWindow } from './proposal-window.ts'
import { planSync, type SyncPlan } from './sync-plan.ts'
import type { StateImage, ZabOptions, ZabPorts } from './zab-ports.ts'

export interface LearnerSyncParts {
  readonly options: ZabOptions
  readonly ports: ZabPorts
  readonly window: ProposalWindow
  readonly epoch: number
  /** Sent with NEWLEADER. */
  readonly membershipText: () => Uint8Array
}

export class LearnerSync {
  readonly #parts: LearnerSyncParts
  /** Learners that the log on disk did not reach for, as it ended before the window: they get snapshots. */
  readonly #withoutLog = new Set<number>()

  constructor(parts: LearnerSyncParts) {
    this.#parts = parts
  }

  /** Queues everything that the learner lacks, and NEWLEADER; what is proposed and committed from here on follows it. */
  begin(handler: LearnerHandler): void {
    const { options, window } = this.#parts
    const plan = planSync({
      peerLastZxid: handler.peerLastZxid,
      window,
      isSnapshotForced: options.forceSnapshotSync,
      checksCuts: handler.checksCuts,
      isDiskAllowed: this.#isDiskAllowed(handler),
    })
    this.#report(handler, plan)
    switch (plan.kind) {
      case 'diff':
      case 'trunc':
        return this.#sendFromWindow(handler, plan)
      case 'diff-from-disk':
        return this.#sendFromDisk(handler, plan)
      case 'snap':
        return this.#sendSnapshot(handler)
    }
  }

  /** The log on disk had a gap for this learner, who will come again. */
  logHadGap(serverId: number): void {
    this.#withoutLog.add(serverId)
  }

  #isDiskAllowed({ serverId, peerLastZxid: after }: LearnerHandler): boolean {
    const { snapshotSizeFactor } = this.#parts.options
    if (snapshotSizeFactor < 0 || after < 0 || this.#withoutLog.has(serverId)) return false
    const { snapshotBytes, logBytes } = this.#parts.ports.history.sizesAfter(after)
    const limitBytes = Math.floor(snapshotBytes * snapshotSizeFactor)
    return limitBytes === 0 || logBytes <= limitBytes
  }

  #sendFromWindow(
    handler: LearnerHandler,
    plan: SyncPlan & { readonly kind: 'diff' | 'trunc' },
  ): void {
    const type = plan.kind === 'diff' ? PacketType.diff : PacketType.trunc
    handler.feed.send(type, plan.zxid)
    this.#sendRest(handler, plan.sendAfter)
  }

  #sendFromDisk(
    handler: LearnerHandler,
    plan: SyncPlan & { readonly kind: 'diff-from-disk' },
  ): void {
    const { ports, window } = this.#parts
    const reader = ports.history.readAfter(plan.sendAfter)
    if (reader === undefined) return this.#sendSnapshot(handler)
    handler.feed.send(PacketType.diff, plan.zxid)
    const last = window.floor
    handler.feed.awaitLongPart()
    this.#sendRest(handler, last)
    handler.feed.begin({ kind: 'log', reader, last })
  }

  #sendSnapshot(handler: LearnerHandler): void {
    // Until the image is there the learner gets nothing: the image has it all.
    handler.phase = 'awaits-sync'
    const opening = this.#parts.ports.history.openImage((image) => {
      handler.cancelImage = undefined
      if (handler.isGone) image.close()
      else this.#sendImage(handler, image)
    })
    if (handler.phase === 'awaits-sync' && !handler.isGone)
      handler.cancelImage = () => opening.cancel()
  }

  #sendImage(handler: LearnerHandler, image: StateImage): void {
    handler.feed.send(PacketType.snap, image.zxid)
    handler.feed.awaitLongPart()
    this.#sendRest(handler, image.zxid)
    handler.feed.begin({ kind: 'image', image, hasTail: handler.takesOutcomes })
  }

  #sendRest(handler: LearnerHandler, after: Zxid): void {
    const { window, epoch } = this.#parts
    for (const proposal of window.deliveredAfter(after)) handler.feed.sendCommitted(proposal)
    handler.syncedTo = window.lastDelivered
    handler.beginPhase('syncing')
    if (!handler.isObserver)
      for (const { zxid, bytes } of window.outstanding()) handler.sendProposal(zxid, bytes)
    handler.feed.send(PacketType.newLeader, makeZxid(epoch, 0), this.#parts.membershipText())
  }

  #report({ serverId, peerLastZxid }: LearnerHandler, plan: SyncPlan): void {
    const { kind } = plan
    const { lastDelivered, outstandingCount } = this.#parts.window
    this.#parts.ports.report({
      level: 'info',
      code: 'LEARNER_SYNC',
      message: `server ${serverId} is brought from zxid 0x${peerLastZxid.toString(16)} to this leader's history by ${kind}`,
      fields: {
        serverId,
        kind,
        peerLastZxid,
        lastDelivered,
        outstandingCount,
        ...(plan.kind === 'snap' ? {} : { zxid: plan.zxid }),
      },
    })
  }
}
