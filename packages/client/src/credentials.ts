/** The identities that a session claims, on each of its connections anew. */
import { OpCode } from '@quorate/protocol'
import { Call, type CallOptions } from './call.ts'
import type { Connection, Credential } from './connection.ts'
import { headerOnly } from './operations.ts'
import type { Clock } from './world.ts'
import type { ZooKeeperErrorCode } from './zookeeper-error.ts'

export class Credentials {
  readonly #clock: Clock
  readonly #claimed: Credential[]

  constructor(clock: Clock, claimed: readonly Credential[]) {
    this.#clock = clock
    this.#claimed = [...claimed]
  }

  /** Those that a server has answered for, for the session after this one. */
  get accepted(): readonly Credential[] {
    return this.#claimed.filter(({ call }) => call.isSettled)
  }

  /**
   * Claims one more.
   * @param claimed gets it, to send it or to find somebody to send it to; may refuse the call instead
   */
  claim(
    { scheme, auth }: Pick<Credential, 'scheme' | 'auth'>,
    options: CallOptions,
    claimed: (credential: Credential) => void,
  ): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const operation = { ...headerOnly('auth', OpCode.auth), isWrite: false }
      const call = new Call(operation, () => resolve(), reject)
      call.limit(this.#clock, options)
      const credential = { scheme, auth, call }
      claimed(credential)
      // What was refused, or given up, is not claimed later.
      if (!call.isSettled) this.#claimed.push(credential)
    })
  }

  sendAll(connection: Connection): void {
    for (const credential of this.#claimed) connection.sendAuth(credential)
  }

  /** A server has refused it: it is claimed no more. */
  drop(credential: Credential): void {
    const at = this.#claimed.indexOf(credential)
    if (at >= 0) this.#claimed.splice(at, 1)
  }

  /** Settles those that no server has answered for. */
  fail(code: ZooKeeperErrorCode, cause: unknown): void {
    for (const { call } of this.#claimed) call.fail(code, cause)
  }
}
