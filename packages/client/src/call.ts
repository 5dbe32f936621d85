/** A request on its way: what to send, how to read the answer, and the promise that is settled exactly once. */
import { type JuteReader, JuteWriter, type OutcomeQuestion, type Platform } from '@quorate/protocol'
import type { Alarm, Clock } from './world.ts'
import { errorCodeOf, ZooKeeperError, type ZooKeeperErrorCode } from './zookeeper-error.ts'

/** What one request means, apart from when it is sent. */
export interface Operation<T> {
  /** The request's name in the protocol, for errors. */
  readonly name: string
  readonly type: number
  /** The path as the caller wrote it, for errors. */
  readonly path: string | undefined
  /** Whether it matters that it is carried out twice. Others are sent again after a lost connection. */
  readonly isWrite: boolean
  /** Whether the answer must show all that was acknowledged to anybody before the request was made. */
  readonly isLinearizable?: boolean
  write(writer: JuteWriter): void
  read(reader: JuteReader): T
  /** Told the reply's error code before the promise is settled: 0, or one of ErrorCode. */
  readonly answered?: (err: number) => void
  /** The answer that an error code stands for, such as `null` for an exists without a node. */
  readonly answerOf?: (code: ZooKeeperErrorCode) => { readonly value: T } | undefined
}

/** The operation with another meaning of its answer. */
export function withResult<T, U>(operation: Operation<T>, result: (value: T) => U): Operation<U> {
  // Field by field: copying whatever is there costs more than all the rest of a call.
  const { name, type, path, isWrite, answered } = operation
  const same = {
    name,
    type,
    path,
    isWrite,
    write: (writer: JuteWriter) => operation.write(writer),
    read: (reader: JuteReader) => result(operation.read(reader)),
  }
  return answered === undefined ? same : { ...same, answered }
}

/** The part of AbortSignal that is used here. */
export interface AbortSignalLike {
  readonly aborted: boolean
  readonly reason?: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface CallOptions {
  /** Rejects the call with `Aborted`. A request that was sent already may still be carried out. */
  readonly signal?: AbortSignalLike
  /** Rejects the call with `OperationTimeout` after so many milliseconds. */
  readonly deadlineMs?: number
  /**
   * Whether a write that was lost with its connection is sent again when the server says that it was never carried out, which
   * servers of ours can. Otherwise it is rejected with ConnectionLoss and `applied: 'no'`. Default true.
   */
  readonly resend?: boolean
}

/** Of the options of a call only those that every call takes: for calls that are made of several. */
export function callOptionsOf({ signal, deadlineMs, resend }: CallOptions): CallOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(resend === undefined ? {} : { resend }),
  }
}

/** What the requests of calls take in memory that are not answered yet. */
export interface PendingBytes {
  count: number
}

/** Connections that may be lost while a call is the next to be answered, before it is held to be the reason. */
export const blamesMax = 5

