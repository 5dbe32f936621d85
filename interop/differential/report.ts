/** Differences in words: what was asked, what either server showed, and how to see it again. */
import { connectResponse, decode, errorName, OpCode, watcherEvent } from '@quorate/protocol'
import type { Difference } from './comparison.ts'
import type { Shown } from './intended-differences.ts'
import { describeReplyBody, text } from './reply-text.ts'
import { type Request, typeName } from './request.ts'
import type { Step } from './step.ts'

export interface ReportOptions {
  readonly seed: number
  readonly round: number
  readonly stepIndex: number
  readonly configuration: string
  readonly names: readonly [reference: string, subject: string]
  readonly replayCommand: string
}

export function describeDifference(difference: Difference, options: ReportOptions): string {
  const [reference, subject] = options.names
  return [
    `difference: seed ${options.seed}, configuration ${options.configuration}, round ${options.round}, step ${options.stepIndex}, connection ${difference.slot}`,
    `  step      ${describeStep(difference.step)}`,
    `  ${reference.padEnd(9)} ${describeShown(difference.reference)}`,
    `  ${subject.padEnd(9)} ${describeShown(difference.subject)}`,
    `  replay    ${options.replayCommand}`,
  ].join('\n')
}

export function describeStep(step: Step): string {
  if (step.kind !== 'requests') return JSON.stringify(step)
  return `connection ${step.slot}: ${step.requests.map(describeRequest).join('; ')}`
}

function describeRequest({ body, xid, cut }: Request): string {
  const { type, ...fields } = body
  const shown = JSON.stringify(fields, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'type' in value
      ? { op: typeName(Number(value.type)), ...value }
      : value,
  )
  const oddities = [
    xid === undefined ? '' : ` xid ${xid}`,
    cut === undefined ? '' : ` cut ${cut}`,
  ].join('')
  return `${typeName(type)}${oddities} ${shown}`
}

function describeShown(shown: Shown | undefined): string {
  if (shown === undefined) return 'nothing more'
  const { observed } = shown
  switch (observed.what) {
    case 'connected':
      return `connected ${text(decode(connectResponse, observed.frame))} = ${hex(shown.response!)}`
    case 'notification': {
      const { zxid, body } = shown.reply!
      return `event zxid ${zxid} ${text(decode(watcherEvent, body))}`
    }
    case 'reply': {
      const { xid, zxid, err, body } = shown.reply!
      const type = observed.request.body.type
      const result =
        err === 0 || type === OpCode.multiRead ? ` ${describeReplyBody(type, body)}` : ''
      return `reply to ${typeName(type)}: xid ${xid} zxid ${zxid} err ${err} ${errorName(err) ?? ''}${result} = ${hex(body)}`
    }
    default:
      return `(${observed.what})`
  }
}

function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, 400)).toString('hex')
  return bytes.length > 400 ? `${shown}… (${bytes.length} bytes)` : shown
}
