/** Whether the outcome of a call of the client library is the one that the reply on its connection stands for. */
import { errorName, ErrorCode, type MultiResult, OpCode } from '@quorate/protocol'
import type { Answer } from '../client/operation.ts'
import { textOf } from '../client/operation-codec.ts'
import type { Replied, Returned } from '../history/observation.ts'

interface Outcome {
  readonly code: string
  readonly value: unknown
}

export function outcomeProblem(reply: Replied, { code, value }: Returned): string | undefined {
  const expected = outcomeOf(reply, value)
  if (expected.code !== code) return `the reply to ${reply.xid} says ${expected.code}`
  if (code !== 'Ok') return undefined
  if (isSame(expected.value, value)) return undefined
  const [wanted, got] = [textOfValue(expected.value), textOfValue(value)]
  return wanted === got
    ? undefined
    : `the reply to ${reply.xid} holds ${wanted}, and it gives ${got}`
}

/** Methods with and without a Stat send the same requests: the value's form tells which one it was. */
function outcomeOf({ operation, err, answer }: Replied, value: unknown): Outcome {
  if (operation?.type === 'exists' && err === ErrorCode.NoNode) return { code: 'Ok', value: null }
  if (err !== ErrorCode.Ok) return { code: nameOf(err), value: undefined }
  switch (operation?.type) {
    case 'create':
      return ok(typeof value === 'string' ? answer.path : { path: answer.path, stat: answer.stat })
    case 'setData':
    case 'exists':
      return ok(answer.stat)
    case 'getData':
      return ok(typeof value === 'string' ? answer.data : dataAndStat('value', answer))
    case 'reconfig':
      // The client reads the servers out of the text as well, which is no affair of the wire.
      return ok({ ...(value as object | undefined), ...dataAndStat('config', answer) })
    case 'getChildren':
      return ok(
        Array.isArray(value) ? answer.children : { children: answer.children, stat: answer.stat },
      )
    case 'multi':
      return multiOutcome(answer.results ?? [])
    case 'multiRead':
      return ok((answer.results ?? []).map(readOf))
    default:
      return ok(undefined)
  }
}

function ok(value: unknown): Outcome {
  return { code: 'Ok', value }
}

function dataAndStat(name: string, { data, stat }: Answer): object {
  return { [name]: data, stat }
}

function multiOutcome(results: readonly MultiResult[]): Outcome {
  const culprit = results.find(
    (result) =>
      result.type === -1 &&
      result.err !== ErrorCode.Ok &&
      result.err !== ErrorCode.RuntimeInconsistency,
  )
  if (culprit?.type === -1) return { code: nameOf(culprit.err), value: undefined }
  return ok(
    results.map((result) => {
      if ('path' in result) return result.path
      return result.type === OpCode.setData ? result.stat : undefined
    }),
  )
}

function readOf(result: MultiResult): unknown {
  if (result.type === OpCode.getData) return { value: textOf(result.data), stat: result.stat }
  return { error: { code: result.type === -1 ? nameOf(result.err) : 'MarshallingError' } }
}

function nameOf(err: number): string {
  return errorName(err) ?? 'SystemError'
}

/** Whether they are alike in every part; what is not may still be the same as text. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Error || b instanceof Error) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => isSame(a[name as keyof typeof a], b[name as keyof typeof b]))
  )
}

/** Of an error its code counts, and nothing else. */
function textOfValue(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return String(part)
    return part instanceof Error
      ? { code: (part as Error & { readonly code?: string }).code }
      : part
  })
}
