import type { WriteRequest } from './write-request.ts'

/** A path as a span of bytes. */
export interface PathSpan {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** Makes the path that a create asks for, with the sequence number behind it when it is sequential. Its result is valid until the next call. */
export class SequentialPath {
  #bytes = new Uint8Array(256)

  /** @param cversion the parent's stored counter of creates */
  of(request: WriteRequest, cversion: number): PathSpan {
    const { bytes, pathStart, pathEnd } = request
    if (!request.isSequential) return { bytes, start: pathStart, end: pathEnd }
    const suffix = sequenceSuffix(cversion)
    const length = pathEnd - pathStart + suffix.length
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(2 * length)
    this.#bytes.set(bytes.subarray(pathStart, pathEnd))
    for (let i = 0; i < suffix.length; i++)
      this.#bytes[pathEnd - pathStart + i] = suffix.charCodeAt(i)
    return { bytes: this.#bytes, start: 0, end: length }
  }
}

/** Ten characters at least, filled with zeros behind the sign, as Java's "%010d" prints it. */
export function sequenceSuffix(cversion: number): string {
  const digits = String(Math.abs(cversion))
  return cversion < 0 ? `-${digits.padStart(9, '0')}` : digits.padStart(10, '0')
}
