/** What the process exits with. The numbers are Apache's, which service managers and operators' scripts know. */
export const ExitCode = {
  finished: 0,
  unexpectedError: 1,
  /** A bad command line or configuration. */
  invalidInvocation: 2,
  /** A data directory that cannot be used: missing, not readable, damaged, or in use by another server. */
  dataDirectory: 3,
  /** The log or a snapshot could not be written. */
  diskFailure: 10,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
