/**
 * One table of watches: who watches which path, in which modes. It knows nothing of events; {@link WatchTable} holds two
 * of these, one for data and one for children.
 *
 * 1. There is at most one watch for a watcher and a path; its modes are one or more bits of {@link WatchMode}.
 * 2. A watch is in the list of its path, in the order of registration, and in its watcher's map, or in neither.
 * 3. No list and no map is empty: a path or watcher without watches is not in the table.
 * 4. `recursiveCount` of a path is how many of its watches are recursive, and the table's is the sum of the paths'.
 *
 * A watch costs some 100 bytes, and the first one on a path some 400 more, most of it for the key. A path's first
 * watch is what a table is full of, when each connection watches nodes of its own.
 */
import { slash } from '@quorate/protocol'
import { HashedPathMap } from './hashed-path-map.ts'
import { extendHash, finishHash, hashStart, pathHash } from './path-hash.ts'

/** Bits: the modes of one watcher on one path coexist (ZOOKEEPER-4466). */
export const WatchMode = { standard: 1, persistent: 2, recursive: 4, any: 7 } as const

interface WatchedPath<W> {
  path: Uint8Array
  readonly hash: number
  first: Watch<W> | undefined
  last: Watch<W> | undefined
  recursiveCount: number
}

interface Watch<W> {
  readonly watcher: W
  readonly watched: WatchedPath<W>
  modes: number
  previous: Watch<W> | undefined
  next: Watch<W> | undefined
}

export class PathWatches<W> {
  readonly #watchedPaths = new HashedPathMap<WatchedPath<W>>()
  readonly #watchesByWatcher = new Map<W, Map<WatchedPath<W>, Watch<W>>>()
  #watchCount = 0
  #recursiveCount = 0

  /** Pairs of a watcher and a path. */
  get watchCount(): number {
    return this.#watchCount
  }

  get pathCount(): number {
    return this.#watchedPaths.size
  }

  get watcherCount(): number {
    return this.#watchesByWatcher.size
  }

  /** A watch that is there gets the mode as well, and keeps its place in the order. */
  add(bytes: Uint8Array, start: number, end: number, watcher: W, mode: number): void {
    const watched = this.#watchedPath(bytes, start, end)
    let watches = this.#watchesByWatcher.get(watcher)
    if (watches === undefined) {
      watches = new Map()
      this.#watchesByWatcher.set(watcher, watches)
    }
    let watch = watches.get(watched)
    if (watch === undefined) {
      watch = { watcher, watched, modes: 0, previous: watched.last, next: undefined }
      watches.set(watched, watch)
      if (watched.last === undefined) watched.first = watch
      else watched.last.next = watch
      watched.last = watch
      this.#watchCount++
    }
    this.#setModes(watch, watch.modes | mode)
  }

  /** The modes in which `watcher` watches the path; 0 when it does not. */
  modesOf(bytes: Uint8Array, start: number, end: number, watcher: W): number {
    return this.#find(bytes, start, end, watcher)?.modes ?? 0
  }

  /** Takes these modes from the watcher's watch on the path. Returns whether it had one of them. */
  remove(bytes: Uint8Array, start: number, end: number, watcher: W, modes: number): boolean {
    const watch = this.#find(bytes, start, end, watcher)
    if (watch === undefined || (watch.modes & modes) === 0) return false
    this.#takeModes(watch, modes)
    return true
  }

  /** Takes the time of the watcher's own watches, however many others there are. */
  removeAllOf(watcher: W): void {
    const watches = this.#watchesByWatcher.get(watcher)
    if (watches === undefined) return
    this.#watchesByWatcher.delete(watcher)
    for (const watch of watches.values()) this.#unlink(watch)
  }

