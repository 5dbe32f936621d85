/** Servers that are wrong on purpose: each must be found, and by the checker that is there for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Zxid } from '@quorate/protocol'
import { type DriverParts, simulate, StandaloneDriver } from '@quorate/simulator'

const seeds = [1, 2, 3, 4, 5, 6]

/** The checkers that found something, over the seeds. */
function checkersThatFind(createDriver: (parts: DriverParts) => StandaloneDriver): Set<string> {
  const found = new Set<string>()
  for (const seed of seeds) {
    const { violation } = simulate({
      seed,
      topology: { isStandalone: true },
      durationMs: 8_000,
      livenessBoundMs: 4_000,
      faultPauseMostMs: 400,
      createDriver,
    })
    if (violation !== undefined) found.add(violation.checker)
  }
  return found
}

/** Says that the log is durable when it was only asked to become so. */
class EarlyDriver extends StandaloneDriver {
  override sync(upTo: Zxid): void {
    this.log.sync(() => {})
    this.parts.host.after(0, 'input', 'acknowledges early', () =>
      this.enter(() => this.replica.synced(upTo)),
    )
  }
}

test('a driver that acknowledges before the sync loses acknowledged writes', () => {
  assert.ok(checkersThatFind((parts) => new EarlyDriver(parts)).has('acknowledged-writes'))
})

/** Ticks as soon as the timer fires, before the input that waits. */
class HastyDriver extends StandaloneDriver {
  protected override tickDue(): void {
    this.enter(() => this.replica.ticked())
  }
}

test('a driver that ticks before it reads expires sessions that are alive', () => {
  assert.ok(checkersThatFind((parts) => new HastyDriver(parts)).has('session-lifetimes'))
})

/** Forgets one append in many. */
class ForgetfulDriver extends StandaloneDriver {
  override append(zxid: Zxid, bytes: Uint8Array): void {
    if (zxid % 50 !== 0) super.append(zxid, bytes)
  }
}

test('a driver that leaves a transaction out of the log is found', () => {
  const found = checkersThatFind((parts) => new ForgetfulDriver(parts))
  assert.ok(found.has('acknowledged-writes') || found.has('applied-once'))
})