export class Call {
  readonly operation: Operation<unknown>
  /** Whether a server may have seen it. */
  wasSent = false
  /** What to ask a server, should the connection on which it was sent be lost; undefined when that server can't tell. */
  question: OutcomeQuestion | undefined
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: ZooKeeperError) => void
  /** Most calls have none. */
  #releases: ((error?: ZooKeeperError) => void)[] | undefined
  #isSettled = false
  #captured: Uint8Array | undefined
  readonly #pending: PendingBytes | undefined
  #bytes = 0
  #isInFlight = false
  #isResent = true
  /** At a server, on the last connection that took it. */
  #mayHaveArrived = false
  #blameCount = 0

  constructor(
    operation: Operation<unknown>,
    resolve: (value: unknown) => void,
    reject: (error: ZooKeeperError) => void,
    pending?: PendingBytes,
  ) {
    this.operation = operation
    this.#pending = pending
    this.#resolve = resolve
    this.#reject = reject
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Runs `release` when the call is settled, with the error if it failed. */
  onSettled(release: (error?: ZooKeeperError) => void): void {
    this.#releases ??= []
    this.#releases.push(release)
  }

  /** Takes the request's bytes now, for a call that is sent later: the caller may use its buffers again. */
  capture(platform: Platform): void {
    const writer = new JuteWriter(capturedCapacity, platform)
    this.operation.write(writer)
    this.#captured = writer.written()
    this.#hold(this.#captured.length)
  }

  /** A connection has taken the request, and keeps it until {@link left}, settled or not. */
  sent(bytes: number): void {
    this.wasSent = true
    this.#isInFlight = true
    this.#hold(bytes)
  }

  /** @param mayHaveArrived whether the request had left this process */
  left(mayHaveArrived = true): void {
    this.#isInFlight = false
    this.#mayHaveArrived = mayHaveArrived
    if (this.#isSettled) this.#letGo()
  }

  /** The same, of a call that has been written. */
  keep(request: Uint8Array): void {
    this.#captured = request
  }

  get isCaptured(): boolean {
    return this.#captured !== undefined
  }

  writeRequest(writer: JuteWriter): void {
    if (this.#captured === undefined) this.operation.write(writer)
    else writer.writeBytes(this.#captured)
  }

  /** Bounds the call by the caller's signal and deadline. */
  limit(clock: Clock, { signal, deadlineMs, resend = true }: CallOptions): void {
    this.#isResent = resend
    if (deadlineMs !== undefined) {
      const alarm: Alarm = clock.wakeAfter(deadlineMs, () => this.fail('OperationTimeout'))
      this.onSettled(() => alarm.cancel())
    }
    if (signal === undefined) return
    const abort = (): void => this.fail('Aborted', signal.reason)
    if (signal.aborted) {
      abort()
      return
    }
    signal.addEventListener('abort', abort)
    this.onSettled(() => signal.removeEventListener('abort', abort))
  }

  /** Settles the call with a reply. */
  answer(err: number, reader: JuteReader): void {
    const { operation } = this
    operation.answered?.(err)
    if (err !== 0) {
      const code = errorCodeOf(err)
      const answer = operation.answerOf?.(code)
      if (answer !== undefined) this.succeed(answer.value)
      else this.failWith(new ZooKeeperError(code, { op: operation.name, path: operation.path }))
      return
    }
    try {
      this.succeed(operation.read(reader))
    } catch (error) {
      if (error instanceof ZooKeeperError) this.failWith(error)
      else this.fail('MarshallingError', error)
    }
  }

  /**
   * Its connection was lost while it was the next to be answered: servers close the connections of requests that they can't take, such as
   * one longer than their `jute.maxbuffer`. One that had not left this process is no reason. @returns whether it is to be sent once more
   */
  blame(): boolean {
    if (this.#mayHaveArrived) this.#blameCount++
    const isTriedAgain = this.#blameCount < blamesMax
    if (!isTriedAgain) this.#isResent = false
    return isTriedAgain
  }

  /**
   * It was sent, and no server has carried it out nor ever will: as if it had not been sent.
   * @param isInOrder whether it may still be sent
   */
  takeBack(isInOrder: boolean): void {
    this.question = undefined
    this.wasSent = false
    if (!isInOrder || !this.#isResent) this.fail('ConnectionLoss')
  }

  succeed(value: unknown): void {
    if (this.#settle()) this.#resolve(value)
  }

  failWith(error: ZooKeeperError): void {
    if (this.#settle(error)) this.#reject(error)
  }

  /** A failure without an answer: whether a write was carried out is unknown once it was sent. */
  fail(code: ZooKeeperErrorCode, cause?: unknown): void {
    const { name, path, isWrite } = this.operation
    const applied = isWrite && this.wasSent ? 'unknown' : 'no'
    this.failWith(new ZooKeeperError(code, { op: name, path, applied, cause }))
  }

  #hold(bytes: number): void {
    if (this.#pending === undefined || this.#bytes > 0) return
    this.#bytes = bytes
    this.#pending.count += bytes
  }

  #letGo(): void {
    if (this.#pending !== undefined) this.#pending.count -= this.#bytes
    this.#bytes = 0
  }

  #settle(error?: ZooKeeperError): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    if (!this.#isInFlight) this.#letGo()
    if (this.#releases !== undefined) for (const release of this.#releases) release(error)
    return true
  }
}

const capturedCapacity = 128
