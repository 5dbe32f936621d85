/**
 * The memory of transactions on their way: from submission until they have been applied and their sync is done. Blocks are
 * used over and over, so a steady stream of writes allocates nothing that the collector must find.
 */
import { JuteWriter, type Platform, type Zxid } from '@quorate/protocol'

const blockBytes = 512 * 1024
/** Room that a transaction is sure to find in the present block; a larger one makes the block grow. */
const roomMin = 16 * 1024
const spareBlocksMax = 4

interface Block {
  readonly writer: JuteWriter
  lastZxid: Zxid
}

export class TxnArena {
  readonly #platform: Platform
  readonly #spare: JuteWriter[] = []
  /** In the order of use; the last one is being filled. */
  readonly #blocks: Block[] = []

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** Where the transaction `zxid` is to be written, behind all earlier ones of the block. */
  writerFor(zxid: Zxid): JuteWriter {
    let block = this.#blocks.at(-1)
    if (block === undefined || block.writer.bytes.length - block.writer.position < roomMin) {
      block = {
        writer: this.#spare.pop() ?? new JuteWriter(blockBytes, this.#platform),
        lastZxid: zxid,
      }
      this.#blocks.push(block)
    }
    block.lastZxid = zxid
    return block.writer
  }

  /** Transactions up to `zxid` are needed no more. */
  release(zxid: Zxid): void {
    while (this.#blocks.length > 0 && this.#blocks[0]!.lastZxid <= zxid) {
      const { writer } = this.#blocks.shift()!
      // A block that a large transaction made grow goes to the collector.
      if (this.#spare.length < spareBlocksMax && writer.bytes.length === blockBytes)
        this.#spare.push(writer.clear())
    }
  }
}
