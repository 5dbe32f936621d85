/** Which op was answered with which error, how often, and which of the possible pairs never came up. */
import { decode, errorName, multiResponse, OpCode } from '@quorate/protocol'
import { normaliseReply } from './normal-reply.ts'
import { typeName } from './request.ts'
import { ServerView } from './server-view.ts'
import type { Observed } from './server-world.ts'

/** `op error`; the op of a multi's part has `multi.` in front. */
export type Cell = string

export class Coverage {
  readonly #countsByCell = new Map<Cell, number>()
  #operationCount = 0

  get operationCount(): number {
    return this.#operationCount
  }

  count(observed: Observed): void {
    if (observed.what === 'connected') this.#add('connect', outcomeOfConnect(observed.frame))
    if (observed.what !== 'reply') return
    const { body } = observed.request
    // Pings are the barriers of the steps; no operation is meant by them.
    if (body.type !== OpCode.ping) this.#operationCount++
    const reply = normaliseReply(body.type, observed.frame, new ServerView())
    this.#add(typeName(body.type), outcome(reply.err))
    if (body.type !== OpCode.multi || reply.err !== 0 || !('ops' in body)) return
    const results = decode(multiResponse, reply.body)
    for (const [i, result] of results.entries())
      this.#add(`multi.${typeName(body.ops[i]!.type)}`, outcome('err' in result ? result.err : 0))
  }

  has(cell: Cell): boolean {
    return this.#countsByCell.has(cell)
  }

  /** One line an op: its errors and how often they came. */
  table(): string {
    const outcomesByOp = new Map<string, string[]>()
    for (const [cell, count] of [...this.#countsByCell].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const [op, error] = cell.split(' ') as [string, string]
      outcomesByOp.set(op, [...(outcomesByOp.get(op) ?? []), `${error} ${count}`])
    }
    return [...outcomesByOp].map(([op, list]) => `${op.padEnd(22)} ${list.join(' · ')}`).join('\n')
  }

  #add(op: string, error: string): void {
    const cell = `${op} ${error}`
    this.#countsByCell.set(cell, (this.#countsByCell.get(cell) ?? 0) + 1)
  }
}

function outcome(err: number): string {
  return errorName(err) ?? String(err)
}

function outcomeOfConnect(frame: Uint8Array): string {
  return Buffer.from(frame).readInt32BE(4) > 0 ? 'Ok' : 'refused'
}
