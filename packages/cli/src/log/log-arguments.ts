/** The arguments of `quorate log`. */
import { parseArgs } from 'node:util'
import type { Zxid } from '@quorate/protocol'

export interface LogArguments {
  readonly action: 'help' | 'list' | 'verify' | 'recover' | 'chop'
  readonly files: readonly string[]
  readonly wantsJson: boolean
  /** Where a copy goes; undefined: beside its file. */
  readonly output: string | undefined
  /** The last transaction that a chop keeps. */
  readonly zxid: Zxid
}

/** @throws Error that says which argument is wrong, and what is allowed */
export function parseLogArguments(args: readonly string[]): LogArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      verify: { type: 'boolean', default: false },
      recover: { type: 'boolean', default: false },
      chop: { type: 'string' },
      output: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { verify, recover, chop, output, help } = values
  const parsed = { files: positionals, wantsJson: values.json, output, zxid: parseZxid(chop) }
  if (help) return { ...parsed, action: 'help' }
  if (positionals.length === 0) throw new Error('no file was given')
  if ([verify, recover, chop !== undefined].filter(Boolean).length > 1) {
    throw new Error('--verify, --recover and --chop were given together; one of them is allowed')
  }
  if (output !== undefined && !recover && chop === undefined) {
    throw new Error('--output was given; it is allowed with --recover or --chop')
  }
  if (output !== undefined && positionals.length > 1) {
    throw new Error(`found ${positionals.length} files; with --output one is allowed`)
  }
  if (recover) return { ...parsed, action: 'recover' }
  if (chop !== undefined) return { ...parsed, action: 'chop' }
  return { ...parsed, action: verify ? 'verify' : 'list' }
}

/** Hex behind 0x, decimal otherwise, as Apache's tool takes it. */
function parseZxid(text: string | undefined): Zxid {
  if (text === undefined) return 0
  const zxid = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(zxid)) return zxid
  throw new Error(`found --chop ${text}; a zxid below epoch 2^21 is allowed, as 0x1a or as 26`)
}
