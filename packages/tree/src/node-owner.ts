/**
 * What the 64 bits of a node's ephemeralOwner mean (EphemeralType): no owner, a session, or a kind of node that has none and
 * uses the field for itself.
 *
 *     0x8000_0000_0000_0000             a container
 *     0xff · 16 reserved bits, 0 · ttl  a TTL node, ttl in ms (40 bits), when extended types are enabled
 */
export type OwnerKind = 'none' | 'session' | 'container' | 'ttl'

export const containerOwnerHigh: number = 0x8000_0000 | 0

export function ownerKind(high: number, low: number, extendedTypesEnabled: boolean): OwnerKind {
  if (high === 0 && low === 0) return 'none'
  if (high === containerOwnerHigh && low === 0) return 'container'
  return extendedTypesEnabled && high >>> 24 === 0xff && (high & 0x00ff_ff00) === 0
    ? 'ttl'
    : 'session'
}

/** @param ttlMs 1 to 2^40 − 1 */
export function ttlOwnerHigh(ttlMs: number): number {
  return 0xff00_0000 | Math.floor(ttlMs / 0x1_0000_0000)
}

export function ttlOwnerLow(ttlMs: number): number {
  return (ttlMs % 0x1_0000_0000) | 0
}

export function ttlOf(ownerHigh: number, ownerLow: number): number {
  return (ownerHigh & 0xff) * 0x1_0000_0000 + (ownerLow >>> 0)
}
