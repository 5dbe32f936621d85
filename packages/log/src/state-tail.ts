/**
 * What stands behind the image in the stream of a SNAP between servers of ours, in front of its signature:
 *
 *     int magic "QTai" · long digest of the image · the section of outcomes (outcome-section.ts)
 *
 * Apache's servers never see it: a learner announces that it takes it (PeerCapability.outcomes). Such an image is exact, and its digest is
 * known, so that the file that is made of it has all sections.
 */
import type { JuteWriter } from '@quorate/protocol'
import type { SnapshotImage } from '@quorate/tree'
import { OutcomeSection } from './outcome-section.ts'

/** "QTai" */
export const stateTailMagic = 0x51546169

export class StateTail {
  readonly #image: SnapshotImage
  #outcomes: OutcomeSection | undefined

  constructor(image: SnapshotImage) {
    this.#image = image
  }

  /** Appends the next part, of roughly `lengthTarget` bytes. Returns whether there is more. */
  writeNext(writer: JuteWriter, lengthTarget: number): boolean {
    const { outcomes, digest, zxid } = this.#image
    if (outcomes === undefined || zxid === 0) return false
    if (this.#outcomes === undefined) {
      this.#outcomes = new OutcomeSection(outcomes)
      writer.writeInt(stateTailMagic)
      writer.writeHalves(digest.high, digest.low)
    }
    return this.#outcomes.writeNext(writer, lengthTarget)
  }
}
