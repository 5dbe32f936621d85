/**
 * One real client: what it was asked for, what its connections brought, and what it therefore has to tell its caller. What must be so
 * is in {@link ClientPromises}; methods return a sentence when it is not.
 */
import { ErrorCode, isEphemeral, type Zxid } from '@quorate/protocol'
import { watchKind } from '../client/client-watches.ts'
import { describe, isWrite, type Operation, type Outcome } from '../client/operation.ts'
import type {
  Called,
  ChangeTold,
  ClientOpened,
  Connected,
  Invoked,
  Notified,
  Replied,
  Returned,
  StateTold,
} from '../history/observation.ts'
import { usPerMs } from '../world.ts'
import { outcomeProblem } from './call-outcome.ts'
import { WatchListeners } from './watch-listeners.ts'

/** The client holds the call to be the reason then. */
const lossesMax = 5

interface Call {
  readonly called: Called
  readonly atUs: number
  /** Its operation, as one can be compared with another. */
  readonly key: string
  /** It is on the wire of the present connection, and not answered. */
  isAsked: boolean
  /** It was on the wire at any time. */
  wasAsked: boolean
  /** It was sent, and nobody knows what became of it: the last server that was asked could not say. */
  isInDoubt: boolean
  isSettled: boolean
  /** Connections that were lost while it was on the wire. */
  lossCount: number
}

/** Something that the caller is to be told, in this order; listeners of one change in any. */
type Due =
  | { readonly type: 'return'; readonly call: Call; readonly reply: Replied }
  | { readonly type: 'state'; readonly state: string }
  | {
      readonly type: 'change'
      readonly told: Notified
      readonly listeners: Set<number | undefined>
    }

/** Clocks of hosts differ by half a hundredth at most. */
const clockTolerance = 0.01
/** Longest pause of a process, and what it takes to go on. */
const latenessMs = 5_000

export class CalledClient {
  readonly #client: string
  readonly #servers: readonly string[]
  readonly #calls = new Map<number, Call>()
  readonly #askedByXid = new Map<number, Call>()
  /** Writes that were on the wire of an earlier connection. */
  readonly #lostByXid = new Map<number, Call>()
  readonly #watches = new WatchListeners()
  /** Answers, one after the other, in which a server did not know of a write. */
  #vagueCount = 0
  /** In order. */
  readonly #due: Due[] = []
  /** Returns that come behind more promises than one. */
  readonly #dueLater = new Map<Call, Replied>()
  #dueAtUs = 0
  #timeoutMs: number
  #hasSession = false
  /** A server that is cut off from the others gave it, and they don't know it: it can be lost without a word of any of them. */
  #isProvisional = false
  #isConnected = false
  #isReadOnly = false
  #isRefused = false
  #isOver = false
  #overAtUs = 0
  /** It went by a clock that nobody else can see: what follows cannot be matched to calls any more. */
  #isBlind = false
  #hasWatchesToSet = false
  /** Every event up to it has been received: of an event's own transaction, another may still come. */
  #completeZxid: Zxid = 0
  #lastServer: string | undefined
  #heardAtUs: number

  constructor({ client, servers, timeoutMs }: ClientOpened, atUs: number) {
    this.#client = client
    this.#servers = servers
    this.#timeoutMs = timeoutMs
    this.#heardAtUs = atUs
  }

