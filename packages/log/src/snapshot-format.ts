/**
 * The bytes of a snapshot file:
 *
 *     header   int magic "ZKSN" · int version 2 · long −1
 *     image    sessions · ACL table · nodes · ustring "/"           (the stream of a SNAP, see SnapshotImage)
 *     seal     long Adler-32 of all bytes before it · ustring "/"
 *     digest   [long zxid · int digest version 2 · long digest · seal]     since 3.6, if `digest.enabled`
 *     zxid     [long last processed zxid · seal]                           since 3.9
 *     outcomes [see outcome-section.ts · seal]                             ours, only behind both of the others
 *
 * The Adler-32 is never reset: a later seal covers the earlier ones too. Every section ends in a seal, so a reader finds out
 * which sections are there by the seals that match, whatever was switched on for the writer, and checks ones that it
 * doesn't know.
 */
import { type JuteWriter, readInt32, readUint32 } from '@quorate/protocol'

export const snapshotHeaderLength = 16
const snapshotMagic = 0x5a4b534e
const snapshotVersion = 2

export const sealLength = 13
/** long zxid · int version · long digest */
export const digestSectionLength = 20
export const zxidSectionLength = 8
export const snapshotDigestVersion = 2

const slash = 0x2f

export function writeSnapshotHeader(writer: JuteWriter): void {
  writer.writeInt(snapshotMagic)
  writer.writeInt(snapshotVersion)
  writer.writeLong(-1)
}

export function isSnapshotHeader(bytes: Uint8Array, at: number): boolean {
  return readInt32(bytes, at) === snapshotMagic
}

/** @param checksum Adler-32 of all bytes before the seal */
export function writeSeal(writer: JuteWriter, checksum: number): void {
  writer.writeHalves(0, checksum | 0)
  writer.writeInt(1)
  writer.writeByte(slash)
}

export function isSeal(bytes: Uint8Array, at: number, checksum: number): boolean {
  return (
    readInt32(bytes, at) === 0 && readUint32(bytes, at + 4) === checksum && isEnd(bytes, at + 8)
  )
}

/** Whether the ustring "/" stands at `at`: the end of the nodes and of every section. */
export function isEnd(bytes: Uint8Array, at: number): boolean {
  return readInt32(bytes, at) === 1 && bytes[at + 4] === slash
}
