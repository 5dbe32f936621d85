/**
 * Answers what needs no transaction, from the local tree: reads, watches, whoAmI, ping. Each request gets its reply in the same
 * call. The order of the checks is observable and follows FinalRequestProcessor.
 */
import {
  aclList,
  AddWatchMode,
  ErrorCode,
  JuteError,
  type JuteReader,
  type JuteWriter,
  OpCode,
  Perms,
  statLength,
  WatcherType,
  writeMultiHeader,
  Xid,
} from '@quorate/protocol'
import { absent, IntField, isAllowed, maskDigests, type Tree } from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'
import { catchUpWatches } from './watch-catch-up.ts'

/** What the reads need to know of the server besides its tree. */
export interface ReadOptions {
  readonly skipAcl: boolean
}

export class ReadHandler {
  readonly #tree: Tree
  readonly #options: ReadOptions

  constructor(tree: Tree, options: ReadOptions) {
    this.#tree = tree
    this.#options = options
  }

  /**
   * @param reader stands behind the header
   * @returns false when the type is none that is answered here; nothing was done then
   */
  answer(connection: ClientConnection, xid: number, type: number, reader: JuteReader): boolean {
    if (!isRead(type)) return false
    if (type === OpCode.setWatches || type === OpCode.setWatches2) {
      // The events of the catch-up go out before the reply does.
      const err = this.#setWatches(connection, type, reader)
      connection.reply(xid, this.#tree.lastZxid, err)
      return true
    }
    const replyXid = type === OpCode.ping ? Xid.ping : xid
    const out = connection.beginReply(replyXid, this.#tree.lastZxid, ErrorCode.Ok)
    const err = this.#body(connection, type, reader, out)
    if (err !== ErrorCode.Ok) connection.failReply(err)
    connection.endReply()
    return true
  }

  /** Writes the body of a reply and returns its error code; what cannot be decoded is answered as such. */
  #body(connection: ClientConnection, type: number, reader: JuteReader, out: JuteWriter): number {
    try {
      return this.#read(connection, type, reader, out)
    } catch (error) {
      if (error instanceof JuteError) return ErrorCode.MarshallingError
      throw error
    }
  }

  #read(connection: ClientConnection, type: number, reader: JuteReader, out: JuteWriter): number {
    switch (type) {
      case OpCode.getData:
        return this.#getData(connection, reader, out)
      case OpCode.exists:
        return this.#exists(connection, reader, out)
      case OpCode.getChildren:
        return this.#getChildren(connection, reader, out, false)
      case OpCode.getChildren2:
        return this.#getChildren(connection, reader, out, true)
      case OpCode.getACL:
        return this.#getAcl(connection, reader, out)
      case OpCode.multiRead:
        return this.#multiRead(connection, reader, out)
      case OpCode.getAllChildrenNumber:
        return this.#getAllChildrenNumber(connection, reader, out)
      case OpCode.getEphemerals:
        return this.#getEphemerals(connection, reader, out)
      case OpCode.addWatch:
        return this.#addWatch(connection, reader, out)
      case OpCode.checkWatches:
        return this.#watches(connection, reader, false)
      case OpCode.removeWatches:
        return this.#watches(connection, reader, true)
      case OpCode.whoAmI:
        return this.#whoAmI(connection, out)
      default:
        return ErrorCode.Ok
    }
  }

  #setWatches(connection: ClientConnection, type: number, reader: JuteReader): number {
    try {
      catchUpWatches(this.#tree, connection, reader, type === OpCode.setWatches2)
      return ErrorCode.Ok
    } catch (error) {
      if (error instanceof JuteError) return ErrorCode.MarshallingError
      throw error
    }
  }

