/**
 * What the table of configuration keys says of one key. The table is data: parsing, error messages and the reference
 * page are made from it, so that they cannot disagree.
 *
 * It is written by hand rather than with a schema library: such a library takes longer to load than the whole server
 * takes to start, and its messages know nothing of files and lines.
 */
export type ValueKind =
  | { readonly type: 'integer'; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly type: 'decimal'; readonly min: number; readonly max: number }
  | { readonly type: 'switch' }
  | { readonly type: 'text'; readonly form: string }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** Milliseconds; a bare number counts `bareUnitMs`, a suffix (ms, s, m, h, d) names the unit. */
  | { readonly type: 'interval'; readonly bareUnitMs: number }

export type ConfigArea = 'basic' | 'storage' | 'requests' | 'quorum' | 'security' | 'operation'

export interface ConfigKey {
  /** As zoo.cfg spells it; a name that ends in `.*` stands for all keys with that beginning. */
  readonly name: string
  readonly area: ConfigArea
  readonly kind: ValueKind
  /** As zoo.cfg would spell it; undefined when there is none. */
  readonly default: string | undefined
  /** The Java system property that sets it as well; undefined when only zoo.cfg does. */
  readonly property: string | undefined
  readonly doc: string
  /** Whether the key does anything in this version. */
  readonly acts: boolean
  /** Why it does nothing, when it does nothing. */
  readonly reason: string | undefined
  /** Whether it does something only for a member of an ensemble; a standalone server says so. */
  readonly isOfEnsembles: boolean
  /**
   * What a value other than the default does to a server that cannot act on it: `note` is logged at info level,
   * `warn` as a warning, and `refuse` stops the start, where going on would be less safe than what was asked for.
   */
  readonly whenInert: 'note' | 'warn' | 'refuse'
}

/** One row of the table. What is left out has the usual value. */
export interface KeyRow {
  readonly name: string
  readonly kind: ValueKind
  readonly default?: string
  /** `none`: zoo.cfg only. Left out: `zookeeper.` and the name. */
  readonly property?: string
  readonly doc: string
  /** Given: the key does nothing yet, for this reason. */
  readonly inert?: string
  readonly whenInert?: ConfigKey['whenInert']
  readonly isOfEnsembles?: boolean
}

export function keysOf(area: ConfigArea, rows: readonly KeyRow[]): readonly ConfigKey[] {
  return rows.map((row) => ({
    name: row.name,
    area,
    kind: row.kind,
    default: row.default,
    property: row.property === 'none' ? undefined : (row.property ?? `zookeeper.${row.name}`),
    doc: row.doc,
    acts: row.inert === undefined,
    reason: row.inert,
    isOfEnsembles: row.isOfEnsembles ?? false,
    whenInert: row.whenInert ?? 'warn',
  }))
}

const int32Max = 2_147_483_647

export function integer(min: number, max: number = int32Max, unit = ''): ValueKind {
  return { type: 'integer', min, max, unit }
}

/** A count for which −1 (or any negative number) means "not set" in Apache's code. */
export function optionalInteger(unit = ''): ValueKind {
  return integer(-1, int32Max, unit)
}

export function milliseconds(min: number, max: number = int32Max): ValueKind {
  return integer(min, max, 'ms')
}

export const port: ValueKind = { type: 'integer', min: 0, max: 65_535, unit: '' }
export const onOff: ValueKind = { type: 'switch' }

export function decimal(min: number, max: number): ValueKind {
  return { type: 'decimal', min, max }
}

export function text(form: string): ValueKind {
  return { type: 'text', form }
}

export function choice(...choices: readonly string[]): ValueKind {
  return { type: 'choice', choices }
}

/** Reasons that many rows share. */
export const inertReason = {
  threads: 'requests are handled on one event loop; there are no such threads to size',
  tls: 'this version has no TLS',
  sasl: 'this version has no SASL authentication',
  admin: 'this version has no admin HTTP server',
  java: 'it chooses or tunes a Java class',
  later: 'not yet acted upon',
} as const
