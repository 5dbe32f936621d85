/** A register as a sequential model: a node that is created, written, blindly or by compare-and-set, and read. */
import { ErrorCode } from '@quorate/protocol'
import {
  findLinearization,
  type SequentialModel,
  type TimedOperation,
  type Verdict,
} from './linearization-search.ts'

export type RegisterEffect =
  | { readonly type: 'create'; readonly data: string }
  /** With version −1 whatever the version is. */
  | { readonly type: 'write'; readonly data: string; readonly version: number }
  | { readonly type: 'read' }

export interface RegisterOperation extends TimedOperation {
  readonly effect: RegisterEffect
  /** Undefined: no reply came. */
  readonly outcome:
    | {
        readonly err: number
        readonly version: number | undefined
        readonly data: string | undefined
      }
    | undefined
}

/** A register that is there; before its creation it is undefined. */
interface Register {
  readonly data: string
  readonly version: number
}

export function isLinearizable(history: readonly RegisterOperation[]): Verdict {
  return findLinearization(registerModel, history)
}

const registerModel: SequentialModel<Register | undefined, RegisterOperation> = {
  initial: undefined,
  step(register, { effect, outcome }) {
    const { err, after } = apply(register, effect)
    const isAsTold =
      outcome === undefined ||
      (outcome.err === err &&
        (outcome.version === undefined || outcome.version === after?.version) &&
        (outcome.data === undefined || outcome.data === after?.data))
    return isAsTold ? { state: after } : undefined
  },
  key: (register) => (register === undefined ? '' : `${register.version} ${register.data}`),
}

function apply(
  register: Register | undefined,
  effect: RegisterEffect,
): { readonly err: number; readonly after: Register | undefined } {
  if (effect.type === 'create') {
    return register === undefined
      ? { err: ErrorCode.Ok, after: { data: effect.data, version: 0 } }
      : { err: ErrorCode.NodeExists, after: register }
  }
  if (register === undefined) return { err: ErrorCode.NoNode, after: undefined }
  if (effect.type === 'read') return { err: ErrorCode.Ok, after: register }
  if (effect.version !== -1 && effect.version !== register.version)
    return { err: ErrorCode.BadVersion, after: register }
  return { err: ErrorCode.Ok, after: { data: effect.data, version: register.version + 1 } }
}
