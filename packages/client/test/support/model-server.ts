/**
 * A server of a few nodes for the client to talk to over links that a script breaks: dials are refused or left alone, bytes
 * get lost from any offset on, in either direction, and answers wait until they are let through.
 *
 * It keeps the protocol's promises: requests of a connection are carried out and answered in their order, an event is
 * sent before the answer to any later read, and watches that are set anew tell at once what was missed.
 */
import {
  addWatchRequest,
  type Codec,
  connectRequest,
  connectResponse,
  encode,
  ErrorCode,
  EventType,
  getDataResponse,
  JuteReader,
  OpCode,
  pathWatchRequest,
  requestHeader,
  type SessionId,
  setDataRequest,
  setWatches2Request,
  type SetWatches2Request,
  setWatchesRequest,
  type Stat,
  statResponse,
  Xid,
} from '@quorate/protocol'
import type { Link, LinkListener, Transport } from '../../src/index.ts'
import { eventFrame, frame, replyFrame } from './fake-world.ts'
import { someStat } from './records.ts'

const addWatchRecursive = 1
/** What servers write into the header of an event that they tell late. */
const noZxid = -1

interface Node {
  value: string
  mzxid: number
  version: number
}

/** What became of a set that the server carried out. */
export interface AppliedSet {
  readonly path: string
  readonly value: string
  readonly zxid: number
}

export class ModelServer implements Transport {
  readonly nodes = new Map<string, Node>()
  /** All sets, those of others included, in their order. */
  readonly applied: AppliedSet[] = []
  readonly #links: ModelLink[] = []
  readonly #sessions = new Set<bigint>()
  #lastSession = 0n
  zxid = 0

  constructor(paths: readonly string[]) {
    for (const path of paths) this.nodes.set(path, { value: '', mzxid: 0, version: 0 })
  }

  dial(_: unknown, listener: LinkListener): Link {
    const link = new ModelLink(this, listener)
    this.#links.push(link)
    return link
  }

  get link(): ModelLink | undefined {
    return this.#links.at(-1)
  }

  openSession(wanted: bigint): bigint {
    if (wanted !== 0n) return this.#sessions.has(wanted) ? wanted : 0n
    this.#sessions.add(++this.#lastSession)
    return this.#lastSession
  }

  endSession(id: bigint): void {
    this.#sessions.delete(id)
  }