  /**
   * Adds to `fired` whom a change of the path concerns: its own watchers, and those that watch an ancestor recursively,
   * from the root down. Standard watches are used up. The set is made when the first one is found.
   */
  fire(
    bytes: Uint8Array,
    start: number,
    end: number,
    fired: Set<W> | undefined,
  ): Set<W> | undefined {
    if (this.#watchCount === 0) return fired
    let hash = hashStart
    let hashed = start
    if (this.#recursiveCount > 0) {
      for (let at = start; at < end; at++) {
        if (bytes[at] !== slash) continue
        // The root alone keeps its slash, and is no ancestor of itself.
        const ancestorEnd = at === start ? at + 1 : at
        if (ancestorEnd === end) break
        hash = extendHash(hash, bytes, hashed, ancestorEnd)
        hashed = ancestorEnd
        const ancestor = this.#watchedPaths.get(finishHash(hash), bytes, start, ancestorEnd)
        if (ancestor !== undefined) fired = addRecursive(ancestor, fired)
      }
    }
    const pathHashed = finishHash(extendHash(hash, bytes, hashed, end))
    const watched = this.#watchedPaths.get(pathHashed, bytes, start, end)
    return watched === undefined ? fired : this.#fireAll(watched, fired)
  }

  /** Each watched path with its watchers, in the order of registration. */
  *watchersByPath(): IterableIterator<readonly [path: Uint8Array, watchers: readonly W[]]> {
    for (const { path, value } of this.#watchedPaths) {
      const watchers: W[] = []
      for (let watch = value.first; watch !== undefined; watch = watch.next)
        watchers.push(watch.watcher)
      yield [path, watchers]
    }
  }

  /** Each watcher with the paths that it watches, in the order of registration. */
  *pathsByWatcher(): IterableIterator<readonly [watcher: W, paths: readonly Uint8Array[]]> {
    for (const [watcher, watches] of this.#watchesByWatcher)
      yield [watcher, Array.from(watches.keys(), (watched) => watched.path)]
  }

  #watchedPath(bytes: Uint8Array, start: number, end: number): WatchedPath<W> {
    const hash = pathHash(bytes, start, end)
    const known = this.#watchedPaths.get(hash, bytes, start, end)
    if (known !== undefined) return known
    const watched: WatchedPath<W> = {
      path: bytes,
      hash,
      first: undefined,
      last: undefined,
      recursiveCount: 0,
    }
    watched.path = this.#watchedPaths.set(hash, bytes, start, end, watched)
    return watched
  }

  #find(bytes: Uint8Array, start: number, end: number, watcher: W): Watch<W> | undefined {
    const watches = this.#watchesByWatcher.get(watcher)
    if (watches === undefined) return undefined
    const watched = this.#watchedPaths.get(pathHash(bytes, start, end), bytes, start, end)
    return watched === undefined ? undefined : watches.get(watched)
  }

  #fireAll(watched: WatchedPath<W>, fired: Set<W> | undefined): Set<W> {
    fired ??= new Set()
    let watch = watched.first
    while (watch !== undefined) {
      // Read first: a watch that is used up leaves the list.
      const next: Watch<W> | undefined = watch.next
      fired.add(watch.watcher)
      this.#takeModes(watch, WatchMode.standard)
      watch = next
    }
    return fired
  }

  #takeModes(watch: Watch<W>, modes: number): void {
    const left = watch.modes & ~modes
    if (left !== 0) {
      this.#setModes(watch, left)
      return
    }
    const watches = this.#watchesByWatcher.get(watch.watcher)!
    watches.delete(watch.watched)
    if (watches.size === 0) this.#watchesByWatcher.delete(watch.watcher)
    this.#unlink(watch)
  }

  #setModes(watch: Watch<W>, modes: number): void {
    const recursiveDelta =
      Number((modes & WatchMode.recursive) !== 0) -
      Number((watch.modes & WatchMode.recursive) !== 0)
    watch.modes = modes
    watch.watched.recursiveCount += recursiveDelta
    this.#recursiveCount += recursiveDelta
  }

  /** Takes the watch out of its path's list, and the path out of the table when it was the last. */
  #unlink(watch: Watch<W>): void {
    this.#setModes(watch, 0)
    const { watched, previous, next } = watch
    if (previous === undefined) watched.first = next
    else previous.next = next
    if (next === undefined) watched.last = previous
    else next.previous = previous
    this.#watchCount--
    if (watched.first === undefined)
      this.#watchedPaths.delete(watched.hash, watched.path, 0, watched.path.length)
  }
}

function addRecursive<W>(ancestor: WatchedPath<W>, fired: Set<W> | undefined): Set<W> | undefined {
  if (ancestor.recursiveCount === 0) return fired
  fired ??= new Set()
  for (let watch = ancestor.first; watch !== undefined; watch = watch.next)
    if ((watch.modes & WatchMode.recursive) !== 0) fired.add(watch.watcher)
  return fired
}
