/** The first frame of a connection in each direction, and the headers of all later ones. */
import { buffer, type Codec, int, record, sessionId, zxid } from './codec.ts'
import type { JuteReader } from './jute-reader.ts'
import type { JuteWriter } from './jute-writer.ts'
import type { SessionId, Zxid } from './zxid.ts'

/**
 * What a client and a server of ours may do beyond Apache's protocol, as bits. A client names what it can behind its ConnectRequest,
 * where Apache's servers look at nothing; only then does the server name what it can too behind its ConnectResponse, whose exact
 * length Apache's C client demands. Unknown bits, and bytes behind them, are left for later versions.
 *
 *     int magic ("Quor") · int capabilities
 *
 * A server that answers {@link OpCode.outcomes} goes on with
 *
 *     int writesMax · long zxid
 */
export const Capability = {
  /** OpCode.linearizableRead. */
  linearizableReads: 1,
  /** OpCode.outcomes. */
  outcomes: 2,
} as const

/** int protocolVersion · long lastZxidSeen · int timeOut · long sessionId · buffer passwd [· boolean readOnly [· capabilities]] */
export interface ConnectRequest {
  readonly protocolVersion: number
  readonly lastZxidSeen: Zxid
  /** Wanted session timeout in ms. */
  readonly timeOut: number
  /** 0 for a new session. */
  readonly sessionId: SessionId
  readonly passwd: Uint8Array | null
  /** Undefined for clients older than 3.4, which do not send the byte. */
  readonly readOnly: boolean | undefined
  /** Bits of {@link Capability}; missing when the client announces none. They need the readOnly byte before them. */
  readonly capabilities?: number
}

export const connectRequest: Codec<ConnectRequest> = withOptionalEnd(
  record({ protocolVersion: int, lastZxidSeen: zxid, timeOut: int, sessionId, passwd: buffer }),
)

/** int protocolVersion · int timeOut · long sessionId · buffer passwd [· boolean readOnly [· capabilities [· outcome terms]]] — no reply header */
export interface ConnectResponse {
  readonly protocolVersion: number
  /** Negotiated session timeout in ms; 0 when the session is refused. */
  readonly timeOut: number
  readonly sessionId: SessionId
  readonly passwd: Uint8Array | null
  /** Sent only to clients that sent theirs: Apache's C client demands the exact length. */
  readonly readOnly: boolean | undefined
  /** Bits of {@link Capability}; sent only to clients that sent theirs. */
  readonly capabilities?: number
  /** With Capability.outcomes only. */
  readonly outcomes?: OutcomeTerms
}

/** What a client has to keep to, so that it can learn what became of each of its writes. */
export interface OutcomeTerms {
  /** How many writes may be unanswered at a time. */
  readonly writesMax: number
  /** The server's last transaction: what is sent on this connection comes behind it. */
  readonly zxid: Zxid
}

const outcomeTerms = record({ writesMax: int, zxid })
const outcomeTermsLength = 12

const plainConnectResponse = withOptionalEnd(
  record({ protocolVersion: int, timeOut: int, sessionId, passwd: buffer }),
)

export const connectResponse: Codec<ConnectResponse> = {
  encode(writer, value) {
    plainConnectResponse.encode(writer, value)
    if (value.outcomes !== undefined) outcomeTerms.encode(writer, value.outcomes)
  },
  decode(reader) {
    const plain = plainConnectResponse.decode(reader)
    const hasTerms =
      ((plain.capabilities ?? 0) & Capability.outcomes) !== 0 &&
      reader.remaining >= outcomeTermsLength
    return hasTerms ? { ...plain, outcomes: outcomeTerms.decode(reader) } : plain
  },
}

/** int xid · int type */
export interface RequestHeader {
  readonly xid: number
  readonly type: number
}

export const requestHeader: Codec<RequestHeader> = record({ xid: int, type: int })

/** int xid · long zxid · int err; the response record follows only if err is 0 */
export interface ReplyHeader {
  readonly xid: number
  readonly zxid: Zxid
  readonly err: number
}

export const replyHeader: Codec<ReplyHeader> = record({ xid: int, zxid, err: int })

/** Bytes of a ReplyHeader. */
export const replyHeaderLength = 16

interface OptionalEnd {
  readonly readOnly: boolean | undefined
  readonly capabilities?: number
}

function withOptionalEnd<T extends object>(inner: Codec<T>): Codec<T & OptionalEnd> {
  return {
    encode(writer: JuteWriter, value) {
      inner.encode(writer, value)
      if (value.readOnly === undefined) return
      writer.writeBoolean(value.readOnly)
      if (value.capabilities === undefined) return
      writer.writeInt(capabilitiesMagic)
      writer.writeInt(value.capabilities)
    },
    decode(reader: JuteReader) {
      const known = inner.decode(reader)
      const readOnly = reader.remaining > 0 ? reader.readBoolean() : undefined
      const isExtended = reader.remaining >= 8 && reader.readInt() === capabilitiesMagic
      return isExtended
        ? { ...known, readOnly, capabilities: reader.readInt() }
        : { ...known, readOnly }
    },
  }
}

/** "Quor" */
const capabilitiesMagic = 0x51_75_6f_72