  expireAll(): void {
    this.#sessions.clear()
    for (const link of this.#links) link.forget()
  }

  set(path: string, value: string): Node | undefined {
    const node = this.nodes.get(path)
    if (node === undefined) return undefined
    this.zxid++
    node.value = value
    node.mzxid = this.zxid
    node.version++
    this.applied.push({ path, value, zxid: this.zxid })
    for (const link of this.#links) link.changed(path)
    return node
  }
}

type LinkState = 'dialed' | 'open' | 'serving' | 'gone'

export class ModelLink implements Link {
  readonly #server: ModelServer
  readonly #listener: LinkListener
  readonly #dataWatches = new Set<string>()
  readonly #persistentWatches = new Set<string>()
  readonly #recursiveWatches = new Set<string>()
  #state: LinkState = 'dialed'
  #session = 0n
  #received = new Uint8Array(0)
  /** Frames that wait to be let through to the client. */
  #outgoing: Uint8Array[] = []
  #bytesToServer = Infinity
  #bytesToClient = Infinity

  constructor(server: ModelServer, listener: LinkListener) {
    this.#server = server
    this.#listener = listener
  }

  /** The dial succeeds. */
  accept(): void {
    if (this.#state !== 'dialed') return
    this.#state = 'open'
    this.#listener.opened()
  }

  refuse(): void {
    if (this.#state === 'dialed') this.#lose(new Error('refused'))
  }

  /** From so many bytes more on, those of one direction or of both get lost, and the connection with them. */
  cutAfter({ toServer, toClient }: { readonly toServer: number; readonly toClient: number }): void {
    this.#bytesToServer = Math.min(this.#bytesToServer, toServer)
    this.#bytesToClient = Math.min(this.#bytesToClient, toClient)
  }

  send(bytes: Uint8Array): void {
    if (this.#state === 'dialed') throw new Error('sent on a link that is not open')
    if (this.#state === 'gone') return
    const delivered = bytes.subarray(0, this.#bytesToServer)
    this.#bytesToServer -= delivered.length
    this.#received = new Uint8Array(Buffer.concat([this.#received, delivered]))
    this.#serve()
  }

  close(): void {
    this.#state = 'gone'
  }

  /** Lets frames through to the client. */
  pump(countMax: number): void {
    for (let i = 0; i < countMax && this.#state !== 'gone'; i++) {
      const bytes = this.#outgoing.shift()
      if (bytes === undefined) break
      const delivered = bytes.slice(0, this.#bytesToClient)
      this.#bytesToClient -= delivered.length
      if (delivered.length > 0) this.#listener.received(delivered)
    }
    if (this.#bytesToServer <= 0 || this.#bytesToClient <= 0) this.#lose(new Error('cut'))
  }

  changed(path: string): void {
    const isWatched =
      this.#dataWatches.delete(path) ||
      this.#persistentWatches.has(path) ||
      [...this.#recursiveWatches].some((root) => root === '/' || path.startsWith(root))
    if (isWatched) this.#tell(path, this.#server.zxid)
  }

  /** The server knows no session any more: what was served so far goes out before the connection ends. */
  forget(): void {
    this.#dataWatches.clear()
    this.#persistentWatches.clear()
    this.#recursiveWatches.clear()
    if (this.#state === 'serving') this.cutAfter({ toServer: 0, toClient: Infinity })
  }

  #lose(cause: Error): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.forget()
    this.#listener.closed(cause)
  }

  #serve(): void {
    for (;;) {
      if (this.#received.length < 4) return
      const end = 4 + new JuteReader(this.#received).readInt()
      if (this.#received.length < end) return
      const reader = new JuteReader(this.#received, 4, end)
      this.#received = this.#received.slice(end)
      if (this.#state === 'serving') this.#request(reader)
      else this.#connect(reader)
    }
  }

  #connect(reader: JuteReader): void {
    const { sessionId, timeOut } = connectRequest.decode(reader)
    this.#session = this.#server.openSession(sessionId)
    this.#state = 'serving'
    const response = {
      protocolVersion: 0,
      timeOut: this.#session === 0n ? 0 : timeOut,
      sessionId: this.#session as SessionId,
      passwd: new Uint8Array(16),
      readOnly: false,
    }
    this.#outgoing.push(frame(encode(connectResponse, response)))
  }

  #request(reader: JuteReader): void {
    const { xid, type } = requestHeader.decode(reader)
    switch (type) {
      case OpCode.getData:
        return this.#get(xid, pathWatchRequest.decode(reader))
      case OpCode.setData: {
        const { path, data } = setDataRequest.decode(reader)
        const node = this.#server.set(path, String(data && Buffer.from(data)))
        return node === undefined
          ? this.#reply(xid, undefined, ErrorCode.NoNode)
          : this.#reply(xid, encode(statResponse, { stat: statOf(node) }))
      }
      case OpCode.addWatch: {
        const { path, mode } = addWatchRequest.decode(reader)
        const watches =
          mode === addWatchRecursive ? this.#recursiveWatches : this.#persistentWatches
        watches.add(path)
        return this.#reply(xid, new Uint8Array(4))
      }
      case OpCode.removeWatches:
        this.#recursiveWatches.clear()
        return this.#reply(xid)
      case OpCode.setWatches:
        return this.#setWatches(xid, decodeWatches(setWatchesRequest, reader))
      case OpCode.setWatches2:
        return this.#setWatches(xid, decodeWatches(setWatches2Request, reader))
      case OpCode.closeSession:
        this.#server.endSession(this.#session)
        return this.#reply(xid)
      case OpCode.ping:
        return this.#reply(Xid.ping)
      default:
        return this.#reply(xid, undefined, ErrorCode.Unimplemented)
    }
  }

  #get(xid: number, { path, watch }: { readonly path: string; readonly watch: boolean }): void {
    const node = this.#server.nodes.get(path)
    if (node === undefined) return this.#reply(xid, undefined, ErrorCode.NoNode)
    if (watch) this.#dataWatches.add(path)
    const data = Buffer.from(node.value)
    this.#reply(xid, encode(getDataResponse, { data, stat: statOf(node) }))
  }

  #setWatches(xid: number, request: SetWatches2Request): void {
    for (const path of request.dataWatches) {
      const node = this.#server.nodes.get(path)
      if (node !== undefined && node.mzxid > request.relativeZxid) this.#tell(path, noZxid)
      else this.#dataWatches.add(path)
    }
    for (const path of request.persistentWatches) this.#persistentWatches.add(path)
    for (const path of request.persistentRecursiveWatches) this.#recursiveWatches.add(path)
    this.#reply(xid)
  }

  #tell(path: string, zxid: number): void {
    this.#outgoing.push(eventFrame(EventType.nodeDataChanged, path, zxid))
  }

  #reply(xid: number, body?: Uint8Array, err = 0): void {
    const reply = { zxid: this.#server.zxid, err, ...(body === undefined ? {} : { body }) }
    this.#outgoing.push(replyFrame(xid, reply))
  }
}

function decodeWatches(
  codec: Codec<Partial<SetWatches2Request> & Pick<SetWatches2Request, 'relativeZxid'>>,
  reader: JuteReader,
): SetWatches2Request {
  const none = {
    dataWatches: [],
    existWatches: [],
    childWatches: [],
    persistentWatches: [],
    persistentRecursiveWatches: [],
  }
  return { ...none, ...codec.decode(reader) }
}

function statOf({ mzxid, version, value }: Node): Stat {
  return { ...someStat, mzxid, version, dataLength: value.length }
}
