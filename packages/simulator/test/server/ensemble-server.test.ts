import assert from 'node:assert/strict'
import { test } from 'node:test'
import { purePlatform } from '@quorate/protocol'
import { reportRun, simulateAsync } from '@quorate/simulator'
import type { Fault } from '../../src/faults/fault.ts'

test('an epoch that a flipped bit made is refused, and nobody takes it for the server’s own', async () => {
  let isFlipped = false
  /** A follower comes back with an epoch in its file that the others began without it. */
  const flipsAnEpoch: Fault = {
    name: 'flips an epoch',
    weight: 1,
    durationMostMs: 0,
    begin({ ensemble }) {
      const leader = ensemble?.leader
      const follower = ensemble?.servers.find(({ role }) => role === 'following')
      if (isFlipped || leader === undefined || follower === undefined) return undefined
      isFlipped = true
      follower.flipBit()
      const epoch = purePlatform.utf8Encode(String(leader.epoch + 1))
      follower.disk.install('/data/version-2/currentEpoch', epoch)
      leader.end(false)
      return undefined
    },
  }
  // Where the bit was is up to chance: a log whose end is cut off counts as a hit of its own.
  const refusals: string[] = []
  const result = await simulateAsync({
    seed: 1,
    topology: { voterCount: 3, observerCount: 0, spareCount: 0 },
    clientCount: 2,
    durationMs: 10_000,
    livenessBoundMs: 4_000,
    faults: [flipsAnEpoch],
    trace: (line) => {
      if (line.includes('refuses its disk')) refusals.push(line)
    },
  })
  assert.equal(result.violation, undefined, reportRun(result))
  assert.equal(refusals.length, 1)
})
