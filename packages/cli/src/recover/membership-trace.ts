/** Finds the membership in a history: what `/zookeeper/config` holds in a snapshot, and what reconfigurations wrote there since. */
import { decode, OpCode, readInt32, txn as txnCodec } from '@quorate/protocol'
import { nativePlatform } from '@quorate/server'
import type { TreeLoader } from '@quorate/tree'

const configPath = Buffer.from('/zookeeper/config')
const typeAt = 28

export class MembershipTrace implements TreeLoader {
  #text: string | undefined

  /** The last one; undefined: none was seen. */
  get text(): string | undefined {
    return this.#text
  }

  /** Begins anew with another snapshot. */
  forget(): void {
    this.#text = undefined
  }

  addSession(): void {
    // Sessions say nothing of the membership.
  }

  addAcl(): void {
    // Nor do ACLs.
  }

  addNode(
    bytes: Uint8Array,
    pathStart: number,
    pathEnd: number,
    dataStart: number,
    dataEnd: number,
  ): void {
    if (pathEnd - pathStart !== configPath.length || dataStart < 0) return
    if (configPath.compare(bytes, pathStart, pathEnd) !== 0) return
    this.#text = nativePlatform.utf8Decode(bytes, dataStart, dataEnd) || undefined
  }

  finish(): void {
    // The node is found by then, if it is there.
  }

  transaction(bytes: Uint8Array): void {
    if (readInt32(bytes, typeAt) !== OpCode.reconfig) return
    const { body } = decode(txnCodec, bytes)
    if ('data' in body && body.data !== null)
      this.#text = nativePlatform.utf8Decode(body.data, 0, body.data.length)
  }
}
