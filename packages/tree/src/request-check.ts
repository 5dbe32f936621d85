/**
 * Reads a client's write without carrying it out: whether the leader will be able to read it, and what a session must be able to
 * own for it. A server that forwards writes asks this first, as an Apache leader may never answer what it cannot read.
 */
import { isCreateMode, JuteError, type JuteReader, OpCode } from '@quorate/protocol'
import { isCreate, WriteRequest } from './write-request.ts'

export class RequestCheck {
  readonly #request = new WriteRequest()
  #createsEphemeral = false

  /**
   * @param reader stands at the request's record, and behind it afterwards
   * @returns whether the request creates an ephemeral node
   * @throws JuteError when the bytes are no such request
   */
  createsEphemeral(type: number, reader: JuteReader): boolean {
    this.#createsEphemeral = false
    if (type === OpCode.multi) this.multiCount(reader)
    else {
      this.#request.read(type, reader)
      this.#noteEphemeral(type)
    }
    return this.#createsEphemeral
  }

  /**
   * Counts the operations of a multi after checking that each is one and can be decoded.
   * @throws JuteError when one is not
   */
  multiCount(reader: JuteReader): number {
    for (let count = 0; ; count++) {
      const type = reader.readInt()
      const isDone = reader.readBoolean()
      reader.readInt()
      if (isDone) return count
      const problem = WriteRequest.isMultiOp(type)
        ? this.#multiOpProblem(type, reader)
        : `an operation of type ${type}`
      if (problem !== undefined)
        throw new JuteError('JUTE_UNKNOWN_TYPE', `a multi holds ${problem}, which it may not`)
    }
  }

  /** What makes Apache 3.9 refuse the whole multi when it reads this operation. */
  #multiOpProblem(type: number, reader: JuteReader): string | undefined {
    const request = this.#request
    request.read(type, reader)
    if (request.isPathNull) return 'a null path'
    if (!isCreate(type)) return undefined
    this.#noteEphemeral(type)
    if (!isCreateMode(request.flags)) return `a create with the flags ${request.flags}`
    return request.isAclReadable ? undefined : 'a null ACL'
  }

  #noteEphemeral(type: number): void {
    // createContainer and createTTL have flags too, but never make an ephemeral.
    if ((type === OpCode.create || type === OpCode.create2) && this.#request.isEphemeral)
      this.#createsEphemeral = true
  }
}
