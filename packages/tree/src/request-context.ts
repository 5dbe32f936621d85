import type { Zxid } from '@quorate/protocol'
import type { Identity } from './identity.ts'

/** Who asks, and the place in the order that the request gets. */
export interface RequestContext {
  readonly sessionHigh: number
  readonly sessionLow: number
  readonly cxid: number
  readonly zxid: Zxid
  /** Wall clock, ms. */
  readonly timeMs: number
  readonly identities: readonly Identity[]
}

export interface PreparerOptions {
  readonly extendedTypesEnabled: boolean
  readonly enforceQuota: boolean
  readonly skipAcl: boolean
  /** Whether transactions carry the tree's digest. */
  readonly digestEnabled: boolean
}
