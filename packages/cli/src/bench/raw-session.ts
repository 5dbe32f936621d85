/**
 * One client connection for load generation: frames in, bytes out, and nothing in between that costs. All sessions of a
 * thread read into one buffer, and a whole chunk is handled before anything is sent.
 */
import { connect, type Socket } from 'node:net'
import {
  type Codec,
  connectRequest,
  connectResponse,
  errorName,
  JuteReader,
  JuteWriter,
  OpCode,
  readInt32,
  replyHeaderLength,
  type SessionId,
  writeInt32,
  Xid,
} from '@quorate/protocol'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Takes what a session receives. */
export interface FrameReceiver {
  /** `bytes[start, end)` is one frame without its length; it is valid until this call returns. */
  frame(bytes: Uint8Array, start: number, end: number): void
  /** All frames that had arrived together were handed over. */
  turnEnded(): void
  failed(error: Error): void
}

export interface SessionOptions {
  readonly sessionTimeoutMs?: number
  readonly connectTimeoutMs?: number
}

const sharedBuffer = new Uint8Array(1_048_576)
const closeXid = 0x7fff_ffff

/** A request as it goes out: length, xid, type, record. The xid stands at byte 4. */
export function encodeRequest<T>(type: number, codec?: Codec<T>, value?: T): Uint8Array {
  return encodeFrame((writer) => {
    writer.writeInt(0)
    writer.writeInt(type)
    if (codec !== undefined) codec.encode(writer, value as T)
  })
}

export class RawSession {
  /** performance.now() when the chunk that is being handled arrived. */
  receivedAtMs = 0
  sessionId: SessionId = 0n as SessionId
  readonly #socket: Socket
  #receiver: FrameReceiver
  /** The start of a frame whose end has not come yet. */
  #partial = new Uint8Array(0)
  #partialLength = 0
  #isClosing = false
  #setupXid = 0x4000_0000

  private constructor(socket: Socket, receiver: FrameReceiver) {
    this.#socket = socket
    this.#receiver = receiver
    socket.setNoDelay(true)
    socket.on('error', (error) => this.#receiver.failed(error))
    socket.on('close', () => {
      if (!this.#isClosing) this.#receiver.failed(new Error('the server closed the connection'))
    })
  }

  /** Connects and establishes a new session. */
  static async open(address: Address, options: SessionOptions = {}): Promise<RawSession> {
    const { promise, resolve, reject } = Promise.withResolvers<RawSession>()
    let session: RawSession | undefined
    const socket = connect({
      ...address,
      onread: {
        buffer: sharedBuffer,
        callback: (count, buffer) => {
          session!.#received(buffer, count)
          return true
        },
      },
    })
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no session within the time limit at ${address.host}:${address.port}`))
    }, options.connectTimeoutMs ?? 30_000)
    session = new RawSession(socket, {
      frame(bytes, start, end) {
        const response = connectResponse.decode(new JuteReader(bytes, start, end))
        session!.sessionId = response.sessionId
        if (response.timeOut > 0) resolve(session!)
        else reject(new Error('the server refused the session'))
      },
      turnEnded() {},
      failed: reject,
    })
    socket.write(connectFrame(options.sessionTimeoutMs ?? 30_000))
    try {
      return await promise
    } catch (error) {
      session.destroy()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** New sessions, spread evenly over the servers. */
  static openMany(servers: readonly Address[], count: number): Promise<RawSession[]> {
    return Promise.all(
      Array.from({ length: count }, (_, i) => RawSession.open(servers[i % servers.length]!)),
    )
  }

  receiveWith(receiver: FrameReceiver): void {
    this.#receiver = receiver
  }

  /** Sends the bytes. True: they are with the kernel, and the buffer may be used again. */
  write(bytes: Uint8Array): boolean {
    this.#socket.write(bytes)
    return this.#socket.writableLength === 0
  }

  /**
   * One request and its reply, for set-up and checks while nothing else is under way.
   * @returns a reader at the start of the response record, or undefined when the error is `toleratedError`
   */
  async call(request: Uint8Array, toleratedError = 0): Promise<JuteReader | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<JuteReader | undefined>()
    writeInt32(request, 4, this.#setupXid++)
    this.#receiver = {
      frame(bytes, start, end) {
        if (readInt32(bytes, start) === Xid.notification) return
        const error = readInt32(bytes, start + 12)
        if (error === 0) resolve(new JuteReader(bytes.slice(start + replyHeaderLength, end)))
        else if (error === toleratedError) resolve(undefined)
        else reject(new Error(`the server answered ${error} (${errorName(error) ?? 'unknown'})`))
      },
      turnEnded() {},
      failed: reject,
    }
    this.write(request)
    return promise
  }

  /** Ends the session and waits until the server has closed the connection. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#isClosing = true
    this.#socket.once('close', () => resolve())
    this.#receiver = { frame() {}, turnEnded() {}, failed: () => resolve() }
    const request = encodeRequest(OpCode.closeSession)
    writeInt32(request, 4, closeXid)
    this.write(request)
    await promise
  }

  /** Drops the connection; the session stays until its timeout. */
  destroy(): void {
    this.#isClosing = true
    this.#socket.destroy()
  }

  #received(chunk: Uint8Array, length: number): void {
    this.receivedAtMs = performance.now()
    if (this.#partialLength === 0) {
      this.#keep(chunk, this.#split(chunk, length), length)
    } else {
      this.#keepMore(chunk, length)
      const bytes = this.#partial
      const end = this.#partialLength
      const used = this.#split(bytes, end)
      bytes.copyWithin(0, used, end)
      this.#partialLength = end - used
    }
    this.#receiver.turnEnded()
  }

  /** Hands over the whole frames in `bytes[0, end)` and returns where the first partial one starts. */
  #split(bytes: Uint8Array, end: number): number {
    let at = 0
    while (end - at >= 4) {
      const frameEnd = at + 4 + readInt32(bytes, at)
      if (frameEnd > end) break
      this.#receiver.frame(bytes, at + 4, frameEnd)
      at = frameEnd
    }
    return at
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    this.#partialLength = 0
    if (start < end) this.#keepMore(chunk.subarray(start), end - start)
  }

  #keepMore(chunk: Uint8Array, length: number): void {
    const end = this.#partialLength + length
    if (end > this.#partial.length) {
      const larger = new Uint8Array(2 * end)
      larger.set(this.#partial.subarray(0, this.#partialLength))
      this.#partial = larger
    }
    this.#partial.set(chunk.subarray(0, length), this.#partialLength)
    this.#partialLength = end
  }
}

function connectFrame(sessionTimeoutMs: number): Uint8Array {
  return encodeFrame((writer) =>
    connectRequest.encode(writer, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeOut: sessionTimeoutMs,
      sessionId: 0n as SessionId,
      passwd: new Uint8Array(16),
      readOnly: false,
    }),
  )
}

function encodeFrame(encode: (writer: JuteWriter) => void): Uint8Array {
  const writer = new JuteWriter()
  writer.writeInt(0)
  encode(writer)
  writeInt32(writer.bytes, 0, writer.position - 4)
  return writer.copy()
}