  get hasOpenCalls(): boolean {
    return [...this.#calls.values()].some(({ isSettled }) => !isSettled)
  }

  dialled(server: string, atUs: number): string | undefined {
    const again = server === this.#lastServer && this.#servers.length > 1
    this.#lastServer = server
    if (again) return this.#says(`dials ${server} twice in a row`)
    if (this.#isOver) return undefined
    // A part of a reply counts as heard: but what is silent for two thirds of the timeout behind it is left.
    const silentMs = (atUs - this.#heardAtUs) / usPerMs
    return this.#hasSession && silentMs > this.#timeoutMs * 2 * (1 + clockTolerance)
      ? this.#says(`dials ${server} after ${silentMs} ms of silence, and has not given up`)
      : undefined
  }

  called(called: Called, atUs: number): void {
    const state = {
      isAsked: false,
      wasAsked: false,
      isInDoubt: false,
      isSettled: false,
      lossCount: 0,
    }
    this.#calls.set(called.call, { called, atUs, key: describe(called.operation), ...state })
  }

  connected({ timeoutMs, isReadOnly = false }: Connected, atUs: number): void {
    // Of a session that asks what became of the last writes nobody is told.
    if (this.#isOver) return
    this.#isReadOnly = isReadOnly
    this.#isProvisional = isReadOnly && (this.#isProvisional || !this.#hasSession)
    this.#timeoutMs = timeoutMs
    this.#hasSession = true
    this.#isConnected = true
    this.#heardAtUs = atUs
    this.#hasWatchesToSet = Object.values(this.#watches.lists()).some(({ length }) => length > 0)
    this.#owe({ type: 'state', state: 'connected' }, atUs)
  }

  refused(atUs: number): void {
    if (this.#isOver) return
    this.#isRefused = true
    this.#owe({ type: 'state', state: 'expired' }, atUs)
  }

  disconnected(atUs: number): void {
    this.#isConnected = false
    for (const call of this.#calls.values()) {
      if (call.isAsked) call.lossCount++
      call.isAsked = false
    }
    for (const [xid, call] of this.#askedByXid) {
      if (!isWrite(call.called.operation) || call.isSettled) continue
      this.#lostByXid.set(xid, call)
      // A server that only reads keeps no outcomes.
      if (this.#isReadOnly) call.isInDoubt = true
    }
    this.#askedByXid.clear()
    if (!this.#isClosing && !this.#isOver) this.#owe({ type: 'state', state: 'disconnected' }, atUs)
  }

  invoked({ operation, xid }: Invoked): string | undefined {
    if (operation.type === 'ping') return undefined
    if (this.#isOver)
      return operation.type === 'outcomes' || operation.type === 'closeSession'
        ? undefined
        : this.#says(`sends ${describe(operation)} though its session is over`)
    if (this.#hasWatchesToSet) {
      this.#hasWatchesToSet = false
      if (!this.#isBlind) return this.#watchesProblem(operation)
    }
    if (operation.type === 'setWatches' || operation.type === 'outcomes' || this.#isBlind)
      return undefined
    const key = describe(operation)
    const call = this.#waitingCall(key)
    if (call === undefined) return this.#says(`sends ${key}, which it was not called for`)
    if (call.wasAsked && isWrite(operation)) return this.#says(`sends ${key} a second time`)
    call.isAsked = true
    call.wasAsked = true
    this.#askedByXid.set(xid, call)
    return undefined
  }

  replied(reply: Replied, atUs: number): void {
    this.#heard(reply.zxid, atUs)
    this.#outcomesTold(reply, atUs)
    // A server that refuses to tell leaves all of them in doubt.
    if (reply.operation?.type === 'outcomes' && reply.err !== ErrorCode.Ok)
      for (const call of this.#lostByXid.values()) call.isInDoubt = true
    const call = this.#askedByXid.get(reply.xid)
    if (call === undefined) return
    this.#askedByXid.delete(reply.xid)
    call.isAsked = false
    const { operation, call: number } = call.called
    const kind = watchKind(operation, reply.err === ErrorCode.Ok)
    const isWatched =
      reply.err === ErrorCode.Ok || (kind === 'exist' && reply.err === ErrorCode.NoNode)
    if (kind !== undefined && isWatched && 'path' in operation)
      this.#watches.add(kind, operation.path, number)
    if (call.isSettled) this.#calls.delete(number)
    else this.#oweReturn(call, reply, atUs)
  }

  /** A client asks one server after the other until one knows all, or as many as there are have been asked. */
  #outcomesTold(reply: Replied, atUs: number): void {
    const { outcomes = [] } = reply.answer
    if (this.#isOver) {
      for (const outcome of outcomes) this.#lastOutcomeTold(reply, outcome, atUs)
      return
    }
    const isVague = outcomes.some(({ state }) => state === 'unknown')
    if (isVague && ++this.#vagueCount < this.#servers.length) return
    if (outcomes.length > 0) this.#vagueCount = 0
    for (const outcome of outcomes) this.#outcomeTold(reply, outcome, atUs)
  }

  #outcomeTold(reply: Replied, outcome: Outcome, atUs: number): void {
    const call = this.#lostByXid.get(outcome.xid)
    this.#lostByXid.delete(outcome.xid)
    if (call === undefined || call.isSettled) return
    if (outcome.state === 'unknown') call.isInDoubt = true
    else if (outcome.state === 'neverApplied') call.wasAsked = false
    else this.#oweReturn(call, { ...reply, ...outcome }, atUs)
  }

  /** Of a write that the lost session left: nothing is sent again, and what was to live as long as the session is gone. */
  #lastOutcomeTold(reply: Replied, outcome: Outcome, atUs: number): void {
    const call = this.#lostByXid.get(outcome.xid)
    if (call === undefined || call.isSettled || outcome.state === 'undecided') return
    if (outcome.state === 'unknown') {
      call.isInDoubt = true
      return
    }
    this.#lostByXid.delete(outcome.xid)
    const made =
      outcome.state === 'applied' ? ephemeralsMade(call.called.operation, outcome) : 'none'
    if (outcome.state === 'neverApplied' || made === 'all') call.wasAsked = false
    else if (made === 'some') call.isInDoubt = true
    else this.#oweReturn(call, { ...reply, ...outcome }, atUs)
  }

  #oweReturn(call: Call, reply: Replied, atUs: number): void {
    const { type } = call.called.operation
    if (type === 'multi' || type === 'closeSession') {
      this.#dueLater.set(call, reply)
      this.#dueAtUs = atUs
    } else this.#owe({ type: 'return', call, reply }, atUs)
  }

  notified(told: Notified, atUs: number): void {
    this.#heard(told.zxid - 1, atUs)
    if (this.#isBlind) return
    const calls = this.#watches.fire(told.event, told.path)
    if (calls.size > 0)
      this.#owe({ type: 'change', told, listeners: new Set([undefined, ...calls]) }, atUs)
  }

  changeTold({ call, event, path, zxid }: ChangeTold): string | undefined {
    if (this.#isBlind) return undefined
    const [due] = this.#due
    const what = `is told of ${event} ${path} at ${zxid}`
    if (due?.type !== 'change') return this.#says(`${what}, and ${describeDue(due)} is due`)
    const { told, listeners } = due
    const isRight =
      told.event === event &&
      told.path === path &&
      (told.zxid > 0 ? told.zxid : undefined) === zxid &&
      listeners.delete(call)
    if (listeners.size === 0) this.#due.shift()
    return isRight
      ? undefined
      : this.#says(`${what} by call ${call}, and ${describeDue(due)} is due`)
  }

  returned(returned: Returned, atUs: number): string | undefined {
    const call = this.#calls.get(returned.call)
    if (call === undefined || call.isSettled)
      return this.#says(`call ${returned.call} returns, which does not wait`)
    // A process that goes on after a pause looks at its clock first, and finds the reply behind it.
    const isGivenUp = returned.code === 'OperationTimeout' || returned.code === 'Aborted'
    const isLate = isGivenUp && atUs === this.#dueAtUs
    const reply = this.#replyDue(call, isLate)
    if (typeof reply === 'string') return reply
    call.isSettled = true
    if (!call.isAsked) this.#calls.delete(returned.call)
    if (call.called.operation.type === 'auth' || this.#isBlind) return undefined
    const problem =
      reply === undefined || isLate
        ? this.#unansweredProblem(call, returned, atUs)
        : outcomeProblem(reply, returned)
    // It may have been written and not sent yet, and may still be.
    if (reply === undefined && this.#isConnected && !call.isAsked) this.#isBlind = true
    return problem === undefined
      ? undefined
      : this.#says(`${describe(call.called.operation)} returns ${returned.code}: ${problem}`)
  }

  stateTold({ state }: StateTold, atUs: number): string | undefined {
    if (state === 'connecting') return undefined
    if (state === 'idle') return this.#madeIdle(atUs)
    const [due] = this.#due
    if (due?.type === 'state' && due.state === state) {
      this.#due.shift()
      this.#isOver = state === 'expired'
      this.#overAtUs = atUs
      return undefined
    }
    if (state === 'closed' && this.#isClosing) {
      this.#isOver = true
      return undefined
    }
    if (state !== 'expired') return this.#says(`is told that it is ${state}, which is not so`)
    this.#isOver = true
    this.#overAtUs = atUs
    return this.#givenUpProblem(atUs)
  }

  /** What never was a session that others know is not lost: the next call asks for another one. */
  #madeIdle(atUs: number): string | undefined {
    if (!this.#hasSession) return undefined
    const problem = this.#isProvisional
      ? this.#givenUpProblem(atUs)
      : this.#says('is told that it is idle, and has a session')
    this.#hasSession = false
    this.#isProvisional = false
    this.#completeZxid = 0
    return problem
  }

  #givenUpProblem(atUs: number): string | undefined {
    const silentMs = (atUs - this.#heardAtUs) / usPerMs
    const leastMs = (this.#timeoutMs * 4 * (1 - clockTolerance)) / 3 - 1
    if (this.#hasSession && !this.#isConnected && silentMs >= leastMs) return undefined
    return this.#says(`gives its session up after ${silentMs} ms of ${this.#timeoutMs}`)
  }

  /** What has not been told in the event in which it became known. */
  late(atUs: number): string | undefined {
    if (this.#isBlind || atUs <= this.#dueAtUs) return undefined
    const [first] = this.#due
    if (first !== undefined) return this.#says(`does not tell of ${describeDue(first)}`)
    const [later] = this.#dueLater.keys()
    return later === undefined
      ? undefined
      : this.#says(`does not settle call ${later.called.call}, which was answered`)
  }

  /** What has been waited for too long. */
  overdue(atUs: number): string | undefined {
    for (const { called, atUs: calledAtUs, isSettled } of this.#calls.values()) {
      const { deadlineMs = Infinity, abortMs = Infinity } = called
      const limitMs = Math.min(deadlineMs, abortMs)
      if (!isSettled && atUs - calledAtUs > (limitMs + latenessMs) * usPerMs)
        return this.#says(`call ${called.call} has not returned after its ${limitMs} ms`)
    }
    const silentMs = (atUs - this.#heardAtUs) / usPerMs
    const isLost = this.#hasSession && !this.#isConnected && !this.#isOver && !this.#isRefused
    return isLost && silentMs > (this.#timeoutMs * 4) / 3 + this.#timeoutMs + latenessMs
      ? this.#says(`does not give its session up after ${silentMs} ms`)
      : undefined
  }

  get #isClosing(): boolean {
    return [...this.#calls.values()].some(({ called }) => called.operation.type === 'closeSession')
  }

  #waitingCall(key: string): Call | undefined {
    for (const call of this.#calls.values())
      if (!call.isAsked && !call.isSettled && call.key === key) return call
    return undefined
  }

  #owe(due: Due, atUs: number): void {
    this.#due.push(due)
    this.#dueAtUs = atUs
  }

  #heard(completeZxid: Zxid, atUs: number): void {
    this.#heardAtUs = atUs
    if (completeZxid > this.#completeZxid) this.#completeZxid = completeZxid
  }

  /** The reply that the call returns with; a sentence when something else comes first, as nothing does for one that is late. */
  #replyDue(call: Call, isLate: boolean): Replied | string | undefined {
    const later = this.#dueLater.get(call)
    if (later !== undefined) {
      this.#dueLater.delete(call)
      return later
    }
    const at = this.#due.findIndex((due) => due.type === 'return' && due.call === call)
    const due = this.#due[at]
    if (due?.type !== 'return') return undefined
    if (at > 0 && !this.#isBlind && !isLate)
      return this.#says(`call ${call.called.call} returns before ${describeDue(this.#due[0])}`)
    this.#due.splice(at, 1)
    return due.reply
  }

  #unansweredProblem(
    { called, atUs: calledAtUs, isAsked, wasAsked, isInDoubt, lossCount }: Call,
    { code, applied }: Returned,
    atUs: number,
  ): string | undefined {
    const { operation } = called
    if (operation.type === 'closeSession')
      return code === 'Ok' ? undefined : 'a close does not fail'
    if (wasAsked && isWrite(operation) && applied === 'no')
      return 'it was sent, so nobody knows whether it was carried out'
    switch (code) {
      case 'OperationTimeout':
        return earlyProblem(called.deadlineMs, atUs - calledAtUs)
      case 'Aborted':
        return earlyProblem(called.abortMs, atUs - calledAtUs)
      case 'ConnectionLoss':
        if (isAsked) return 'its connection is there'
        if (isInDoubt || !this.#hasSession || this.#isClosing) return undefined
        if (lossCount >= lossesMax) return undefined
        return wasAsked ? 'the next server can be asked' : 'it can be sent on the next connection'
      case 'SessionExpired':
        if (!this.#isOver && !this.#isRefused) return 'the session is not lost'
        return applied === 'no' || isInDoubt || this.#hasAskedLongEnough(atUs)
          ? undefined
          : 'the servers know what became of it'
      case 'Closed':
        return this.#isClosing || this.#isOver ? undefined : 'nobody closed the client'
      default:
        return 'no server said so'
    }
  }

  #hasAskedLongEnough(atUs: number): boolean {
    return (atUs - this.#overAtUs) / usPerMs >= this.#timeoutMs * 2 * (1 - clockTolerance) - 1
  }

  #watchesProblem(operation: Operation): string | undefined {
    if (operation.type !== 'setWatches')
      return this.#says(`sends ${describe(operation)} on a connection without its watches`)
    const expected = sorted(this.#watches.lists())
    const sent = sorted(operation.watches)
    if (sent !== expected) return this.#says(`sets the watches ${sent}, and has ${expected}`)
    return operation.relativeZxid === this.#completeZxid
      ? undefined
      : this.#says(
          `sets its watches since ${operation.relativeZxid}; it has been told of all up to ${this.#completeZxid}`,
        )
  }

  #says(text: string): string {
    return `${this.#client} ${text}`
  }
}

/** How much of what a write did went with its session. */
function ephemeralsMade(
  operation: Operation,
  { err, answer }: Extract<Outcome, { readonly state: 'applied' }>,
): 'none' | 'some' | 'all' {
  if (err !== ErrorCode.Ok) return 'none'
  if (operation.type === 'create') return isEphemeral(operation.mode) ? 'all' : 'none'
  if (operation.type !== 'multi' || answer.results?.some(({ type }) => type === -1)) return 'none'
  const isAny = operation.operations.some((one) => one.type === 'create' && isEphemeral(one.mode))
  return isAny ? 'some' : 'none'
}

function earlyProblem(limitMs: number | undefined, elapsedUs: number): string | undefined {
  const elapsedMs = elapsedUs / usPerMs
  const isTime = limitMs !== undefined && elapsedMs >= limitMs * (1 - clockTolerance) - 1
  return isTime ? undefined : `${elapsedMs} ms of ${limitMs} have passed`
}

function describeDue(due: Due | undefined): string {
  switch (due?.type) {
    case 'return':
      return `the return of call ${due.call.called.call}`
    case 'state':
      return `the state ${due.state}`
    case 'change': {
      const { event, path, zxid } = due.told
      const listeners = [...due.listeners].map((call) => call ?? 'all').join(', ')
      return `the change ${event} ${path} at ${zxid} (listeners ${listeners})`
    }
    default:
      return 'nothing'
  }
}

function sorted(lists: object): string {
  return JSON.stringify(
    Object.entries(lists).map(([kind, paths]) => [kind, (paths as readonly string[]).toSorted()]),
  )
}
