import type { Platform } from '@quorate/protocol'
import type { PathSpan } from './sequential-path.ts'
import type { TreeState } from './tree-state.ts'

export class QuotaKeeper {
  constructor(_state: TreeState, _platform: Platform) {}
  nodeCreated(_node: number, _bytes: Uint8Array, _start: number, _end: number): void {}
  nodeDeleted(_node: number, _bytes: Uint8Array, _start: number, _end: number): void {}
  dataChanged(
    _node: number,
    _bytes: Uint8Array,
    _start: number,
    _end: number,
    _lengthBefore: number,
  ): void {}
  wouldExceed(
    _path: PathSpan,
    _growth: { readonly count: number; readonly bytes: number },
  ): boolean {
    return false
  }
  rebuild(): void {}
}
