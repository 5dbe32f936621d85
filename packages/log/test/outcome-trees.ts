/** Trees that remember what became of a session's writes. */
import { encode, OpCode, purePlatform, type SessionId, txn } from '@quorate/protocol'
import { Tree } from '@quorate/tree'

export const session = 0x1234_5678_9abc_def0n as SessionId

export function newTree(): Tree {
  return new Tree({ platform: purePlatform, extendedTypesEnabled: true })
}

/** A tree in which {@link session} has made `count` changes. */
export function treeWithChanges(count: number): Tree {
  const tree = newTree()
  tree.createSystemNodes()
  for (let i = 1; i <= count; i++) {
    const header = { clientId: session, cxid: i, zxid: i, time: 1_000 * i, type: OpCode.setData }
    const body = { type: OpCode.setData, path: '/', data: null, version: i } as const
    const bytes = encode(txn, { header, body, digest: undefined })
    tree.apply(bytes, 0, bytes.length)
  }
  return tree
}

/** What is known of each write, independent of the image. */
export function outcomesOf(tree: Tree): readonly unknown[] {
  const image = tree.outcomes.openImage()
  const known = Array.from(image.entries(), ({ body, ...entry }) => ({
    ...entry,
    body: body?.bytes.slice(body.start, body.end),
  }))
  image.close()
  return known
}
