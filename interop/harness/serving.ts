/** Waiting until a server serves: a session opened and closed, not merely a connection accepted. */
import { setTimeout as delay } from 'node:timers/promises'
import { OpCode } from '@quorate/protocol'
import { newSession, RawClient } from './raw-client.ts'

/** How long one attempt waits: a starting ZooKeeper may accept a connection and never answer on it. */
const attemptTimeoutMs = 1_500
const pauseMs = 200

/** @param check throws when there is no point in waiting any longer */
export async function awaitServing(
  port: number,
  timeoutMs: number,
  check: () => void,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    check()
    if (await answersOnce(port)) return
    if (performance.now() > deadline)
      throw new Error(`nothing serves on port ${port} after ${timeoutMs} ms`)
    await delay(pauseMs)
  }
}

async function answersOnce(port: number): Promise<boolean> {
  const client = await RawClient.connect(port).catch(() => undefined)
  if (client === undefined) return false
  try {
    const response = await client.handshake(newSession(10_000), attemptTimeoutMs)
    if (response === undefined || response.timeOut <= 0) return false
    client.sendRequest(1, OpCode.closeSession)
    await client.nextFrame(attemptTimeoutMs)
    return true
  } catch {
    return false
  } finally {
    client.destroy()
  }
}
