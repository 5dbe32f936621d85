/**
 * Registers: nodes whose data is written, blindly or by compare-and-set, and read. A register is given up for a new one after
 * a number of operations, so that the search for a linearization of its history stays small.
 */
import { ErrorCode } from '@quorate/protocol'
import type { Answer, Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import { RootNode } from './root-node.ts'
import type { Workload } from './workload.ts'

export const registersRoot = '/registers'

/** Operations on one register. */
const usesMax = 40
const registersAtATime = 3

interface Register {
  readonly path: string
  uses: number
  isCreated: boolean
  /** The last version that anybody was told. */
  version: number
}

export class Registers implements Workload {
  readonly #random: Prng
  readonly #root = new RootNode(registersRoot)
  readonly #registers: Register[] = []
  #registerCount = 0
  #valueCount = 0

  constructor(random: Prng) {
    this.#random = random
  }

  next(): Operation | undefined {
    const creation = this.#root.creation()
    if (creation !== undefined) return creation
    const register = this.#pick()
    register.uses++
    const { path, version } = register
    if (!register.isCreated) return { type: 'create', path, data: this.#value(), mode: 0 }
    const kind = this.#random.next()
    if (kind < 0.3) return { type: 'getData', path, watch: this.#random.chance(0.5) }
    return {
      type: 'setData',
      path,
      data: this.#value(),
      version: kind < 0.65 ? version : -1,
    }
  }

  /** A register that is there, for another workload's use of it. */
  use(random: Prng): string | undefined {
    const choices = this.#registers.filter(({ isCreated, uses }) => isCreated && uses < usesMax)
    if (choices.length === 0) return undefined
    const register = random.pick(choices)
    register.uses++
    return register.path
  }

  answered(operation: Operation, err: number, answer: Answer): void {
    this.#root.answered(operation, err)
    if (!('path' in operation)) return
    const register = this.#registers.find(({ path }) => path === operation.path)
    if (register === undefined) return
    if (operation.type === 'create' && (err === ErrorCode.Ok || err === ErrorCode.NodeExists))
      register.isCreated = true
    if (answer.stat !== undefined) register.version = answer.stat.version
  }

  #pick(): Register {
    const at = this.#random.below(registersAtATime)
    const known = this.#registers[at]
    if (known !== undefined && known.uses < usesMax) return known
    const register: Register = {
      path: `${registersRoot}/r${this.#registerCount++}`,
      uses: 0,
      isCreated: false,
      version: 0,
    }
    // Places below `at` may still be empty.
    if (known === undefined) this.#registers.push(register)
    else this.#registers[at] = register
    return register
  }

  #value(): string {
    return `v${this.#valueCount++}`
  }
}
