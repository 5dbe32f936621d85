/** The first frame of a connection in each direction, and the headers of all later ones. */
import { buffer, type Codec, int, record, sessionId, zxid } from './codec.ts'
import type { JuteReader } from './jute-reader.ts'
import type { JuteWriter } from './jute-writer.ts'
import type { SessionId, Zxid } from './zxid.ts'

/** int protocolVersion · long lastZxidSeen · int timeOut · long sessionId · buffer passwd [· boolean readOnly] */
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
}

export const connectRequest: Codec<ConnectRequest> = withReadOnlyByte(
  record({ protocolVersion: int, lastZxidSeen: zxid, timeOut: int, sessionId, passwd: buffer }),
)

/** int protocolVersion · int timeOut · long sessionId · buffer passwd [· boolean readOnly] — without a reply header */
export interface ConnectResponse {
  readonly protocolVersion: number
  /** Negotiated session timeout in ms; 0 when the session is refused. */
  readonly timeOut: number
  readonly sessionId: SessionId
  readonly passwd: Uint8Array | null
  /** Sent only to clients that sent theirs: Apache's C client demands the exact length. */
  readonly readOnly: boolean | undefined
}

export const connectResponse: Codec<ConnectResponse> = withReadOnlyByte(
  record({ protocolVersion: int, timeOut: int, sessionId, passwd: buffer }),
)

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

function withReadOnlyByte<T extends object>(
  inner: Codec<T>,
): Codec<T & { readonly readOnly: boolean | undefined }> {
  return {
    encode(writer: JuteWriter, value) {
      inner.encode(writer, value)
      if (value.readOnly !== undefined) writer.writeBoolean(value.readOnly)
    },
    decode(reader: JuteReader) {
      const known = inner.decode(reader)
      return { ...known, readOnly: reader.remaining > 0 ? reader.readBoolean() : undefined }
    },
  }
}
