/** Every kind of fault, and how often each had an effect. A fault that was planned but hit nothing does not count. */

export const faultKinds = [
  'network.reset',
  'network.half-open',
  'network.stall',
  'network.slow',
  'network.split',
  'network.partition',
  'network.one-way',
  'network.isolate',
  'network.isolate-leader',
  'network.forsake-leader',
  'network.slow-link',
  'network.withhold',
  'network.reorder',
  'network.duplicate-dial',
  'network.refuse',
  'disk.slow-sync',
  'disk.sync-error',
  'disk.write-error',
  'disk.full',
  'disk.lost-write',
  'disk.torn-write',
  'disk.bit-flip',
  'disk.lost',
  'process.kill',
  'process.kill-leader',
  'process.power-failure',
  'process.ensemble-power-failure',
  'process.crash-in-recovery',
  'process.crash-in-snapshot',
  'process.crash-in-sync',
  'process.crash-at-operation',
  'process.pause',
  'process.pause-leader',
  'clock.jump-forward',
  'clock.jump-back',
  'clock.drift',
  'client.vanish',
  'client.pause',
  'client.lull',
  'membership.change',
] as const

export type FaultKind = (typeof faultKinds)[number]

export class FaultCounts {
  readonly #hits = new Map<FaultKind, number>(faultKinds.map((kind) => [kind, 0]))

  get hits(): ReadonlyMap<FaultKind, number> {
    return this.#hits
  }

  hit(kind: FaultKind): void {
    this.#hits.set(kind, (this.#hits.get(kind) ?? 0) + 1)
  }
}
