/** Quorum packets as a person reads them, out of what was written to a connection in one direction. */
import {
  decodeAckEpoch,
  decodeDesignatedLeader,
  decodeLearnerInfo,
  decodeRequestData,
  JuteReader,
  PacketType,
  QuorumPacketSplitter,
  readTouches,
  revalidationReply,
  revalidationRequest,
  type Zxid,
} from '@quorate/protocol'
import { membershipTextIn } from '../../src/zab/reconfig-txn.ts'
import { zxidText } from '../zab/memory-history.ts'
import { textOf } from '../zab/text-txn.ts'

const nameByType: ReadonlyMap<number, string> = new Map(
  Object.entries(PacketType).map(([name, type]) => [type, name.toUpperCase()]),
)
const signature = new TextEncoder().encode('BenWasHere')

export class PacketTrace {
  readonly #splitter = new QuorumPacketSplitter()
  readonly #isPingShown: () => boolean
  /** The bytes of a state's stream so far, while one is under way. */
  #raw: number[] | undefined

  constructor(isPingShown: () => boolean) {
    this.#isPingShown = isPingShown
  }

  /** The packets that these bytes complete. */
  take(bytes: Uint8Array): readonly string[] {
    const texts: string[] = []
    let at = 0
    while (at < bytes.length) {
      if (this.#raw !== undefined) at = this.#takeRaw(bytes, at, texts)
      else
        at = this.#splitter.push(bytes, at, bytes.length, (type, zxid, data, start, end) => {
          if (type !== PacketType.ping || this.#isPingShown())
            texts.push(packetText(type, zxid, data, start, end))
          if (type === PacketType.snap) this.#raw = []
          return type !== PacketType.snap
        })
    }
    return texts
  }

  #takeRaw(bytes: Uint8Array, start: number, texts: string[]): number {
    const raw = this.#raw!
    for (let at = start; at < bytes.length; at++) {
      raw.push(bytes[at])
      if (!signature.every((byte, i) => raw[raw.length - signature.length + i] === byte)) continue
      const count = new JuteReader(Uint8Array.from(raw)).readInt()
      texts.push(`(the state: ${count} transactions)`)
      this.#raw = undefined
      return at + 1
    }
    return bytes.length
  }
}

function packetText(
  type: number,
  zxid: Zxid,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  const name = nameByType.get(type) ?? `type ${type}`
  const data = dataText(type, bytes, start, end)
  return [name, ...(zxid === -1 ? [] : [zxidText(zxid)]), ...(data === '' ? [] : [data])].join(' ')
}

function dataText(type: number, bytes: Uint8Array, start: number, end: number): string {
  if (start < 0) return ''
  const reader = new JuteReader(bytes, start, end)
  switch (type) {
    case PacketType.followerInfo:
    case PacketType.observerInfo:
      return `version ${zxidText(decodeLearnerInfo(bytes, start, end)?.configVersion ?? -1)}`
    case PacketType.ackEpoch:
      return `epoch ${decodeAckEpoch(bytes, start, end)}`
    case PacketType.proposal:
    case PacketType.inform:
      return txnText(bytes, start, end)
    case PacketType.informAndActivate:
      return `leader ${decodeDesignatedLeader(bytes, start, end)}, ${txnText(bytes, start + 8, end)}`
    case PacketType.commitAndActivate:
      return `leader ${decodeDesignatedLeader(bytes, start, end)}`
    case PacketType.newLeader:
      return versionText(new TextDecoder().decode(bytes.subarray(start, end)))
    case PacketType.ping:
      return touchesText(bytes, start, end)
    case PacketType.request: {
      const { session, type: op } = decodeRequestData(bytes, start, end)
      return `of session ${session}, type ${op}`
    }
    case PacketType.revalidate: {
      const isReply = end - start === 9
      if (!isReply) return `session ${revalidationRequest.decode(reader).session}`
      const { session, isValid } = revalidationReply.decode(reader)
      return `session ${session} is ${isValid ? 'valid' : 'invalid'}`
    }
    default:
      return ''
  }
}

function txnText(bytes: Uint8Array, start: number, end: number): string {
  const membership = membershipTextIn(bytes, start, end)
  if (membership === undefined) return textOf(bytes.subarray(start, end))
  return `membership of ${versionText(membership)}`
}

function versionText(membership: string): string {
  const version = /version=(.*)/.exec(membership)?.[1] ?? '0'
  return `version ${zxidText(Number.parseInt(version, 16))}`
}

function touchesText(bytes: Uint8Array, start: number, end: number): string {
  const touches: string[] = []
  readTouches(bytes, start, end, (session) => touches.push(`${session}`))
  return touches.length === 0 ? '' : `touches ${touches.join(' ')}`
}
