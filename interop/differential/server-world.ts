/** Carries the steps of a round out on one server and tells what was seen on which connection, in order. */
import {
  connectRequest,
  connectResponse,
  decode,
  encode,
  OpCode,
  replyHeader,
  type SessionId,
  Xid,
} from '@quorate/protocol'
import { FrameTimeoutError, newSession, RawClient } from '../harness/raw-client.ts'
import { encodeBody, mayWrite, type Request } from './request.ts'
import { ServerView } from './server-view.ts'
import { type ConnectStep, slotCount, type Step } from './step.ts'

export type Observed =
  | {
      readonly slot: number
      readonly what: 'reply'
      readonly request: Request
      readonly frame: Uint8Array
    }
  | { readonly slot: number; readonly what: 'notification'; readonly frame: Uint8Array }
  | { readonly slot: number; readonly what: 'connected'; readonly frame: Uint8Array }
  | { readonly slot: number; readonly what: 'closed' }
  /** The connection whose session was asked for elsewhere is still there. */
  | { readonly slot: number; readonly what: 'open' }
  /** Neither an answer nor a close. */
  | { readonly slot: number; readonly what: 'silent' }

interface Slot {
  client: RawClient | undefined
  /** Of the last session that this slot held. */
  sessionId: SessionId
  password: Uint8Array
  xid: number
}

const sessionTimeoutMs = 2_000_000
const answerTimeoutMs = 5_000
/** After an answer that ends the connection. */
const closeTimeoutMs = 1_000
const strangerSlot = -1
const ping: Request = { body: { type: OpCode.ping }, xid: Xid.ping }
const errorsThatClose: ReadonlySet<number> = new Set([-6, -112, -115, -124])

export class ServerWorld {
  readonly view: ServerView = new ServerView()
  readonly #port: number
  readonly #slots: Slot[] = []
  #control: RawClient | undefined
  #root = ''
  #observed: Observed[] = []

