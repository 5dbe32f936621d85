/** Waits until something is so, bounded in time. */
import { setTimeout as delay } from 'node:timers/promises'

const pauseMs = 100

export interface Wait {
  /** As the end of "waited N ms for …". */
  readonly what: string
  readonly timeoutMs: number
  /** What is known about a failure, for its message. */
  readonly explain?: () => string
}

/**
 * Probes until there is a result.
 * @param probe undefined means not yet; it throws when there is no point in waiting any longer
 * @throws Error when the time is over
 */
export async function eventually<R>(
  wait: Wait,
  probe: () => Promise<R | undefined> | R | undefined,
): Promise<R> {
  const deadline = performance.now() + wait.timeoutMs
  for (;;) {
    const result = await probe()
    if (result !== undefined) return result
    if (performance.now() > deadline) {
      const detail = wait.explain === undefined ? '' : `\n${wait.explain()}`
      throw new Error(`waited ${wait.timeoutMs} ms for ${wait.what}${detail}`)
    }
    await delay(pauseMs)
  }
}
