/**
 * setWatches and setWatches2: a client that reconnects brings its watches and the last zxid it has seen; what changed since is
 * told at once, the rest is watched again. The events carry the zxid −1, and no ACL is asked.
 */
import { EventType, JuteError, type JuteReader, type Zxid } from '@quorate/protocol'
import { absent, LongField, type Tree } from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'

type PathHandler = (bytes: Uint8Array, start: number, end: number, node: number) => void

/** @throws JuteError when the request cannot be decoded; nothing was told and no watch set then */
export function catchUpWatches(
  tree: Tree,
  connection: ClientConnection,
  reader: JuteReader,
  hasPersistent: boolean,
): void {
  const { nodes, watches } = tree
  const bodyStart = reader.position
  checkLists(reader, hasPersistent ? 5 : 3)
  reader.reset(reader.bytes, bodyStart, reader.end)
  const relativeZxid: Zxid = reader.readLong()
  const send = (type: EventType, bytes: Uint8Array, start: number, end: number): void =>
    connection.sendEvent({ type, zxid: -1 }, bytes, start, end)

  eachPath(tree, reader, (bytes, start, end, node) => {
    if (node === absent) send(EventType.nodeDeleted, bytes, start, end)
    else if (nodes.long(node, LongField.mzxid) > relativeZxid)
      send(EventType.nodeDataChanged, bytes, start, end)
    else watches.addData(bytes, start, end, connection)
  })
  eachPath(tree, reader, (bytes, start, end, node) => {
    if (node === absent) watches.addData(bytes, start, end, connection)
    else send(EventType.nodeCreated, bytes, start, end)
  })
  eachPath(tree, reader, (bytes, start, end, node) => {
    if (node === absent) send(EventType.nodeDeleted, bytes, start, end)
    else if (nodes.long(node, LongField.pzxid) > relativeZxid)
      send(EventType.nodeChildrenChanged, bytes, start, end)
    else watches.addChild(bytes, start, end, connection)
  })
  if (hasPersistent) {
    eachPath(tree, reader, (bytes, start, end) =>
      watches.addPersistent(bytes, start, end, connection),
    )
    eachPath(tree, reader, (bytes, start, end) =>
      watches.addPersistentRecursive(bytes, start, end, connection),
    )
  }
}

/** Steps over the whole request: neither a list nor a path may be null. */
function checkLists(reader: JuteReader, listCount: number): void {
  reader.readLong()
  for (let list = 0; list < listCount; list++) {
    const count = reader.readCount()
    if (count < 0) throw new JuteError('JUTE_NULL', 'a list of watches is null')
    for (let i = 0; i < count; i++) {
      if (reader.skipBuffer() < 0) throw new JuteError('JUTE_NULL', 'the path of a watch is null')
    }
  }
}

function eachPath(tree: Tree, reader: JuteReader, handle: PathHandler): void {
  const count = reader.readCount()
  for (let i = 0; i < count; i++) {
    const length = reader.skipBuffer()
    const { bytes, position: end } = reader
    handle(bytes, end - length, end, tree.nodes.find(bytes, end - length, end))
  }
}
