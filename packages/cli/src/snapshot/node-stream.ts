/** What a snapshot holds, one thing after the other, without a tree in memory. */
import {
  type Acl,
  decode,
  openAcl,
  type SessionId,
  type StatPersisted,
  statPersisted,
  statPersistedLength,
} from '@quorate/protocol'
import { nativePlatform } from '@quorate/server'
import type { TreeLoader } from '@quorate/tree'

export interface SnapshotNode {
  readonly path: string
  readonly stat: StatPersisted
  /** Valid during the call; null as for nodes that were created so. */
  readonly data: Uint8Array | null
  /** Undefined when the snapshot lacks it; a server does not load such a one. */
  readonly acl: readonly Acl[] | undefined
}

export interface SnapshotSession {
  readonly timeoutMs: number
  ephemeralCount: number
}

const openAclId = -1

export class NodeStream implements TreeLoader {
  /** Complete, with their counts of ephemerals, when the last node was seen. */
  readonly sessions: Map<SessionId, SnapshotSession> = new Map()
  nodeCount = 0
  readonly #visit: (node: SnapshotNode) => void
  readonly #acls = new Map<number, readonly Acl[]>([[openAclId, openAcl]])

  /** @param visit gets the nodes, parents before their children */
  constructor(visit: (node: SnapshotNode) => void) {
    this.#visit = visit
  }

  addSession(id: SessionId, timeoutMs: number): void {
    this.sessions.set(id, { timeoutMs, ephemeralCount: 0 })
  }

  addAcl(aclId: number, acl: readonly Acl[]): void {
    this.#acls.set(aclId, acl)
  }

  addNode(
    bytes: Uint8Array,
    pathStart: number,
    pathEnd: number,
    dataStart: number,
    dataEnd: number,
    aclId: number,
    statAt: number,
  ): void {
    const stat = decode(statPersisted, bytes.subarray(statAt, statAt + statPersistedLength))
    const owner = this.sessions.get(BigInt.asUintN(64, stat.ephemeralOwner) as SessionId)
    if (owner !== undefined) owner.ephemeralCount++
    this.nodeCount++
    this.#visit({
      path: nativePlatform.utf8Decode(bytes, pathStart, pathEnd) || '/',
      stat,
      data: dataStart < 0 ? null : bytes.subarray(dataStart, dataEnd),
      acl: this.#acls.get(aclId),
    })
  }

  finish(): void {}
}

/** Only counts. */
export class NodeCounter implements TreeLoader {
  count = 0
  addSession(): void {}
  addAcl(): void {}
  addNode(): void {
    this.count++
  }
  finish(): void {}
}
