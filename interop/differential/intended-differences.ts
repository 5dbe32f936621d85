/**
 * Every way in which our server answers otherwise than Apache ZooKeeper 3.8.0 on purpose, as narrow as it can be
 * told. Each use is counted; one that a long run never needs is reported, so that none outlives its reason.
 */
import { decode, ErrorCode, multiResponse, type MultiResult, OpCode } from '@quorate/protocol'
import type { NormalReply } from './normal-reply.ts'
import type { Body, Text } from './request.ts'
import type { ServerView } from './server-view.ts'
import type { Observed } from './server-world.ts'
import type { Step } from './step.ts'

/** One thing that a server showed, with its normal form. */
export interface Shown {
  readonly observed: Observed
  readonly reply?: NormalReply
  /** Normal form of a ConnectResponse. */
  readonly response?: Uint8Array
}

export interface Mismatch {
  readonly step: Step
  readonly slot: number
  /** What Apache showed next on this connection, and what we did. Undefined: nothing more. */
  readonly reference: Shown | undefined
  readonly subject: Shown | undefined
  readonly referenceView: ServerView
}

/** How many things on either side the difference accounts for. */
export interface Taken {
  readonly reference: 0 | 1
  readonly subject: 0 | 1
}

export interface IntendedDifference {
  readonly id: string
  readonly reason: string
  readonly match: (mismatch: Mismatch) => Taken | undefined
}

const both: Taken = { reference: 1, subject: 1 }

/** An intended difference between two replies to one request. */
function between(
  id: string,
  reason: string,
  isIntended: (
    body: Body,
    reference: NormalReply,
    subject: NormalReply,
    mismatch: Mismatch,
  ) => boolean,
): IntendedDifference {
  return {
    id,
    reason,
    match(mismatch) {
      const { reference, subject } = mismatch
      if (reference?.observed.what !== 'reply' || subject?.observed.what !== 'reply')
        return undefined
      if (reference.reply === undefined || subject.reply === undefined) return undefined
      const body = reference.observed.request.body
      return isIntended(body, reference.reply, subject.reply, mismatch) ? both : undefined
    },
  }
}

function multiOps(body: Body): readonly Body[] {
  return body.type === OpCode.multi && 'ops' in body ? body.ops : []
}

function results(reply: NormalReply): readonly MultiResult[] {
  return reply.err === 0 ? decode(multiResponse, reply.body) : []
}

/** Whether decoding the path to UTF-16 and encoding it again gives other bytes in Java. */
function isChangedByJava(path: Text): boolean {
  return path !== null && (typeof path === 'object' || /[\u{10000}-\u{10ffff}]/u.test(path))
}

function isBadCreateFlag(op: Body): boolean {
  return 'flags' in op && (op.flags < 0 || op.flags > 6)
}

