/**
 * What every socket of this thread reads into in turn, of whichever port and server. Nobody is in the middle of a read when another one
 * begins, and who is handed the bytes has used or copied them when it returns.
 */

/** Room for what arrives at once from one peer; a longer burst takes several reads. */
const readBufferBytes = 262_144

export const readBuffer: Uint8Array<ArrayBuffer> = new Uint8Array(readBufferBytes)
