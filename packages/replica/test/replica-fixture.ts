/** A replica with an immediate disk and links that keep what they were sent: for tests of its behaviour, frame by frame. */
import {
  authPacket,
  type Codec,
  connectRequest,
  connectResponse,
  type ConnectResponse,
  createRequest,
  type CreateRequest,
  decode,
  encode,
  JuteReader,
  JuteWriter,
  OpCode,
  openAcl,
  pathVersionRequest,
  pathWatchRequest,
  purePlatform,
  replyHeader,
  type ReplyHeader,
  type SessionId,
  setDataRequest,
  utf8Encode,
  watcherEvent,
  Xid,
  type Zxid,
} from '@quorate/protocol'
import { type SnapshotImage, Tree } from '@quorate/tree'
import {
  type ClientConnection,
  type ClientLink,
  Replica,
  replicaDefaults,
  type ReplicaDriver,
  type ReplicaOptions,
  type ReplicaReport,
} from '@quorate/replica'

export interface Reply extends ReplyHeader {
  readonly body: Uint8Array
}

/** The server that a client is connected to. */
export interface ClientWorld {
  readonly closed: TestClient[]
  receive(client: TestClient, bytes: Uint8Array): void
  drained(client: TestClient): void
}

/** The peer of one connection. */
export class TestClient implements ClientLink {
  readonly remoteAddress: string
  readonly remotePort = 40_000
  queuedBytes = 0
  isClosed = false
  isPaused = false
  connection!: ClientConnection
  readonly #world: ClientWorld
  #received: Uint8Array = new Uint8Array(0)
  #xid = 0

  /** With true nothing that is written is taken: it stays queued until {@link drain}. */
  isStuck = false

  constructor(world: ClientWorld, remoteAddress: string) {
    this.#world = world
    this.remoteAddress = remoteAddress
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    this.#received = joined(this.#received, bytes.subarray(start, end))
    if (!this.isStuck) return true
    this.queuedBytes += end - start
    return false
  }