  constructor(port: number) {
    this.#port = port
    for (let i = 0; i < slotCount; i++)
      this.#slots.push({
        client: undefined,
        sessionId: 0n as SessionId,
        password: new Uint8Array(16),
        xid: 0,
      })
  }

  /** @param root the node below which the round works, unused so far */
  async beginRound(root: string): Promise<void> {
    this.#root = root
    if (this.#control === undefined) {
      this.#control = await RawClient.connect(this.#port)
      await this.#control.handshake(newSession(sessionTimeoutMs))
    }
    this.#control.sendRequest(Xid.ping, OpCode.ping)
    const reply = await this.#control.nextFrame()
    if (reply === undefined) throw new Error('the control connection was closed')
    this.view.beginRound(decode(replyHeader, reply).zxid)
  }

  /** Closes every session of the round that still has a connection. */
  async endRound(): Promise<void> {
    for (const slot of this.#slots) {
      if (slot.client === undefined) continue
      slot.client.sendRequest(1, OpCode.closeSession)
      await slot.client.awaitClose(closeTimeoutMs)
      this.#drop(slot)
    }
  }

  dispose(): void {
    for (const slot of this.#slots) this.#drop(slot)
    this.#control?.destroy()
  }

  async perform(step: Step): Promise<readonly Observed[]> {
    this.#observed = []
    switch (step.kind) {
      case 'connect':
        await this.#connect(step)
        break
      case 'disconnect':
        this.#drop(this.#slots[step.slot]!)
        break
      case 'requests':
        await this.#requests(step.slot, step.requests)
        break
      case 'bytes':
        await this.#bytes(step.slot, Buffer.from(step.hex, 'hex'))
        break
      case 'stranger':
        await this.#stranger(Buffer.from(step.hex, 'hex'))
        break
    }
    return this.#observed
  }

  async #connect(step: ConnectStep): Promise<void> {
    const slot = this.#slots[step.slot]!
    const source = typeof step.session === 'object' ? this.#slots[step.session.of]! : undefined
    const rival = source?.client
    if (source !== slot) this.#drop(slot)
    slot.client = undefined
    const sessionId = this.#sessionIdFor(step, source)
    const client = await RawClient.connect(this.#port)
    client.sendFrame(
      encode(connectRequest, {
        protocolVersion: 0,
        lastZxidSeen: this.#lastZxidFor(step),
        timeOut: step.timeOut,
        sessionId,
        passwd: passwordFor(step, source?.password ?? new Uint8Array(16)),
        readOnly: step.readOnly,
      }),
    )
    await this.#takeConnectResponse(step.slot, client)
    if (rival !== undefined && source !== undefined)
      await this.#probeRival(step.session as { readonly of: number }, source, rival)
    await this.#barrier()
  }

  async #takeConnectResponse(number: number, client: RawClient): Promise<void> {
    const slot = this.#slots[number]!
    const frame = await this.#frame(number, client)
    if (frame === undefined) return client.destroy()
    this.#observed.push({ slot: number, what: 'connected', frame })
    const response = decode(connectResponse, frame)
    if (response.timeOut <= 0) {
      const isClosed = await client.awaitClose(closeTimeoutMs)
      this.#observed.push({ slot: number, what: isClosed ? 'closed' : 'silent' })
      return client.destroy()
    }
    slot.client = client
    slot.sessionId = response.sessionId
    slot.password = response.passwd ?? new Uint8Array(16)
    slot.xid = 0
  }

  /** Whether the older connection of the session lives; it is given up on both servers, so that they stay alike. */
  async #probeRival(
    session: { readonly of: number },
    source: Slot,
    rival: RawClient,
  ): Promise<void> {
    rival.sendRequest(Xid.ping, OpCode.ping)
    const frame = await rival.nextFrame(answerTimeoutMs)
    this.#observed.push({ slot: session.of, what: frame === undefined ? 'closed' : 'open' })
    rival.destroy()
    if (source.client === rival) source.client = undefined
  }

  async #requests(number: number, requests: readonly Request[]): Promise<void> {
    const slot = await this.#connected(number)
    const client = slot.client
    if (client === undefined) return
    const frames = requests.map((request) => this.#encoded(slot, request))
    client.sendBytes(Buffer.concat(frames))
    let isClosing = false
    for (const request of requests) {
      const frame = await this.#reply(number, client, request)
      if (frame === undefined) return this.#lost(number)
      isClosing ||= endsConnection(request, decode(replyHeader, frame).err)
    }
    if (isClosing && (await client.awaitClose(closeTimeoutMs))) this.#lost(number)
    if (requests.some(({ body }) => mayWrite(body))) await this.#barrier()
  }

  /** The next reply on the connection; the notifications before it are noted. Undefined: there is none. */
  async #reply(
    number: number,
    client: RawClient,
    request: Request,
  ): Promise<Uint8Array | undefined> {
    for (;;) {
      const frame = await this.#frame(number, client)
      if (frame === undefined) return undefined
      if (decode(replyHeader, frame).xid !== Xid.notification) {
        this.#observed.push({ slot: number, what: 'reply', request, frame })
        return frame
      }
      this.#observed.push({ slot: number, what: 'notification', frame })
    }
  }

  /** A frame, or undefined with the reason noted. */
  async #frame(number: number, client: RawClient): Promise<Uint8Array | undefined> {
    try {
      const frame = await client.nextFrame(answerTimeoutMs)
      if (frame === undefined) this.#observed.push({ slot: number, what: 'closed' })
      return frame
    } catch (error) {
      if (!(error instanceof FrameTimeoutError)) throw error
      this.#observed.push({ slot: number, what: 'silent' })
      return undefined
    }
  }

  /** A ping on every connection: what it brings before its answer was caused by the steps so far. */
  async #barrier(): Promise<void> {
    for (const slot of this.#slots) slot.client?.sendRequest(Xid.ping, OpCode.ping)
    for (const [number, slot] of this.#slots.entries())
      if (slot.client !== undefined && (await this.#reply(number, slot.client, ping)) === undefined)
        this.#drop(slot)
  }

  async #bytes(number: number, bytes: Uint8Array): Promise<void> {
    const slot = await this.#connected(number)
    slot.client?.sendBytes(bytes)
    if (slot.client !== undefined && (await this.#frame(number, slot.client)) !== undefined)
      this.#observed.push({ slot: number, what: 'open' })
    this.#drop(slot)
  }

  async #stranger(bytes: Uint8Array): Promise<void> {
    const client = await RawClient.connect(this.#port)
    client.sendBytes(bytes)
    const frame = await this.#frame(strangerSlot, client)
    if (frame !== undefined)
      this.#observed.push({ slot: strangerSlot, what: 'notification', frame })
    client.destroy()
  }

  async #connected(number: number): Promise<Slot> {
    const slot = this.#slots[number]!
    if (slot.client !== undefined) return slot
    const client = await RawClient.connect(this.#port)
    client.sendFrame(encode(connectRequest, newSession(sessionTimeoutMs)))
    await this.#takeConnectResponse(number, client)
    return slot
  }

  #encoded(slot: Slot, request: Request): Uint8Array {
    const body = encodeBody(request, {
      root: this.#root,
      zxidBehind: (count) => this.view.zxidBehind(count),
    })
    const bytes = Buffer.alloc(12 + body.length)
    bytes.writeInt32BE(8 + body.length, 0)
    bytes.writeInt32BE(request.xid ?? ++slot.xid, 4)
    bytes.writeInt32BE(request.body.type, 8)
    bytes.set(body, 12)
    return bytes
  }

  #sessionIdFor(step: ConnectStep, source: Slot | undefined): SessionId {
    if (step.session === 'new') return 0n as SessionId
    return source?.sessionId ?? (0x0123_4567_89ab_cdefn as SessionId)
  }

  #lastZxidFor(step: ConnectStep): number {
    if (step.lastZxidSeen === 'none') return 0
    return this.view.lastZxid + (step.lastZxidSeen === 'future' ? 100_000 : 0)
  }

  #lost(number: number): void {
    const slot = this.#slots[number]!
    const last = this.#observed.at(-1)
    const isNoted = last?.slot === number && (last.what === 'closed' || last.what === 'silent')
    if (!isNoted) this.#observed.push({ slot: number, what: 'closed' })
    this.#drop(slot)
  }

  #drop(slot: Slot): void {
    slot.client?.destroy()
    slot.client = undefined
  }
}

/** Unimplemented is the answer to op codes that nobody knows, and to known ones that are switched off. */
function endsConnection({ body }: Request, err: number): boolean {
  if (body.type === OpCode.closeSession) return true
  return errorsThatClose.has(err) && !mayWrite(body)
}

function passwordFor(step: ConnectStep, good: Uint8Array): Uint8Array | null {
  switch (step.password) {
    case 'good':
      return good
    case 'bad':
      return good.map((byte) => byte ^ 1)
    case 'empty':
      return new Uint8Array(0)
    case 'null':
      return null
    default:
      return Buffer.concat([good, Buffer.from([0])])
  }
}
