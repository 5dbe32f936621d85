/** The same tree through every member's client port. */
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Ensemble } from '../harness/ensemble.ts'
import type { EnsembleMember } from '../harness/ensemble-member.ts'
import { FrameTimeoutError } from '../harness/raw-client.ts'
import { RawSession } from '../harness/raw-session.ts'
import { dumpTree, type NodeDump } from '../interchange/tree-dump.ts'
import { ApacheLogHole, holeOf } from './apache-log-holes.ts'
import { superUser } from './mixed-options.ts'

/**
 * Nothing may be writing.
 * @returns the tree
 * @throws AssertionError that names the members that differ
 */
export async function assertEqualTrees(ensemble: Ensemble): Promise<readonly NodeDump[]> {
  // A leader that has not written yet names the beginning of its epoch, where its followers name the end of the last.
  const session = await RawSession.open(ensemble.running[0]!.port)
  await session.close()
  await ensemble.awaitEqualZxids()
  const [first, ...others] = ensemble.running
  const expected = await treeOf(first!)
  for (const other of others) {
    const actual = await treeOf(other)
    assert.deepEqual(
      differing(actual, expected),
      differing(expected, actual),
      `the tree of ${other.name}, against that of ${first!.name}`,
    )
  }
  return expected
}

/**
 * An Apache member that has just come back from a kill may open a session and answer none of its reads: with Apache’s servers alone
 * those were 3 of 640 dumps. Such a member is asked again on another connection; ours is not.
 */
async function treeOf(member: EnsembleMember): Promise<readonly NodeDump[]> {
  const read = (): Promise<readonly NodeDump[]> => dumpTree(member.port, superUser)
  const tree = await read().catch((error: unknown) => {
    if (member.kind === 'apache' && error instanceof FrameTimeoutError) return read()
    throw error
  })
  return tree.map(comparable)
}

/** Those of the nodes that are not among the others: in a message of failure nothing else is of use. */
function differing(nodes: readonly NodeDump[], others: readonly NodeDump[]): readonly NodeDump[] {
  const byPath = new Map(others.map((node) => [node.path, node]))
  return nodes.filter((node) => !isDeepStrictEqual(node, byPath.get(node.path)))
}

/** Apache's servers make this node each for itself, at whatever time it is then. */
function comparable(node: NodeDump): NodeDump {
  if (node.path !== '/zookeeper/config') return node
  return { ...node, stat: { ...node.stat, ctime: 0, mtime: 0 } }
}

/**
 * Every transaction carries the digest of the leader's tree, and Apache's members count where theirs is another. What
 * they count before they serve does not matter: Apache 3.8.0 may log transactions twice when a synchronisation is cut
 * short, and its digests differ while it reads them again at the next start.
 *
 * @throws ApacheLogHole where the member has lost transactions itself
 */
export async function assertNoDigestDiffers(ensemble: Ensemble): Promise<void> {
  for (const member of ensemble.running) {
    if (member.kind !== 'apache') continue
    const count = await member.growthOf('digest_mismatches_count')
    const hole = count === 0 ? undefined : holeOf(member)
    if (hole !== undefined) throw new ApacheLogHole(`${member.name} has a hole in its log, ${hole}`)
    assert.equal(count, 0, `digests that ${member.name} misses`)
  }
}