  #getData(connection: ClientConnection, reader: JuteReader, out: JuteWriter): number {
    const start = requiredPath(reader)
    const end = reader.position
    const isWatched = reader.readBoolean()
    const node = this.#tree.nodes.find(reader.bytes, start, end)
    const err = this.#readError(connection, node, Perms.read)
    if (err !== ErrorCode.Ok) return err
    if (isWatched) this.#tree.watches.addData(reader.bytes, start, end, connection)
    this.#writeData(node, out)
    this.#writeStat(node, out)
    return ErrorCode.Ok
  }

  #exists(connection: ClientConnection, reader: JuteReader, out: JuteWriter): number {
    const start = requiredPath(reader)
    const end = reader.position
    const isWatched = reader.readBoolean()
    const { bytes } = reader
    if (bytes.subarray(start, end).includes(0)) return ErrorCode.BadArguments
    const node = this.#tree.nodes.find(bytes, start, end)
    if (node !== absent && !this.#isAllowed(connection, node, Perms.read)) return ErrorCode.NoAuth
    // A node that does not exist can be waited for.
    if (isWatched) this.#tree.watches.addData(bytes, start, end, connection)
    if (node === absent) return ErrorCode.NoNode
    this.#writeStat(node, out)
    return ErrorCode.Ok
  }

  #getChildren(
    connection: ClientConnection,
    reader: JuteReader,
    out: JuteWriter,
    hasStat: boolean,
  ): number {
    const start = requiredPath(reader)
    const end = reader.position
    const isWatched = reader.readBoolean()
    const node = this.#tree.nodes.find(reader.bytes, start, end)
    const err = this.#readError(connection, node, Perms.read)
    if (err !== ErrorCode.Ok) return err
    if (isWatched) this.#tree.watches.addChild(reader.bytes, start, end, connection)
    this.#writeChildren(node, out)
    if (hasStat) this.#writeStat(node, out)
    return ErrorCode.Ok
  }

  #getAcl(connection: ClientConnection, reader: JuteReader, out: JuteWriter): number {
    const start = requiredPath(reader)
    const node = this.#tree.nodes.find(reader.bytes, start, reader.position)
    const err = this.#readError(connection, node, Perms.read | Perms.admin)
    if (err !== ErrorCode.Ok) return err
    if (this.#isAllowed(connection, node, Perms.admin)) this.#tree.writeAcl(node, out)
    else aclList.encode(out, maskDigests(this.#tree.acl(node)))
    this.#writeStat(node, out)
    return ErrorCode.Ok
  }

  #getAllChildrenNumber(connection: ClientConnection, reader: JuteReader, out: JuteWriter): number {
    const start = requiredPath(reader)
    const node = this.#tree.nodes.find(reader.bytes, start, reader.position)
    const err = this.#readError(connection, node, Perms.read)
    if (err !== ErrorCode.Ok) return err
    // Apache's table has the root twice, and the empty path counts both.
    const alias = reader.position === start ? 1 : 0
    out.writeInt(this.#tree.nodes.descendantCount(node) + alias)
    return ErrorCode.Ok
  }

  #getEphemerals(connection: ClientConnection, reader: JuteReader, out: JuteWriter): number {
    const prefix = reader.readString() ?? ''
    const isEverything = prefix.trim() === '' || prefix === '/'
    const { nodes, ephemeralsBySession } = this.#tree
    const paths: string[] = []
    for (const node of ephemeralsBySession.get(connection.sessionId) ?? []) {
      const path = nodes.pathText(node)
      if (isEverything || path.startsWith(prefix)) paths.push(path)
    }
    // The order is free; scripts that were written against Apache's table tend to see the newest first.
    out.writeInt(paths.length)
    for (const path of paths.toReversed()) out.writeString(path)
    return ErrorCode.Ok
  }

  /** Each operation answers for itself: an error of one does not stop the next. No watches are left. */
  #multiRead(connection: ClientConnection, reader: JuteReader, out: JuteWriter): number {
    const start = out.position
    for (;;) {
      // Compatibility: Apache has no bound, so that one frame of reads of a large node takes all of the server's memory.
      if (out.position - start > multiReadBytesMax) return ErrorCode.SystemError
      const type = reader.readInt()
      const isDone = reader.readBoolean()
      reader.readInt()
      if (isDone) break
      if (type !== OpCode.getData && type !== OpCode.getChildren) {
        throw new JuteError(
          'JUTE_UNKNOWN_TYPE',
          `a multiRead holds an operation of type ${type}; ${OpCode.getData} and ${OpCode.getChildren} are allowed`,
        )
      }
      const pathStart = requiredPath(reader)
      const end = reader.position
      reader.readBoolean()
      const node = this.#tree.nodes.find(reader.bytes, pathStart, end)
      const err = this.#readError(connection, node, Perms.read)
      if (err !== ErrorCode.Ok) {
        writeMultiHeader(out, OpCode.error, false, err)
        out.writeInt(err)
        continue
      }
      writeMultiHeader(out, type, false, ErrorCode.Ok)
      if (type === OpCode.getChildren) this.#writeChildren(node, out)
      else {
        this.#writeData(node, out)
        this.#writeStat(node, out)
      }
    }
    writeMultiHeader(out, -1, true, -1)
    return ErrorCode.Ok
  }

  #addWatch(connection: ClientConnection, reader: JuteReader, out: JuteWriter): number {
    // Compatibility: Apache takes a null path, and leaks the socket when that connection ends; it is refused here.
    const start = requiredPath(reader)
    const end = reader.position
    const mode = reader.readInt()
    const { watches } = this.#tree
    if (mode === AddWatchMode.persistent)
      watches.addPersistent(reader.bytes, start, end, connection)
    else if (mode === AddWatchMode.persistentRecursive)
      watches.addPersistentRecursive(reader.bytes, start, end, connection)
    else return ErrorCode.MarshallingError
    out.writeInt(ErrorCode.Ok)
    return ErrorCode.Ok
  }

  /** Compatibility: checkWatches of Apache 3.8 also finds watches of other connections; only its own count here. */
  #watches(connection: ClientConnection, reader: JuteReader, isRemoval: boolean): number {
    const start = requiredPath(reader)
    const end = reader.position
    const type = reader.readInt()
    if (!isWatcherType(type)) return ErrorCode.MarshallingError
    const { watches } = this.#tree
    const isFound = isRemoval
      ? watches.remove(reader.bytes, start, end, connection, type)
      : watches.has(reader.bytes, start, end, connection, type)
    return isFound ? ErrorCode.Ok : ErrorCode.NoWatcher
  }

  #whoAmI(connection: ClientConnection, out: JuteWriter): number {
    out.writeInt(connection.identities.length)
    for (const { scheme, id } of connection.identities) {
      out.writeString(scheme)
      out.writeString(scheme === 'digest' ? id.split(':', 1)[0]! : id)
    }
    return ErrorCode.Ok
  }

  #readError(connection: ClientConnection, node: number, perms: number): number {
    if (node === absent) return ErrorCode.NoNode
    return this.#isAllowed(connection, node, perms) ? ErrorCode.Ok : ErrorCode.NoAuth
  }

  #isAllowed(connection: ClientConnection, node: number, perms: number): boolean {
    const aclId = this.#tree.nodes.int(node, IntField.aclId)
    if ((this.#tree.openPerms(aclId) & perms) !== 0 || this.#options.skipAcl) return true
    return isAllowed(this.#tree.aclById(aclId), perms, connection.identities)
  }

  #writeData(node: number, out: JuteWriter): void {
    const { nodes } = this.#tree
    const length = nodes.int(node, IntField.dataLength)
    if (length < 0) {
      out.writeInt(-1)
      return
    }
    const at = nodes.dataOffset(node)
    out.writeSpan(nodes.dataChunk(node), at, at + length)
  }

  #writeStat(node: number, out: JuteWriter): void {
    const at = out.reserve(statLength)
    this.#tree.writeStat(node, out.bytes, at)
  }

  #writeChildren(node: number, out: JuteWriter): void {
    const { nodes } = this.#tree
    out.writeInt(nodes.int(node, IntField.childCount))
    // Of "/" the name follows one byte, of "/a" it follows the path and a slash.
    const parentLength = nodes.int(node, IntField.pathLength)
    const nameAt = parentLength === 1 ? 1 : parentLength + 1
    for (
      let child = nodes.int(node, IntField.firstChild);
      child !== absent;
      child = nodes.int(child, IntField.nextSibling)
    ) {
      const at = nodes.pathOffset(child)
      out.writeSpan(nodes.pathChunk(child), at + nameAt, at + nodes.int(child, IntField.pathLength))
    }
  }
}

