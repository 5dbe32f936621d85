/** Why bytes on an election port are not what they should be. It is a value: whatever a peer sends, its reader must go on living. */

export type ElectionRefusalCode =
  /** Less than the oldest notification. */
  | 'NOTIFICATION_SHORT'
  /** The sender's state is none that is known. */
  | 'NOTIFICATION_STATE'
  /** The configuration is longer than the message, or of negative length. */
  | 'NOTIFICATION_CONFIG_LENGTH'
  /** A number is no safe integer, or an epoch is 2^21 or more. */
  | 'NOTIFICATION_LONG_RANGE'
  /** The length of a message is not within 1 to 524,288. */
  | 'ELECTION_FRAME_LENGTH'
  /** The protocol version in an initial message is unknown. */
  | 'HELLO_VERSION'
  /** The server id is no safe integer. */
  | 'HELLO_SERVER_ID'
  /** The length of the addresses is not within 1 to 2048. */
  | 'HELLO_LENGTH'
  /** An address is not of the form host:port. */
  | 'HELLO_ADDRESS'

export interface ElectionRefusal {
  readonly code: ElectionRefusalCode
  /** What was found and what was expected. */
  readonly message: string
}

export function isElectionRefusal(value: object): value is ElectionRefusal {
  return 'code' in value
}
