/** A ZooKeeper client of a few lines for tests: frames on a socket, awaited one by one. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  type Codec,
  connectRequest,
  type ConnectResponse,
  connectResponse,
  createRequest,
  getDataResponse,
  JuteReader,
  JuteWriter,
  openAcl,
  OpCode,
  pathRecord,
  pathWatchRequest,
  reconfigRequest,
  type ReplyHeader,
  replyHeader,
  requestHeader,
  type SessionId,
} from '@quorate/protocol'

export interface Reply {
  readonly header: ReplyHeader
  readonly body: JuteReader
}

export class RawClient {
  readonly #socket: Socket
  #kept: Buffer = Buffer.alloc(0)
  #frames: Buffer[] = []
  #wake: () => void = () => {}
  #isClosed = false
  #xid = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => this.#take(bytes))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  /** A connection without a session. */
  static async dial(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** A connection with a new session, or with the one of `session`. */
  static async open(
    port: number,
    options: { readonly timeoutMs?: number; readonly session?: ConnectResponse } = {},
  ): Promise<{ readonly client: RawClient; readonly session: ConnectResponse }> {
    const client = await RawClient.dial(port)
    client.send(connectRequest, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeOut: options.timeoutMs ?? 10_000,
      sessionId: options.session?.sessionId ?? (0n as SessionId),
      passwd: options.session?.passwd ?? new Uint8Array(16),
      readOnly: false,
    })
    const frame = await client.frame()
    return { client, session: connectResponse.decode(new JuteReader(frame, 0, frame.length)) }
  }

  #take(bytes: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, bytes])
    while (this.#kept.length >= 4 && this.#kept.length >= 4 + this.#kept.readInt32BE(0)) {
      const end = 4 + this.#kept.readInt32BE(0)
      this.#frames.push(this.#kept.subarray(4, end))
      this.#kept = this.#kept.subarray(end)
    }
    this.#wake()
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  /** The next frame from the server. */
  async frame(): Promise<Buffer> {
    await this.#until(() => this.#frames.length > 0 || this.#isClosed)
    const frame = this.#frames.shift()
    if (frame === undefined) throw new Error('the server closed the connection')
    return frame
  }

  /** Resolves when the server has closed the connection. */
  async closed(): Promise<void> {
    await this.#until(() => this.#isClosed)
  }

  send<T>(codec: Codec<T>, value: T): void {
    this.#sendBytes((writer) => codec.encode(writer, value))
  }

  #sendBytes(write: (writer: JuteWriter) => void): void {
    const writer = new JuteWriter(1_024)
    writer.writeInt(0)
    write(writer)
    const bytes = Buffer.from(writer.bytes.subarray(0, writer.position))
    bytes.writeInt32BE(bytes.length - 4, 0)
    this.#socket.write(bytes)
  }

  /** Sends a request and does not wait for its reply. */
  request<T>(type: number, codec: Codec<T> | undefined, value?: T): number {
    const xid = type === OpCode.ping ? -2 : ++this.#xid
    this.#sendBytes((writer) => {
      requestHeader.encode(writer, { xid, type })
      if (codec !== undefined) codec.encode(writer, value as T)
    })
    return xid
  }

  async reply(): Promise<Reply> {
    const frame = await this.frame()
    const body = new JuteReader(frame, 0, frame.length)
    return { header: replyHeader.decode(body), body }
  }

  async create(path: string, data: string, flags = 0): Promise<ReplyHeader> {
    this.requestCreate(path, data, flags)
    return (await this.reply()).header
  }

  /** Sends a create and does not wait for its reply. */
  requestCreate(path: string, data: string, flags = 0): number {
    const node = { path, data: Buffer.from(data), acl: openAcl, flags }
    return this.request(OpCode.create, createRequest, node)
  }

  /** The node's data, or the error code. */
  async get(path: string): Promise<string | number> {
    this.request(OpCode.getData, pathWatchRequest, { path, watch: false })
    const { header, body } = await this.reply()
    return header.err === 0
      ? Buffer.from(getDataResponse.decode(body).data!).toString()
      : header.err
  }

  /**
   * Adds the servers of these lines to the membership, or gives them the addresses that these say.
   * @returns the error code
   */
  async reconfigure(joiningServers: string): Promise<number> {
    this.request(OpCode.reconfig, reconfigRequest, {
      joiningServers,
      leavingServers: null,
      newMembers: null,
      curConfigId: -1,
    })
    return (await this.reply()).header.err
  }

  async sync(path: string): Promise<void> {
    this.request(OpCode.sync, pathRecord, { path })
    await this.reply()
  }

  end(): void {
    this.#socket.destroy()
  }
}

/** What a four-letter word answers. */
export async function ask(port: number, word: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.write(word)
  for await (const chunk of socket) text += String(chunk)
  return text
}
