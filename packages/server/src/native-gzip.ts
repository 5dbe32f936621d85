/** Compressed snapshots: gzip in native code, on Node's thread pool while a snapshot is written. */
import { createGzip, gunzipSync } from 'node:zlib'
import type { Compressor, Decompressor } from '@quorate/log'

export const nativeDecompressor: Decompressor = {
  gunzip: (bytes) => gunzipSync(bytes),
}

/** A compressor for one snapshot. */
export function newGzipCompressor(): Compressor {
  const gzip = createGzip()
  let output: Buffer[] = []
  let failed: ((error: Error) => void) | undefined
  gzip.on('data', (chunk: Buffer) => output.push(chunk))
  gzip.on('error', (error) => failed?.(error))
  return {
    compress(bytes, start, end, isLast, done) {
      const finish = (error?: Error | null): void => {
        const compressed = Buffer.concat(output)
        output = []
        failed = undefined
        done(error ?? undefined, compressed)
      }
      failed = finish
      const part = bytes.subarray(start, end)
      if (isLast) {
        gzip.once('end', finish)
        gzip.end(part)
      } else gzip.write(part, finish)
    },
  }
}
