/** What a load leaves behind: all that was acknowledged, and nothing that was to go. */
import assert from 'node:assert/strict'
import { getChildrenResponse, OpCode, pathWatchRequest } from '@quorate/protocol'
import type { Ensemble } from '../../harness/ensemble.ts'
import { eventually } from '../../harness/eventually.ts'
import { RawSession } from '../../harness/raw-session.ts'
import type { NodeDump } from '../../interchange/tree-dump.ts'
import type { LoadReport, WriterRecord } from './kazoo-load.ts'

/** @throws AssertionError where an acknowledged write is lost, or one is there that nobody asked for */
export function verifyWriters(tree: readonly NodeDump[], { writers }: LoadReport): void {
  for (const [root, written] of Object.entries(writers)) verifyWriter(tree, root, written)
}

function verifyWriter(tree: readonly NodeDump[], root: string, written: WriterRecord): void {
  const { created, deleted, counted, multis } = written
  const names = tree
    .map(({ path }) => path)
    .filter((path) => path.startsWith(`${root}/n-`) || path.startsWith(`${root}/m-`))
  const numbered = (kind: 'm' | 'n', count: number): readonly string[] =>
    Array.from({ length: count }, (_, i) => `${root}/${kind}-${String(i).padStart(6, '0')}`)
  const kept = numbered('n', created).filter((_path, i) => i % 5 !== 0 || i / 5 >= deleted)
  assert.deepEqual(names, [...numbered('m', multis), ...kept], `acknowledged nodes of ${root}`)
  for (const [name, version] of [
    ['counter', counted],
    ['multi', multis],
  ]) {
    const node = tree.find(({ path }) => path === `${root}/${name}`)
    assert.equal(node?.stat.version, version, `acknowledged changes of ${root}/${name}`)
  }
}

const shortLivedOfLoad = /^(?:container|ephemeral|silent|ttl)-/

/** Sessions that could not say good-bye expire; containers and nodes with a time to live go. */
export async function awaitNothingShortLived(ensemble: Ensemble): Promise<void> {
  let left: readonly string[] = []
  const wait = { what: 'the load to be gone', timeoutMs: 60_000, explain: () => left.join(', ') }
  const session = await RawSession.open(ensemble.member(1).port)
  const childrenOf = async (path: string): Promise<readonly string[]> => {
    const request = { path, watch: false }
    return (await session.ask(OpCode.getChildren, pathWatchRequest, request, getChildrenResponse))
      .children
  }
  await eventually(wait, async () => {
    const named = (await childrenOf('/load')).filter((name) => shortLivedOfLoad.test(name))
    left = [...named, ...(await childrenOf('/load/visits')), ...(await childrenOf('/load/lock'))]
    return left.length === 0 || undefined
  })
  await session.close()
}
