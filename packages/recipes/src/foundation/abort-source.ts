/**
 * Where signals come from. The plain rooms know AbortSignal by its structure only, but every platform that the client
 * runs on has the class, and a caller wants to hand the signal on, to `fetch` for example.
 */
import type { AbortSignalLike } from '@quorate/client/core'

/** AbortSignal where the platform's types know it; otherwise the part of it that is used here. */
export type Signal = typeof globalThis extends {
  AbortSignal: { prototype: infer S extends AbortSignalLike }
}
  ? S
  : AbortSignalLike

/** The part of AbortController that is used here. */
export interface AbortSource {
  readonly signal: Signal
  abort(reason?: unknown): void
}

interface Platform {
  readonly AbortController: new () => AbortSource
}

export function abortSource(): AbortSource {
  const { AbortController } = globalThis as unknown as Platform
  return new AbortController()
}

/** Runs `listener` when the signal is aborted, at once if it was. Returns how to take the listener away. */
export function onAbort(signal: AbortSignalLike, listener: () => void): () => void {
  if (signal.aborted) {
    listener()
    return () => {}
  }
  signal.addEventListener('abort', listener)
  return () => signal.removeEventListener('abort', listener)
}
