/**
 * What the first four bytes of a connection say of it. A client's first frame starts with its length, which is small;
 * everything else that arrives here by habit or by mistake reads as a length far above any limit.
 */
import { type FourLetterWord, telnetCloseCode, wordOf } from '../four-letter-words/word.ts'

export type Greeting =
  | { readonly kind: 'frames' }
  | { readonly kind: 'word'; readonly word: FourLetterWord }
  | { readonly kind: 'telnetClose' }
  /** Another protocol, with the sentence for the log that says what to do. */
  | { readonly kind: 'stranger'; readonly code: string; readonly advice: string }

const frames: Greeting = { kind: 'frames' }
const telnetClose: Greeting = { kind: 'telnetClose' }

const http: Greeting = {
  kind: 'stranger',
  code: 'CLIENT_SPOKE_HTTP',
  advice:
    'an HTTP request came to the client port, which speaks the ZooKeeper protocol; connect with a ZooKeeper client, or send the four bytes srvr for a health check',
}

const tls: Greeting = {
  kind: 'stranger',
  code: 'CLIENT_SPOKE_TLS',
  advice:
    'a TLS handshake came to the client port, which is plain text; turn TLS off in the client (zookeeper.client.secure=false), since this version has no TLS port',
}

const httpMethods = new Set(
  ['GET ', 'HEAD', 'POST', 'PUT ', 'DELE', 'OPTI', 'PATC', 'TRAC', 'CONN', 'PRI '].map((text) =>
    Buffer.from(text, 'latin1').readInt32BE(0),
  ),
)

/**
 * @param code the first four bytes as a big-endian signed integer
 * @param juteMaxBuffer the longest frame that is read
 */
export function greetingOf(code: number, juteMaxBuffer: number): Greeting {
  if (code >= 0 && code <= juteMaxBuffer) return frames
  const word = wordOf(code)
  if (word !== undefined) return { kind: 'word', word }
  if (code === telnetCloseCode) return telnetClose
  if (httpMethods.has(code)) return http
  // A TLS record: handshake (22), version 3.x.
  if (code >>> 16 === 0x1603) return tls
  return frames
}
