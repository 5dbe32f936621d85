/**
 * A lock that one holder has at a time, in the order in which they asked.
 *
 * It is not re-entrant: who holds it and asks again waits for itself. See {@link ReentrantMutex} for one that is.
 *
 * Layout: Curator's InterProcessMutex, `_c_<uuid>-lock-NNNNNNNNNN` below the path; with `layout: 'kazoo'` kazoo's Lock.
 */
import type { ClientCodec, ZooKeeper } from '@quorate/client/core'
import { LineLock } from './line-lock.ts'
import { exclusive } from './lock-names.ts'
import type { LockOptions } from './lock.ts'

export class Mutex<C extends ClientCodec = 'utf8'> extends LineLock<C> {
  constructor(zk: ZooKeeper<C>, path: string, options: LockOptions = {}) {
    super(zk, path, { ...options, ...exclusive(options.layout) })
  }
}
