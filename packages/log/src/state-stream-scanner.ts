/**
 * Finds the end of a SNAP's stream as it comes in, without loading it:
 *
 *     image      int n · {long session · int timeout} × n
 *                int n · {long aclId · int m · {int perms · ustring scheme · ustring id} × m} × n
 *                {ustring path · buffer data · long aclId · StatPersisted} × any number · ustring "/"
 *     tail       from servers of ours to servers of ours alone, see state-tail.ts
 *     signature  ustring "BenWasHere"
 *
 * 1. The answer doesn't depend on how the stream is cut into chunks.
 * 2. Nothing is kept of the stream but one field, whatever lengths it claims to have.
 */
import { readInt32, statPersistedLength } from '@quorate/protocol'
import type { DigestHalves } from '@quorate/tree'
import { LogError } from './log-error.ts'
import { outcomeHeadLength, outcomeLengthAt } from './outcome-section.ts'
import { stateTailMagic } from './state-tail.ts'

type Part =
  | 'sessionCount'
  | 'aclCount'
  | 'aclHead'
  | 'aclScheme'
  | 'aclId'
  | 'path'
  | 'shortPath'
  | 'data'
  | 'behindImage'
  | 'tail'
  | 'behindTail'
  | 'signature'
  | 'end'

/** Bytes of each part's field; what follows it is passed over. */
const fieldLength: Readonly<Record<Part, number>> = {
  sessionCount: 4,
  aclCount: 4,
  aclHead: 12,
  aclScheme: 8,
  aclId: 4,
  path: 4,
  shortPath: 1,
  data: 4,
  behindImage: 4,
  tail: 8 + outcomeHeadLength,
  behindTail: 4,
  signature: 10,
  end: 0,
}

const sessionLength = 12
const aclIdLength = 8
/** Longest path, data or ACL string, as in a snapshot file. */
const lengthMax = 64 * 1_048_576
/** Far more than any table of outcomes has. */
const sectionLengthMax = 1_024 * 1_048_576
const slash = 0x2f
const signature = 'BenWasHere'

/** The section of outcomes is its head and the stream's bytes from `start` to `end`. */
export interface StateTailPlace {
  readonly digest: DigestHalves
  readonly head: Uint8Array
  readonly start: number
  readonly end: number
}

export class StateStreamScanner {
  readonly #field = new Uint8Array(24)
  #fieldBytes = 0
  #part: Part = 'sessionCount'
  /** Bytes to pass over before the next field. */
  #skip = 0
  #aclsLeft = 0
  #entriesLeft = 0
  #takenBytes = 0
  #imageBytes = -1
  #tail: StateTailPlace | undefined

  /** Where the tail's parts are; undefined as long as none was seen. */
  get tail(): StateTailPlace | undefined {
    return this.#tail
  }

  /** Bytes of the stream that were taken so far. */
  get takenBytes(): number {
    return this.#takenBytes
  }

  /** Bytes of the image that were taken so far: all but those of tail and signature. */
  get imageBytes(): number {
    return this.#imageBytes < 0 ? this.#takenBytes : this.#imageBytes
  }

  /** Whether the stream was seen to its end. */
  get isComplete(): boolean {
    return this.#part === 'end'
  }

