/** What is wrong with a configuration, as someone who must repair it needs to read it. */

/** Where a value came from. */
export interface ValueSource {
  /** A file's path, `JVMFLAGS`, `--set`, or another flag. */
  readonly origin: string
  /** The line in the file, from 1. */
  readonly line: number | undefined
}

export type ConfigErrorCode =
  /** The file cannot be read or is not a properties file. */
  | 'CONFIG_UNREADABLE'
  /** A value is not of the allowed form. */
  | 'CONFIG_VALUE_INVALID'
  /** A key that the server cannot do without is missing. */
  | 'CONFIG_KEY_MISSING'
  /** Two values contradict each other. */
  | 'CONFIG_CONTRADICTION'
  /** The configuration asks for something this version cannot do and must not ignore. */
  | 'CONFIG_UNSUPPORTED'
  /** The server lines, groups and weights make no ensemble. */
  | 'CONFIG_MEMBERSHIP_INVALID'
  /** A member of an ensemble has no file myid in its data directory. */
  | 'MYID_MISSING'
  /** The file myid has no number in its first line. */
  | 'MYID_INVALID'
  /** The number in the file myid is not that of a server line. */
  | 'MYID_NOT_A_MEMBER'

/** The server cannot start with this configuration. `code` is stable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code: ConfigErrorCode

  constructor(code: ConfigErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.code = code
  }
}

/** Something that does not keep the server from starting. */
export interface ConfigNotice {
  readonly level: 'info' | 'warn'
  /**
   * Stable: CONFIG_KEY_UNKNOWN, CONFIG_KEY_INERT, CONFIG_KEY_REPEATED, CONFIG_VALUE_RAISED, CONFIG_PROPERTY_IGNORED, CONFIG_SERVER_LINE_IGNORED,
   * CONFIG_VOTER_COUNT, CONFIG_PEER_TYPE_OVERRIDDEN, CONFIG_SERVER_ID_LARGE.
   */
  readonly code: string
  readonly message: string
}

export function describeSource(source: ValueSource): string {
  return source.line === undefined ? source.origin : `${source.origin} line ${source.line}`
}