export const intendedDifferences: readonly IntendedDifference[] = [
  {
    id: 'event-zxid',
    reason: 'from 3.9.0 on a notification carries the zxid of its transaction; before, −1',
    match({ reference, subject }) {
      if (reference?.observed.what !== 'notification') return undefined
      if (subject?.observed.what !== 'notification') return undefined
      const isSameEvent =
        Buffer.compare(reference.reply!.body, subject.reply!.body) === 0 &&
        reference.reply!.err === subject.reply!.err
      return isSameEvent && reference.reply!.zxid === -1 && subject.reply!.zxid > 0
        ? both
        : undefined
    },
  },
  between(
    'create2-in-multi',
    'from 3.8.2 on create2 inside a multi is answered with its Stat; before, it ran as create',
    (body, reference, subject) => {
      const ops = multiOps(body)
      if (!ops.some(({ type }) => type === OpCode.create2)) return false
      const left = results(reference)
      const right = results(subject)
      return (
        reference.zxid === subject.zxid &&
        left.length === ops.length &&
        right.length === ops.length &&
        ops.every(({ type }, i) =>
          type === OpCode.create2
            ? pathOfCreate(left[i], OpCode.create) === pathOfCreate(right[i], OpCode.create2)
            : isSameResult(left[i], right[i]),
        )
      )
    },
  ),
  between(
    'undecodable-write-zxid',
    'from 3.9 on a write whose body cannot be decoded uses up no zxid; in 3.8 it does',
    (body, reference, subject, { referenceView }) => {
      const isIntended =
        body.type !== OpCode.multi &&
        reference.err === ErrorCode.MarshallingError &&
        subject.err === ErrorCode.MarshallingError &&
        reference.zxid === subject.zxid + 1
      if (isIntended) referenceView.addExtraZxid(referenceView.lastZxid)
      return isIntended
    },
  ),
  between(
    'bad-create-flag-in-multi',
    'from 3.9 on a bad create flag makes a multi undecodable; in 3.8 it is an error of that op',
    (body, reference, subject) =>
      multiOps(body).some(isBadCreateFlag) &&
      reference.zxid === subject.zxid &&
      subject.err === ErrorCode.MarshallingError &&
      results(reference).some(({ type }) => type === OpCode.error),
  ),
  between(
    'null-acl-in-multi',
    'from 3.9 on a null ACL makes a multi undecodable; in 3.8 it is an invalid ACL of that op',
    (body, reference, subject) =>
      multiOps(body).some((op) => 'acl' in op && op.acl === null) &&
      reference.zxid === subject.zxid &&
      subject.err === ErrorCode.MarshallingError &&
      reference.err === 0,
  ),
  between(
    'failed-multi-body',
    'behind a header with an error there is no body; the reference appends the results so far',
    (body, reference, subject) =>
      (body.type === OpCode.multi || body.type === OpCode.multiRead) &&
      reference.zxid === subject.zxid &&
      reference.err === ErrorCode.MarshallingError &&
      subject.err === ErrorCode.MarshallingError &&
      subject.body.length === 0,
  ),
  between(
    'sync-echo',
    'sync echoes the bytes of its path; the reference decodes and encodes them, which changes malformed and supplementary ones',
    (body, reference, subject) =>
      body.type === OpCode.sync &&
      'path' in body &&
      isChangedByJava(body.path) &&
      reference.zxid === subject.zxid &&
      reference.err === ErrorCode.Ok &&
      subject.err === ErrorCode.Ok,
  ),
  between(
    'check-watches-of-others',
    'in 3.8 checkWatches finds the watches of other connections',
    (body, reference, subject) =>
      body.type === OpCode.checkWatches &&
      reference.zxid === subject.zxid &&
      reference.err === ErrorCode.Ok &&
      subject.err === ErrorCode.NoWatcher,
  ),
  between(
    'watcher-types',
    'from 3.9.0 on checkWatches and removeWatches know the types 4 and 5',
    (body, reference, subject) =>
      (body.type === OpCode.checkWatches || body.type === OpCode.removeWatches) &&
      'mode' in body &&
      (body.mode === 4 || body.mode === 5) &&
      reference.zxid === subject.zxid &&
      reference.err === ErrorCode.MarshallingError &&
      subject.err === ErrorCode.NoWatcher,
  ),
  between(
    'exists-needs-read',
    'from 3.8.4 on exists needs READ on the node (ZOOKEEPER-2590)',
    (body, reference, subject) =>
      body.type === OpCode.exists &&
      'watch' in body &&
      !body.watch &&
      reference.zxid === subject.zxid &&
      reference.err === ErrorCode.Ok &&
      subject.err === ErrorCode.NoAuth,
  ),
  {
    id: 'wrong-password-spares-connection',
    reason:
      'a reconnect with a wrong password does not close the healthy connection of the session',
    match({ step, slot, reference, subject }) {
      const isIntended =
        step.kind === 'connect' &&
        step.password !== 'good' &&
        typeof step.session === 'object' &&
        step.session.of === slot &&
        reference?.observed.what === 'closed' &&
        subject?.observed.what === 'open'
      return isIntended ? both : undefined
    },
  },
]

function pathOfCreate(result: MultiResult | undefined, type: number): string | undefined {
  if (result === undefined) return undefined
  if (result.type === -1) return `error ${result.err}`
  return result.type === type && 'path' in result ? result.path : undefined
}

function isSameResult(left: MultiResult | undefined, right: MultiResult | undefined): boolean {
  return inspect(left) === inspect(right)
}

function inspect(result: MultiResult | undefined): string {
  return JSON.stringify(result, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}
