/** Holds what two servers showed in one step against each other, connection by connection. */
import {
  bytesEqual,
  OpCode,
  replyHeaderLength,
  sessionPassword,
  type SessionId,
} from '@quorate/protocol'
import {
  type IntendedDifference,
  type Mismatch,
  type Shown,
  type Taken,
} from './intended-differences.ts'
import { normaliseConnectResponse, normaliseReply } from './normal-reply.ts'
import type { ServerView } from './server-view.ts'
import type { Observed } from './server-world.ts'
import type { Step } from './step.ts'

export interface Difference {
  readonly step: Step
  readonly slot: number
  readonly reference: Shown | undefined
  readonly subject: Shown | undefined
}

export interface ComparisonOptions {
  readonly referenceView: ServerView
  readonly subjectView: ServerView
  /** None when both servers are of one kind. */
  readonly intended: readonly IntendedDifference[]
  readonly onIntended: (id: string) => void
}

/** The first difference of the step that nobody intended. */
export function compareStep(
  step: Step,
  reference: readonly Observed[],
  subject: readonly Observed[],
  options: ComparisonOptions,
): Difference | undefined {
  const slots = new Set([...reference, ...subject].map(({ slot }) => slot))
  // The connection that acted comes first: its reply may tell that one server spent a zxid more.
  const acting = 'slot' in step ? step.slot : -1
  for (const slot of [...slots].toSorted((a, b) => Number(b === acting) - Number(a === acting))) {
    const left = inComparableOrder(step, reference, slot)
    const right = inComparableOrder(step, subject, slot)
    const difference = compareConnection(step, slot, left, right, options)
    if (difference !== undefined) return difference
  }
  return undefined
}

/** What one connection showed. The nodes of a closed session are deleted in no order, and so are their events. */
function inComparableOrder(
  step: Step,
  observed: readonly Observed[],
  slot: number,
): readonly Observed[] {
  const own = observed.filter((one) => one.slot === slot)
  const closesSession =
    step.kind === 'requests' && step.requests.some(({ body }) => body.type === OpCode.closeSession)
  if (!closesSession) return own
  const events = own.filter((one) => one.what === 'notification')
  const sorted = events.toSorted((a, b) =>
    Buffer.compare(a.frame.subarray(replyHeaderLength), b.frame.subarray(replyHeaderLength)),
  )
  return [...sorted, ...own.filter((one) => one.what !== 'notification')]
}

function compareConnection(
  step: Step,
  slot: number,
  reference: readonly Observed[],
  subject: readonly Observed[],
  options: ComparisonOptions,
): Difference | undefined {
  let left = 0
  let right = 0
  while (left < reference.length || right < subject.length) {
    const mismatch: Mismatch = {
      step,
      slot,
      reference: shown(reference[left], options.referenceView),
      subject: shown(subject[right], options.subjectView),
      referenceView: options.referenceView,
    }
    if (isEqual(mismatch.reference, mismatch.subject)) {
      left++
      right++
      continue
    }
    const intended = firstIntended(mismatch, options.intended)
    if (intended === undefined)
      return { step, slot, reference: mismatch.reference, subject: mismatch.subject }
    options.onIntended(intended.id)
    left += intended.taken.reference
    right += intended.taken.subject
  }
  return undefined
}

/** Only one of them may see the mismatch: taking it can change how later zxids are counted. */
function firstIntended(
  mismatch: Mismatch,
  intended: readonly IntendedDifference[],
): { readonly id: string; readonly taken: Taken } | undefined {
  for (const { id, match } of intended) {
    const taken = match(mismatch)
    if (taken !== undefined) return { id, taken }
  }
  return undefined
}

function shown(observed: Observed | undefined, view: ServerView): Shown | undefined {
  if (observed === undefined) return undefined
  switch (observed.what) {
    case 'reply':
      return { observed, reply: normaliseReply(observed.request.body.type, observed.frame, view) }
    case 'notification':
      return { observed, reply: normaliseReply(OpCode.notification, observed.frame, view) }
    case 'connected':
      return { observed, response: normaliseConnectResponse(observed.frame, view, isOwnPassword) }
    default:
      return { observed }
  }
}

function isOwnPassword(sessionId: bigint, password: Uint8Array): boolean {
  return bytesEqual(password, sessionPassword(sessionId as SessionId))
}

function isEqual(left: Shown | undefined, right: Shown | undefined): boolean {
  if (left === undefined || right === undefined) return false
  if (left.observed.what !== right.observed.what) return false
  if (left.response !== undefined && right.response !== undefined)
    return bytesEqual(left.response, right.response)
  if (left.reply === undefined || right.reply === undefined) return true
  return (
    left.reply.xid === right.reply.xid &&
    left.reply.zxid === right.reply.zxid &&
    left.reply.err === right.reply.err &&
    bytesEqual(left.reply.body, right.reply.body)
  )
}
