/** The start of a simulated server: its tree, as the disk has it. */
import { recover, SnapshotWriter, versionDirectory, writeSnapshot } from '@quorate/log'
import { decode, purePlatform, txn } from '@quorate/protocol'
import { Tree, type TreeOptions } from '@quorate/tree'
import type { SimulatedDisk } from '../disk/simulated-disk.ts'
import type { Applied } from '../history/observation.ts'
import type { Host } from '../host.ts'
import type { World } from '../world.ts'

export interface RecoveryParts {
  readonly world: World
  readonly host: Host
  readonly disk: SimulatedDisk
  /** dataDir and dataLogDir. */
  readonly dataDirectory: string
}

/** Loads and replays; a first start leaves an empty snapshot behind. Then calls `done`. */
export function recoverTree(
  parts: RecoveryParts,
  done: (error: Error | undefined, tree?: Tree) => void,
): void {
  const { host, disk, dataDirectory } = parts
  const loading = new LoadingTree(parts)
  recover(
    { disk, dataDirectory, logDirectory: dataDirectory, target: loading, platform: purePlatform },
    (error, recovery) => {
      if (recovery === undefined) return done(error)
      for (const report of recovery.reports) {
        host.note(`${report.type} in ${report.file}: ${report.reason}`)
        if (report.type === 'tailCut') parts.world.faults.hit('disk.torn-write')
      }
      loading.tellReplayed()
      const tree = loading.finished()
      if (recovery.snapshotZxid !== undefined) return done(undefined, tree)
      const directory = versionDirectory(dataDirectory)
      const writer = new SnapshotWriter(disk, directory, tree.openImage())
      writeSnapshot(writer, (writeError) =>
        writeError === undefined ? done(undefined, tree) : done(writeError),
      )
    },
  )
}

/** What recovery fills. */
class LoadingTree {
  readonly #parts: RecoveryParts
  readonly #options: TreeOptions
  #tree: Tree
  #isFilled = false
  /** Told when recovery is over: until then the end of the log may not be durable. */
  #replayed: Applied[] = []

  constructor(parts: RecoveryParts) {
    this.#parts = parts
    this.#options = {
      platform: purePlatform,
      extendedTypesEnabled: true,
      digestMismatched: ({ zxid }) =>
        parts.world.observe({ type: 'digestMismatched', server: parts.host.name, zxid }),
    }
    this.#tree = new Tree(this.#options)
  }

  newLoader(): ReturnType<Tree['loader']> {
    this.#tree = new Tree(this.#options)
    this.#isFilled = true
    return this.#tree.loader()
  }

  replay(zxid: number, bytes: Uint8Array, start: number, end: number): void {
    this.finished().apply(bytes, start, end)
    const copy = bytes.slice(start, end)
    this.#replayed.push({
      type: 'applied',
      server: this.#parts.host.name,
      isReplay: true,
      zxid,
      txn: decode(txn, copy),
      bytes: copy,
    })
  }

  tellReplayed(): void {
    for (const applied of this.#replayed) this.#parts.world.observe(applied)
    this.#replayed = []
  }

  /** The tree, with at least the nodes that every tree has. */
  finished(): Tree {
    if (!this.#isFilled) this.#tree.createSystemNodes()
    this.#isFilled = true
    return this.#tree
  }
}