  /** The peer takes everything at last. */
  drain(): void {
    this.isStuck = false
    this.queuedBytes = 0
    this.#world.drained(this)
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  close(): void {
    this.isClosed = true
    this.#world.closed.push(this)
  }

  sendRaw(bytes: Uint8Array): void {
    this.#world.receive(this, bytes)
  }

  sendFrame(body: Uint8Array): void {
    const writer = new JuteWriter()
    writer.writeBuffer(body)
    this.#world.receive(this, writer.copy())
  }

  connect(
    options: {
      readonly sessionId?: SessionId
      readonly passwd?: Uint8Array
      readonly timeOut?: number
      readonly lastZxidSeen?: Zxid
      readonly readOnly?: boolean
      readonly capabilities?: number
    } = {},
  ): ConnectResponse {
    this.sendConnect(options)
    const [frame] = this.takeFrames()
    return decode(connectResponse, frame)
  }

  /** As {@link connect}, for who does not expect the answer at once. */
  sendConnect(options: Parameters<TestClient['connect']>[0] = {}): void {
    const { capabilities } = options
    this.sendFrame(
      encode(connectRequest, {
        protocolVersion: 0,
        lastZxidSeen: options.lastZxidSeen ?? 0,
        timeOut: options.timeOut ?? 10_000,
        sessionId: options.sessionId ?? (0n as SessionId),
        passwd: options.passwd ?? new Uint8Array(16),
        readOnly: options.readOnly ?? false,
        ...(capabilities === undefined ? {} : { capabilities }),
      }),
    )
  }

  /** Sends a request and returns its xid; replies are taken with {@link takeReplies}. */
  send<T>(type: number, codec: Codec<T>, record: T): number {
    const writer = new JuteWriter()
    writer.writeInt(++this.#xid)
    writer.writeInt(type)
    codec.encode(writer, record)
    this.sendFrame(writer.copy())
    return this.#xid
  }

  /** The frame of a request, length and header included, with the next xid. */
  frame<T>(type: number, codec: Codec<T>, record: T): Uint8Array {
    const body = new JuteWriter()
    body.writeInt(++this.#xid)
    body.writeInt(type)
    codec.encode(body, record)
    const writer = new JuteWriter()
    writer.writeBuffer(body.written())
    return writer.copy()
  }

  /** Sends a request and returns all frames that came, the last of which must be its reply. */
  ask<T>(type: number, codec: Codec<T>, record: T): Reply {
    const xid = this.send(type, codec, record)
    const reply = this.takeReplies().at(-1)
    if (reply?.xid !== xid)
      throw new Error(`the reply to ${xid} did not come: ${JSON.stringify(reply)}`)
    return reply
  }

  takeFrames(): Uint8Array[] {
    const reader = new JuteReader(this.#received)
    const frames: Uint8Array[] = []
    while (reader.remaining > 0) frames.push(reader.readBuffer()!)
    this.#received = new Uint8Array(0)
    return frames
  }

  takeReplies(): Reply[] {
    return this.takeFrames().map((frame) => ({
      ...decode(replyHeader, frame),
      body: frame.subarray(16),
    }))
  }
}

function refuseMismatch(mismatch: object): never {
  throw new Error(`digest mismatch ${JSON.stringify(mismatch)}`)
}

export class TestReplica implements ReplicaDriver, ClientWorld {
  readonly tree: Tree
  readonly replica: Replica
  readonly reports: ReplicaReport[] = []
  readonly txns: Uint8Array[] = []
  readonly images: SnapshotImage[] = []
  readonly closed: TestClient[] = []
  /** With false a sync waits for {@link completeSync}. */
  isDiskImmediate = true
  nowMs = 1_000_000
  wallMs = 1_700_000_000_000
  #syncing: Zxid | undefined
  #isTurnEndWanted = false
  #isEndingTurn = false

  constructor(
    options: Partial<ReplicaOptions> = {},
    tree?: Tree,
    start: { replayedCount?: number; replayedBytes?: number; isDiskless?: boolean } = {},
  ) {
    this.tree =
      tree ??
      new Tree({
        platform: purePlatform,
        extendedTypesEnabled: true,
        digestMismatched: refuseMismatch,
      })
    if (tree === undefined) this.tree.createSystemNodes()
    const all: ReplicaOptions = {
      ...replicaDefaults,
      tickTimeMs: 2_000,
      minSessionTimeoutMs: 4_000,
      maxSessionTimeoutMs: 40_000,
      random: () => 0.5,
      ...options,
    }
    this.replica = new Replica(all, this, this.tree, {
      monotonicMs: this.nowMs,
      wallMs: this.wallMs,
      ...start,
    })
  }

  client(remoteAddress = '127.0.0.1'): TestClient {
    const client = new TestClient(this, remoteAddress)
    client.connection = this.replica.connected(client)
    return client
  }

  /** A client with a session. */
  connectedClient(): TestClient {
    const client = this.client()
    client.connect()
    return client
  }

  receive(client: TestClient, bytes: Uint8Array): void {
    this.replica.advanceClock(this.nowMs, this.wallMs)
    this.replica.received(client.connection, bytes, 0, bytes.length)
    this.endTurn()
  }

  drained(client: TestClient): void {
    this.replica.drained(client.connection)
    this.endTurn()
  }

  advance(ms: number): void {
    this.nowMs += ms
    this.wallMs += ms
    this.replica.advanceClock(this.nowMs, this.wallMs)
    this.replica.ticked()
    this.endTurn()
  }

  append(_zxid: Zxid, txn: Uint8Array): void {
    this.txns.push(txn.slice())
  }

  sync(upTo: Zxid): void {
    this.#syncing = upTo
    if (this.isDiskImmediate) this.completeSync()
  }

  completeSync(): void {
    const upTo = this.#syncing
    if (upTo === undefined) throw new Error('no sync is under way')
    this.#syncing = undefined
    this.replica.synced(upTo)
    this.endTurn()
  }

  requestTurnEnd(): void {
    this.#isTurnEndWanted = true
  }

  takeSnapshot(image: SnapshotImage): void {
    this.images.push(image)
  }

  report(report: ReplicaReport): void {
    this.reports.push(report)
  }

  endTurn(): void {
    // A sync that is done at once comes here from within a turn.
    if (this.#isEndingTurn) return
    this.#isEndingTurn = true
    while (this.#isTurnEndWanted || this.closed.length > 0) {
      this.#isTurnEndWanted = false
      for (const client of this.closed.splice(0)) this.replica.disconnected(client.connection)
      this.replica.turnEnded()
    }
    this.#isEndingTurn = false
  }
}

export const noRecord: Codec<object> = { encode() {}, decode: () => ({}) }

/** One after the other. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function create(client: TestClient, path: string, more: Partial<CreateRequest> = {}): Reply {
  return client.ask(OpCode.create, createRequest, { path, ...createDefaults, ...more })
}

export const createDefaults: Omit<CreateRequest, 'path'> = {
  data: Uint8Array.of(0x78),
  acl: openAcl,
  flags: 0,
}

export function exists(client: TestClient, path: string, watch = false): Reply {
  return client.ask(OpCode.exists, pathWatchRequest, { path, watch })
}

export function remove(client: TestClient, path: string, version = -1): Reply {
  return client.ask(OpCode.delete, pathVersionRequest, { path, version })
}

export function setData(client: TestClient, path: string, data: string, version = -1): Reply {
  return client.ask(OpCode.setData, setDataRequest, { path, data: utf8Encode(data), version })
}

export function authenticate(client: TestClient, userAndPassword: string): number {
  const auth = utf8Encode(userAndPassword)
  client.send(OpCode.auth, authPacket, { type: 0, scheme: 'digest', auth })
  return client.takeReplies().at(-1)!.err
}

/** The events among the frames that have come, as "type path". */
export function takeEvents(client: TestClient): string[] {
  return client.takeReplies().flatMap(({ xid, body }) => {
    if (xid !== Xid.notification) return []
    const { type, path } = decode(watcherEvent, body)
    return [`${type} ${path}`]
  })
}
