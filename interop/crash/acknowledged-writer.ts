/**
 * A client that writes without pause and remembers what it was promised. Every write is one multi that counts up a
 * node (setData with the version it expects) and creates a sequential child, so that the versions, the number of
 * children and their names tell afterwards whether each write happened, and how often.
 */
import {
  CreateMode,
  createRequest,
  decode,
  getChildren2Response,
  getDataResponse,
  multiRequest,
  multiResponse,
  OpCode,
  openAcl,
  pathWatchRequest,
} from '@quorate/protocol'
import { ClosedError, RawSession } from '../harness/raw-session.ts'

/** Requests on the way at once. */
const pipelineDepth = 8

export class AcknowledgedWriter {
  readonly path: string
  /** Writes that were sent in this or earlier lives of the server. */
  #sentCount = 0
  /** Of them, how many were answered with success, in order. */
  #acknowledgedCount = 0
  /** How many had happened when the last life began. */
  #confirmedCount = 0

  constructor(path: string) {
    this.path = path
  }

  get acknowledgedCount(): number {
    return this.#acknowledgedCount
  }

  async prepare(port: number): Promise<void> {
    const session = await RawSession.open(port)
    const request = { path: this.path, data: null, acl: openAcl, flags: CreateMode.persistent }
    const { err } = await session.call(OpCode.create, createRequest, request)
    if (err !== 0) throw new Error(`${this.path} cannot be created: ${err}`)
    await session.close()
  }

  /** Writes until the server goes away, which it may not before the first write was acknowledged. */
  async writeUntilClosed(port: number, onAcknowledged: () => void): Promise<void> {
    const session = await RawSession.open(port)
    this.#sentCount = this.#confirmedCount
    this.#acknowledgedCount = this.#confirmedCount
    try {
      for (let i = 0; i < pipelineDepth; i++) this.#send(session)
      for (;;) {
        const { err, body } = await session.reply()
        const results = err === 0 ? decode(multiResponse, body) : []
        if (results.length !== 2 || results.some(({ type }) => type === -1))
          throw new Error(`write ${this.#acknowledgedCount} of ${this.path} failed`)
        this.#acknowledgedCount++
        onAcknowledged()
        this.#send(session)
      }
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error
    } finally {
      session.abandon()
    }
  }

  /** @throws Error when an acknowledged write is lost, one happened twice, or some that was never sent is there */
  async verify(port: number): Promise<void> {
    const session = await RawSession.open(port)
    const request = { path: this.path, watch: false }
    const { data, stat } = await session.ask(
      OpCode.getData,
      pathWatchRequest,
      request,
      getDataResponse,
    )
    const { children } = await session.ask(
      OpCode.getChildren2,
      pathWatchRequest,
      request,
      getChildren2Response,
    )
    await session.close()
    const happened = stat.version
    this.#expect(happened >= this.#acknowledgedCount, 'acknowledged writes are lost', happened)
    this.#expect(happened <= this.#sentCount, 'more happened than was sent', happened)
    this.#expect(children.length === happened, `it has ${children.length} children`, happened)
    const text = data === null ? '' : Buffer.from(data).toString()
    this.#expect(
      text === (happened === 0 ? '' : String(happened - 1)),
      `its data is ${text}`,
      happened,
    )
    const expected = Array.from({ length: happened }, (_, i) => `n-${String(i).padStart(10, '0')}`)
    this.#expect(
      children.toSorted().every((name, i) => name === expected[i]),
      'a name is missing or there twice',
      happened,
    )
    this.#confirmedCount = happened
  }

  #send(session: RawSession): void {
    const number = this.#sentCount++
    session.send(OpCode.multi, multiRequest, [
      { type: OpCode.setData, path: this.path, data: Buffer.from(String(number)), version: number },
      {
        type: OpCode.create,
        path: `${this.path}/n-`,
        data: null,
        acl: openAcl,
        flags: CreateMode.persistentSequential,
      },
    ])
  }

  #expect(isTrue: boolean, what: string, happened: number): void {
    if (!isTrue)
      throw new Error(
        `${this.path}: ${what} (sent ${this.#sentCount}, acknowledged ${this.#acknowledgedCount}, happened ${happened})`,
      )
  }
}
