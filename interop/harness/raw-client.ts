/**
 * One connection to a server's client port, frame by frame. What arrives is kept in the order of its arrival;
 * nothing is interpreted but the length in front of each frame.
 */
import { connect, type Socket } from 'node:net'
import {
  connectRequest,
  type ConnectRequest,
  connectResponse,
  type ConnectResponse,
  decode,
  encode,
  type SessionId,
} from '@quorate/protocol'

export const frameTimeoutMs = 10_000
const connectTimeoutMs = 2_000
const emptyBody = new Uint8Array(0)

export function newSession(timeOut: number): ConnectRequest {
  return {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeOut,
    sessionId: 0n as SessionId,
    passwd: new Uint8Array(16),
    readOnly: false,
  }
}

/** Nothing came in time. */
export class FrameTimeoutError extends Error {
  override readonly name = 'FrameTimeoutError'
}

export class RawClient {
  readonly #socket: Socket
  readonly #frames: Uint8Array[] = []
  #received: Buffer = Buffer.alloc(0)
  #isClosed = false
  #wake: (() => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake?.()
    })
    // 'close' follows, and it is all that a test needs to know.
    socket.on('error', () => {})
  }

  /** Opens the TCP connection only. */
  static connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true })
      const timer = setTimeout(() => {
        socket.destroy()
        reject(new Error(`no connection to port ${port} within ${connectTimeoutMs} ms`))
      }, connectTimeoutMs)
      socket.once('error', (cause) => {
        clearTimeout(timer)
        reject(new Error(`no connection to port ${port}`, { cause }))
      })
      socket.once('connect', () => {
        clearTimeout(timer)
        resolve(new RawClient(socket))
      })
    })
  }

  /** The server has closed the connection and every frame before that was taken. */
  get isClosed(): boolean {
    return this.#isClosed && this.#frames.length === 0
  }

  /** Frames that have arrived and were not taken yet. */
  get pendingCount(): number {
    return this.#frames.length
  }

  /** Bytes as they are, without a length in front. */
  sendBytes(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#socket.write(bytes)
  }

  sendFrame(body: Uint8Array): void {
    this.sendBytes(frame(body))
  }

  sendRequest(xid: number, type: number, body: Uint8Array = emptyBody): void {
    this.sendBytes(frame(requestBytes(xid, type, body)))
  }

  /** The next frame without its length, or undefined when the server has closed the connection. */
  async nextFrame(timeoutMs: number = frameTimeoutMs): Promise<Uint8Array | undefined> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const next = this.#frames.shift()
      if (next !== undefined) return next
      if (this.#isClosed) return undefined
      if (!(await this.#arrival(deadline - performance.now())))
        throw new FrameTimeoutError(`no frame and no close within ${timeoutMs} ms`)
    }
  }

  /** Waits until the server closes; false when it has not after the timeout. Frames that arrive meanwhile are kept. */
  async awaitClose(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs
    while (!this.#isClosed) if (!(await this.#arrival(deadline - performance.now()))) return false
    return true
  }

  /** The connect exchange; undefined when the server closes instead of answering. */
  async handshake(
    request: ConnectRequest,
    timeoutMs: number = frameTimeoutMs,
  ): Promise<ConnectResponse | undefined> {
    this.sendFrame(encode(connectRequest, request))
    const answer = await this.nextFrame(timeoutMs)
    return answer === undefined ? undefined : decode(connectResponse, answer)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #arrival(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          this.#wake = undefined
          resolve(false)
        },
        Math.max(0, timeoutMs),
      )
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve(true)
      }
    })
  }

  #take(chunk: Buffer): void {
    let bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    while (bytes.length >= 4) {
      const length = bytes.readInt32BE(0)
      if (bytes.length < 4 + length) break
      this.#frames.push(new Uint8Array(bytes.subarray(4, 4 + length)))
      bytes = bytes.subarray(4 + length)
    }
    this.#received = bytes
    this.#wake?.()
  }
}

export function frame(body: Uint8Array): Uint8Array {
  const framed = Buffer.allocUnsafe(4 + body.length)
  framed.writeInt32BE(body.length, 0)
  framed.set(body, 4)
  return framed
}

export function requestBytes(xid: number, type: number, body: Uint8Array = emptyBody): Uint8Array {
  const bytes = Buffer.allocUnsafe(8 + body.length)
  bytes.writeInt32BE(xid, 0)
  bytes.writeInt32BE(type, 4)
  bytes.set(body, 8)
  return bytes
}
