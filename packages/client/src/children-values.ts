/**
 * The children of a node with what they hold, read in as few requests as their size allows. Not one moment's picture:
 * others may change the children between two requests.
 */
import { type MultiResult, OpCode, type Stat, utf8Length } from '@quorate/protocol'
import { CallBudget } from './call-budget.ts'
import type { Caller } from './caller.ts'
import type { ClientCodec, CodecOption, PathCodecs } from './codecs-by-path.ts'
import * as operations from './operations.ts'
import type { ReadOptions } from './options.ts'
import { childPath } from './subtree.ts'
import { errorCodeOf, ZooKeeperError } from './zookeeper-error.ts'

export interface Child<Value> {
  readonly name: string
  readonly path: string
  readonly value: Value
  readonly stat: Stat
}

/** Children of one request. A node has at most 1 MiB by default, and a reply that is too long is asked for in halves. */
const childrenAtOnce = 500
/** Half of what a server takes as one request by default. */
const requestBytesMax = 512 * 1024
const readBytesFixed = 14

/** Children that are deleted meanwhile are left out. @throws ZooKeeperError NoNode if the node does not exist */
export async function readChildren(
  caller: Caller,
  codecs: PathCodecs,
  path: string,
  options: ReadOptions & CodecOption<ClientCodec>,
): Promise<readonly Child<unknown>[]> {
  const budget = new CallBudget(caller.shared.world.clock, caller.limited(options))
  const node = caller.chroot.resolve(path)
  const level = options.read === undefined ? {} : { read: options.read }
  const names = await caller.read({ ...budget.limits, ...level }, () =>
    operations.getChildren(node, false),
  )
  const chunks = chunksOf(names.toSorted(), node.server)
  const read = await Promise.all(
    chunks.map((chunk) =>
      readChunk({ caller, codecs, budget, level, codec: options.codec }, path, chunk),
    ),
  )
  return read.flat()
}

interface Reading {
  readonly caller: Caller
  readonly codecs: PathCodecs
  readonly budget: CallBudget
  readonly level: Pick<ReadOptions, 'read'>
  readonly codec: CodecOption<ClientCodec>['codec']
}

async function readChunk(
  reading: Reading,
  parent: string,
  names: readonly string[],
): Promise<readonly Child<unknown>[]> {
  const { caller, budget, level } = reading
  const reads = names.map((name) => {
    const { server } = caller.chroot.resolve(childPath(parent, name))
    return { type: OpCode.getData, path: server, watch: false } as const
  })
  try {
    const results = await caller.read({ ...budget.limits, ...level }, () =>
      operations.multiRead(reads),
    )
    return names.flatMap((name, i) => childOf(reading, childPath(parent, name), name, results[i]))
  } catch (error) {
    const isTooLong = error instanceof ZooKeeperError && error.code === 'ReplyTooLarge'
    if (!isTooLong || names.length === 1) throw error
    const middle = names.length >> 1
    const first = await readChunk(reading, parent, names.slice(0, middle))
    return [...first, ...(await readChunk(reading, parent, names.slice(middle)))]
  }
}

function childOf(
  { codecs, codec }: Reading,
  path: string,
  name: string,
  result: MultiResult | undefined,
): readonly Child<unknown>[] {
  if (result?.type === OpCode.getData)
    return [{ name, path, value: codecs.decode(path, result.data, codec), stat: result.stat }]
  const code = result?.type === -1 ? errorCodeOf(result.err) : 'MarshallingError'
  if (code === 'NoNode') return []
  throw new ZooKeeperError(code, { op: 'multiRead', path })
}

function chunksOf(names: readonly string[], parent: string): readonly (readonly string[])[] {
  const chunks: string[][] = []
  let chunk: string[] = []
  let bytes = 0
  const bytesFixed = readBytesFixed + utf8Length(parent) + 1
  for (const name of names) {
    const nameBytes = bytesFixed + utf8Length(name)
    if (chunk.length >= childrenAtOnce || bytes + nameBytes > requestBytesMax) {
      chunks.push(chunk)
      chunk = []
      bytes = 0
    }
    chunk.push(name)
    bytes += nameBytes
  }
  if (chunk.length > 0) chunks.push(chunk)
  return chunks
}
