/** Byte streams between servers, as a driver hands them to the engine. */

/** The driver's end of one connection with a peer. */
export interface PeerLink {
  /**
   * Sends `bytes[start, end)`. True: they are gone, and the caller may use the buffer again. False: the link holds on to the
   * buffer until they are, and the caller may not touch it again.
   */
  write(bytes: Uint8Array, start: number, end: number): boolean
  /** Bytes written but not yet taken by the peer. When they become 0 again, `drained` is called. */
  readonly queuedBytes: number
  /** Stops and starts the calls of `received`; what the peer sends meanwhile waits in the socket. */
  pause(): void
  resume(): void
  /** Closes after what was written has been sent. `closed` follows, and nothing is received any more. */
  close(): void
}

/** Who is told of what happens on a link. */
export interface PeerLinkListener {
  /** `bytes[start, end)` may be used again by the caller afterwards. */
  received(bytes: Uint8Array, start: number, end: number): void
  drained(): void
  /** Called once, whoever closed it. */
  closed(reason: string): void
}

export interface DialListener {
  opened(link: PeerLink): PeerLinkListener
  failed(reason: string): void
}

/** An attempt to connect. After `cancel` neither of the listener's methods is called. */
export interface Dialling {
  cancel(): void
}

/** A timer that has not fired. */
export interface Appointment {
  cancel(): void
}

export interface Clock {
  /** Milliseconds, not tied to the time of day. */
  readonly nowMs: number
  /** Calls `run` after `delayMs`, behind all input that is there by then: a stall is not a death. */
  after(delayMs: number, run: () => void): Appointment
}
