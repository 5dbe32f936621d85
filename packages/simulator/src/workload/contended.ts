/** What processes with recipes contend for. */

export interface Contended {
  /** Of the lock; the two halves of a read-write lock share one. Several locks that are held together have their own names. */
  readonly name: string
  readonly kind: 'mutex' | 'read' | 'write' | 'semaphore' | 'latch' | 'multi' | 'selector'
  readonly path: string
  /** How many may hold it, as far as that is bounded by a number. */
  readonly leaseCount: number
}

export const contendedRoot = '/recipes'
const leaseCount = 2

export const contended: readonly Contended[] = [
  { name: 'mutex', kind: 'mutex', path: `${contendedRoot}/mutex`, leaseCount: 1 },
  { name: 'rw', kind: 'read', path: `${contendedRoot}/rw`, leaseCount: Infinity },
  { name: 'rw', kind: 'write', path: `${contendedRoot}/rw`, leaseCount: 1 },
  { name: 'semaphore', kind: 'semaphore', path: `${contendedRoot}/semaphore`, leaseCount },
  { name: 'latch', kind: 'latch', path: `${contendedRoot}/latch`, leaseCount: 1 },
  { name: 'multi', kind: 'multi', path: `${contendedRoot}/mutex`, leaseCount: 1 },
  { name: 'selector', kind: 'selector', path: `${contendedRoot}/selector`, leaseCount: 1 },
]

/** What a multi-lock holds together; the first is one that others want by itself. Named against the order of their paths. */
export const heldTogether: readonly { readonly name: string; readonly path: string }[] = [
  { name: 'mutex', path: `${contendedRoot}/mutex` },
  { name: 'account', path: `${contendedRoot}/account` },
]

const tokenPrefix = `${contendedRoot}/token-`

/** Where the holders of a lock write their tokens, guarded by the lock. */
export function tokenPath(lock: string): string {
  return tokenPrefix + lock
}

/** The lock whose holders write their tokens there. */
export function lockOfTokenPath(path: string): string | undefined {
  return path.startsWith(tokenPrefix) ? path.slice(tokenPrefix.length) : undefined
}

/** How many may hold a lock together with one who holds it by this node. Infinity: others of its kind. */
export function holdersMost(lock: string, nodePath: string): number {
  if (lock === 'semaphore') return leaseCount
  return nodePath.includes('__READ__') ? Infinity : 1
}