/** Steps over the path and returns where it starts; it ends at the reader's position. */
function requiredPath(reader: JuteReader): number {
  const length = reader.skipBuffer()
  if (length < 0) throw new JuteError('JUTE_NULL', 'the path of a request is null')
  return reader.position - length
}

/** The longest answer to a multiRead. */
const multiReadBytesMax = 64 * 1_048_576

function isRead(type: number): boolean {
  switch (type) {
    case OpCode.getData:
    case OpCode.exists:
    case OpCode.ping:
    case OpCode.getChildren:
    case OpCode.getChildren2:
    case OpCode.getACL:
    case OpCode.multiRead:
    case OpCode.getAllChildrenNumber:
    case OpCode.getEphemerals:
    case OpCode.addWatch:
    case OpCode.checkWatches:
    case OpCode.removeWatches:
    case OpCode.whoAmI:
    case OpCode.setWatches:
    case OpCode.setWatches2:
      return true
    default:
      return false
  }
}

/** Whether it is a read of znodes, which a client may ask for linearizably. */
export function isDataRead(type: number): boolean {
  switch (type) {
    case OpCode.getData:
    case OpCode.exists:
    case OpCode.getChildren:
    case OpCode.getChildren2:
    case OpCode.getACL:
    case OpCode.multiRead:
    case OpCode.getAllChildrenNumber:
    case OpCode.getEphemerals:
      return true
    default:
      return false
  }
}

function isWatcherType(type: number): type is WatcherType {
  return type >= WatcherType.children && type <= WatcherType.persistentRecursive
}
