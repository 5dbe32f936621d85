/** Checks a snapshot as a server's start would, by loading it: its seals, its tree, and the digest it carries. */
import type { SnapshotSections } from '@quorate/log'
import { formatZxid, type Zxid } from '@quorate/protocol'
import { nativePlatform } from '@quorate/server'
import { type DigestHalves, Tree } from '@quorate/tree'
import { readSnapshotFile, zxidInName } from './snapshot-file.ts'

export interface SnapshotVerification {
  readonly file: string
  /** From the file's name, or else from what Apache 3.9 and Quorate write into it; undefined when neither says it. */
  readonly zxid: Zxid | undefined
  readonly nodeCount: number
  readonly sessionCount: number
  /**
   * `later`: the digest is that of a later zxid, so that the tree has it only after the log up to there: the snapshot was
   * written while transactions were applied. `absent`: there is none.
   */
  readonly digest: 'matches' | 'differs' | 'later' | 'absent'
  /** The digest that the file carries, and its zxid. */
  readonly expected: { readonly zxid: Zxid; readonly digest: string } | undefined
  /** The digest of the tree. */
  readonly found: string
}

/** @throws LogError when a seal does not match or a server could not load it */
export function verifySnapshot(file: string): SnapshotVerification {
  const tree = new Tree({ platform: nativePlatform, extendedTypesEnabled: true })
  const sections = readSnapshotFile(file, tree.loader())
  const { digest } = sections
  return {
    file,
    zxid: zxidInName(file) ?? sections.lastZxid,
    nodeCount: tree.nodes.count,
    sessionCount: tree.timeoutMsBySession.size,
    digest: judgeDigest(tree.digest, digest, zxidInName(file)),
    expected: digest && { zxid: digest.zxid, digest: digestText(digest.halves) },
    found: digestText(tree.digest),
  }
}

function judgeDigest(
  found: DigestHalves,
  expected: SnapshotSections['digest'],
  zxid: Zxid | undefined,
): SnapshotVerification['digest'] {
  if (expected === undefined) return 'absent'
  const { high, low } = expected.halves
  if (high === found.high && low === found.low) return 'matches'
  // A file without its own name may be one that was written while transactions were applied.
  return expected.zxid === zxid ? 'differs' : 'later'
}

export function verificationText(verification: SnapshotVerification): string {
  const { file, zxid, nodeCount, sessionCount } = verification
  const of = zxid === undefined ? '' : `zxid 0x${formatZxid(zxid)}, `
  const counts = `${nodeCount} nodes, ${sessionCount} sessions`
  return `${file}: ${of}${counts}, seals match, ${digestVerdict(verification)}`
}

function digestVerdict({ digest, expected, found }: SnapshotVerification): string {
  if (expected === undefined) return 'no digest'
  if (digest === 'matches') return `digest 0x${found} matches`
  if (digest === 'differs') return `digest 0x${expected.digest} differs from the tree's 0x${found}`
  return `digest of zxid 0x${formatZxid(expected.zxid)}, which the tree has only with the log up to there`
}

export function verificationToJson(
  verification: SnapshotVerification,
): Readonly<Record<string, unknown>> {
  const { zxid, expected, found, ...rest } = verification
  return {
    ...rest,
    ...(zxid !== undefined && { zxid: `0x${formatZxid(zxid)}` }),
    ...(expected !== undefined && {
      expectedDigest: `0x${expected.digest}`,
      expectedDigestZxid: `0x${formatZxid(expected.zxid)}`,
    }),
    foundDigest: `0x${found}`,
  }
}

function digestText({ high, low }: DigestHalves): string {
  return ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString(16)
}
