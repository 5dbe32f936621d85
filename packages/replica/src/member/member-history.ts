/** What a member asks of its history, wherever that is kept. */
import type { ZabHistory } from '@quorate/consensus'
import type { Tree } from '@quorate/tree'

export interface MemberHistory extends ZabHistory {
  /** Another one after each load. */
  readonly tree: Tree
  /** The first recovery. */
  start(done: () => void): void
  /** Calls `done` when what was appended is as durable as it will be. Nothing is to be called afterwards. */
  close(done: () => void): void
}
