/** All of a snapshot, as Apache's SnapshotFormatter prints it or as JSON lines. */
import { formatSessionId, formatZxid, type Zxid } from '@quorate/protocol'
import { rememberSecond } from '../second-memory.ts'
import { dateText } from '../shell/stat-text.ts'
import type { TextOutput } from '../text-output.ts'
import { NodeCounter, type SnapshotNode, NodeStream } from './node-stream.ts'
import { readSnapshotFile, zxidInName } from './snapshot-file.ts'

export interface ListingOptions {
  /** The data itself, in base64. */
  readonly wantsData: boolean
}

/** @throws Error when the file is damaged; what stands before the damage was printed then */
export function listSnapshot(file: string, output: TextOutput, options: ListingOptions): void {
  // Apache's tree keeps the root under two names, and its count has both.
  output.line(`ZNode Details (count=${countNodes(file) + 1}):`)
  let lastZxid = zxidInName(file) ?? 0
  const stream = new NodeStream((node) => {
    lastZxid = Math.max(lastZxid, node.stat.mzxid, node.stat.pzxid)
    output.line(nodeText(node, options))
  })
  readSnapshotFile(file, stream)
  output.line('----\nSession Details (sid, timeout, ephemeralCount):')
  for (const [id, { timeoutMs, ephemeralCount }] of stream.sessions) {
    output.line(`${paddedHex(id)}, ${timeoutMs}, ${ephemeralCount}`)
  }
  output.line(`----\nLast zxid: 0x${formatZxid(lastZxid)}`)
}

/** One object a node, then one a session, then one for the file; each says in `type` what it is. */
export function listSnapshotAsJson(
  file: string,
  output: TextOutput,
  options: ListingOptions,
): void {
  const stream = new NodeStream((node) => {
    output.line(JSON.stringify({ type: 'node', ...nodeToJson(node, options) }))
  })
  const { lastZxid } = readSnapshotFile(file, stream)
  for (const [id, session] of stream.sessions) {
    output.line(JSON.stringify({ type: 'session', session: formatSessionId(id), ...session }))
  }
  const counts = { nodeCount: stream.nodeCount, sessionCount: stream.sessions.size }
  const zxid = zxidInName(file) ?? lastZxid
  output.line(
    JSON.stringify({
      type: 'snapshot',
      file,
      ...(zxid !== undefined && hexOf({ zxid })),
      ...counts,
    }),
  )
}

/** The header has the count before the nodes. What is wrong with the file shows again when they are printed. */
function countNodes(file: string): number {
  const counter = new NodeCounter()
  try {
    readSnapshotFile(file, counter)
  } catch {
    return counter.count
  }
  return counter.count
}

function nodeText({ path, stat, data }: SnapshotNode, { wantsData }: ListingOptions): string {
  return `----
${path}
  cZxid = ${paddedHex(stat.czxid)}
  ctime = ${dateOf(stat.ctime)}
  mZxid = ${paddedHex(stat.mzxid)}
  mtime = ${dateOf(stat.mtime)}
  pZxid = ${paddedHex(stat.pzxid)}
  cversion = ${stat.cversion}
  dataVersion = ${stat.version}
  aclVersion = ${stat.aversion}
  ephemeralOwner = ${paddedHex(stat.ephemeralOwner)}
  ${wantsData ? `data = ${data === null ? '' : base64(data)}` : `dataLength = ${data?.length ?? 0}`}`
}

function nodeToJson({ path, stat, data, acl }: SnapshotNode, { wantsData }: ListingOptions) {
  const { czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner } = stat
  return {
    path,
    ...hexOf({ czxid, mzxid, pzxid }),
    ctimeMs: ctime,
    mtimeMs: mtime,
    version,
    cversion,
    aversion,
    ephemeralOwner: `0x${BigInt.asUintN(64, ephemeralOwner).toString(16)}`,
    dataLength: data?.length ?? 0,
    ...(wantsData && { data: data === null ? null : base64(data) }),
    acl: acl ?? null,
  }
}

function hexOf(zxids: Readonly<Record<string, Zxid>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(zxids).map(([name, zxid]) => [name, `0x${formatZxid(zxid)}`]),
  )
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

/** Fourteen digits, or more when it takes more. */
function paddedHex(value: number | bigint): string {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16).padStart(14, '0')}`
}

const dateOf = rememberSecond((timeMs) => dateText(timeMs))