  /**
   * Takes `bytes[start, end)`.
   * @returns the offset behind the signature when it is in these bytes, else −1; nothing is to be scanned after that
   * @throws LogError STATE_STREAM_BAD
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end) {
      at += this.#skip > 0 ? this.#pass(end - at) : this.#fill(bytes, at, end)
      if (this.#part === 'end') return at
    }
    return -1
  }

  #pass(available: number): number {
    const count = Math.min(this.#skip, available)
    this.#skip -= count
    this.#takenBytes += count
    return count
  }

  #fill(bytes: Uint8Array, at: number, end: number): number {
    const length = fieldLength[this.#part]
    const count = Math.min(length - this.#fieldBytes, end - at)
    for (let i = 0; i < count; i++) this.#field[this.#fieldBytes + i] = bytes[at + i]!
    this.#fieldBytes += count
    this.#takenBytes += count
    if (this.#fieldBytes === length) {
      this.#fieldBytes = 0
      this.#part = this.#take()
    }
    return count
  }

  /** The field of the current part is there: says which part comes next. */
  #take(): Part {
    switch (this.#part) {
      case 'sessionCount':
        this.#skip = sessionLength * this.#count(0, 'session')
        return 'aclCount'
      case 'aclCount':
        this.#aclsLeft = this.#count(0, 'ACL')
        return this.#nextAcl()
      case 'aclHead':
        this.#entriesLeft = this.#count(8, 'ACL entry')
        return this.#nextEntry()
      case 'aclScheme':
        this.#skip = this.#length(4, 'ACL string')
        return 'aclId'
      case 'aclId':
        this.#skip = this.#length(0, 'ACL string')
        return this.#nextEntry()
      case 'path':
        return this.#takePathLength()
      case 'shortPath':
        return this.#field[0] === slash ? this.#endImage() : 'data'
      case 'data':
        this.#skip = this.#length(0, 'data') + aclIdLength + statPersistedLength
        return 'path'
      case 'behindImage':
        return readInt32(this.#field, 0) === stateTailMagic ? 'tail' : this.#takeSignatureLength()
      case 'tail':
        return this.#takeTail()
      case 'behindTail':
        return this.#takeSignatureLength()
      case 'signature':
        return this.#takeSignature()
      default:
        return 'end'
    }
  }

  #nextAcl(): Part {
    return this.#aclsLeft-- > 0 ? 'aclHead' : 'path'
  }

  #nextEntry(): Part {
    return this.#entriesLeft-- > 0 ? 'aclScheme' : this.#nextAcl()
  }

  #takePathLength(): Part {
    if (readInt32(this.#field, 0) < 0) this.#refuse('a path is null')
    const length = this.#length(0, 'path')
    if (length === 1) return 'shortPath'
    this.#skip = length
    return 'data'
  }

  #endImage(): Part {
    this.#imageBytes = this.#takenBytes
    return 'behindImage'
  }

  #takeTail(): Part {
    const length = outcomeLengthAt(this.#field, 8)
    if (length === undefined || length < 0 || length > sectionLengthMax)
      this.#refuse(`the tail holds no section of 0 to ${sectionLengthMax} bytes`)
    this.#skip = length
    const head = this.#field.slice(8, 8 + outcomeHeadLength)
    const digest = { high: readInt32(this.#field, 0), low: readInt32(this.#field, 4) }
    this.#tail = { digest, head, start: this.#takenBytes, end: this.#takenBytes + length }
    return 'behindTail'
  }

  #takeSignatureLength(): Part {
    return readInt32(this.#field, 0) === signature.length ? 'signature' : this.#refuseSignature()
  }

  #takeSignature(): Part {
    const text = String.fromCharCode(...this.#field.subarray(0, signature.length))
    return text === signature ? 'end' : this.#refuseSignature()
  }

  #refuseSignature(): never {
    this.#refuse(`the nodes are followed by something else than "${signature}"`)
  }

  /** −1 (a null vector) counts as none. */
  #count(at: number, what: string): number {
    const count = readInt32(this.#field, at)
    if (count < -1) this.#refuse(`the ${what} count is ${count}; 0 or more is allowed`)
    return Math.max(count, 0)
  }

  #length(at: number, what: string): number {
    const length = readInt32(this.#field, at)
    if (length < -1 || length > lengthMax) {
      this.#refuse(`the length of a ${what} is ${length}; −1 (null) to ${lengthMax} is allowed`)
    }
    return Math.max(length, 0)
  }

  #refuse(message: string): never {
    throw new LogError(
      'STATE_STREAM_BAD',
      `the state that the leader sends is malformed before its byte ${this.#takenBytes}: ${message}`,
    )
  }
}
