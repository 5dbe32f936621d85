/** What the log room asks of the platform for compressed snapshots: it has no inflate of its own. */

/** A running gzip stream. */
export interface Compressor {
  /**
   * Takes `bytes[start, end)`, and with `isLast` ends the stream. Hands over what is compressed so far, maybe nothing; the
   * bytes stay valid until the next call. `bytes` may not change until then.
   */
  compress(
    bytes: Uint8Array,
    start: number,
    end: number,
    isLast: boolean,
    done: (error: Error | undefined, compressed: Uint8Array) => void,
  ): void
}

export interface Decompressor {
  /** All that a gzip stream holds. Throws when it is damaged. */
  gunzip(bytes: Uint8Array): Uint8Array
}
