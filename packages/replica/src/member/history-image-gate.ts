/**
 * One image of a tree may be open at a time; learners that need the state, and the periodic snapshot, take turns here.
 *
 * Who waits when the tree is replaced gets an image of the new tree. An image that is open then stays readable: it is of a tree
 * that doesn't change any more.
 */
import type { Appointment, StateImage } from '@quorate/consensus'
import { StateTail } from '@quorate/log'
import type { JuteWriter, Zxid } from '@quorate/protocol'
import type { DigestHalves, OutcomeImage, SnapshotImage, Tree } from '@quorate/tree'

/** For a snapshot, or for a learner. */
export type GatedImage = SnapshotImage & StateImage

type Ready = (image: GatedImage) => void

export class HistoryImageGate {
  /** Undefined until one is loaded, and while another one is. */
  #tree: Tree | undefined
  #open: OpenImage | undefined
  readonly #waiting = new Set<{ readonly ready: Ready }>()

  /** The tree is about to be replaced: until then nobody's turn comes. */
  leaveTree(): void {
    this.#tree = undefined
    this.#open = undefined
  }

  enterTree(tree: Tree): void {
    this.#tree = tree
    this.#openNext()
  }

  /** `ready` is called at once when no image is open, else when it is this one's turn. */
  open(ready: Ready): Appointment {
    const place = { ready }
    this.#waiting.add(place)
    this.#openNext()
    return { cancel: () => void this.#waiting.delete(place) }
  }

  #openNext(): void {
    if (this.#tree === undefined || this.#open !== undefined) return
    const [next] = this.#waiting
    if (next === undefined) return
    this.#waiting.delete(next)
    const image = new OpenImage(this.#tree.openImage(), () => this.#closed(image))
    this.#open = image
    next.ready(image)
  }

  #closed(image: OpenImage): void {
    if (this.#open !== image) return
    this.#open = undefined
    this.#openNext()
  }
}

class OpenImage implements GatedImage {
  readonly #image: SnapshotImage
  readonly #closed: () => void
  readonly #tail: StateTail
  #isClosed = false

  constructor(image: SnapshotImage, closed: () => void) {
    this.#image = image
    this.#closed = closed
    this.#tail = new StateTail(image)
  }

  get zxid(): Zxid {
    return this.#image.zxid
  }

  get digest(): DigestHalves {
    return this.#image.digest
  }

  get outcomes(): OutcomeImage | undefined {
    return this.#image.outcomes
  }

  writeNext(writer: JuteWriter, lengthTarget: number): boolean {
    return this.#image.writeNext(writer, lengthTarget)
  }

  writeNextOfTail(writer: JuteWriter, lengthTarget: number): boolean {
    return this.#tail.writeNext(writer, lengthTarget)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#image.close()
    this.#closed()
  }
}
