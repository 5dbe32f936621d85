/** Commands that read nodes: get, ls, stat, getAllChildrenNumber, getEphemerals. */
import { childPath, ZooKeeperError } from '@quorate/client'
import type { Client, Command, CommandContext } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { dataText } from '../data-text.ts'
import { hexDump } from '../hex-dump.ts'
import type { Invocation } from '../invocation.ts'
import { checkPath } from '../path-check.ts'
import { statLines } from '../stat-text.ts'

const get: Command = {
  name: 'get',
  usage: '[-s] [-w] [-b] [-x] path',
  options: { flags: ['s', 'w', 'b', 'x'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const { path, watch } = watchedPath(context, invocation, 'get [-s] [-w] path')
    const { value, stat } = await context.client().getWithStat(path, { watch })
    context.output.line(format(value, invocation))
    if (invocation.has('s')) for (const line of statLines(stat)) context.output.line(line)
  },
}

const ls: Command = {
  name: 'ls',
  usage: '[-s] [-w] [-R] path',
  options: { flags: ['s', 'w', 'R'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const { output } = context
    const { path, watch } = watchedPath(context, invocation, 'ls [-w] path')
    if (invocation.has('R')) {
      await visitSubtree(context.client(), path, watch, (visited) => output.line(visited))
      return
    }
    const { children, stat } = await context.client().childrenWithStat(path, { watch })
    output.line(`[${children.toSorted().join(', ')}]`)
    if (invocation.has('s')) for (const line of statLines(stat)) output.line(line)
  },
}

const stat: Command = {
  name: 'stat',
  usage: '[-w] path',
  options: { flags: ['w'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const { path, watch } = watchedPath(context, invocation, 'stat [-w] path')
    const found = await context.client().exists(path, { watch })
    if (found === null) throw new ZooKeeperError('NoNode', { path })
    for (const line of statLines(found)) context.output.line(line)
  },
}

const getAllChildrenNumber: Command = {
  name: 'getAllChildrenNumber',
  usage: 'path',
  argumentsMin: 1,
  async run(context, invocation) {
    const path = checkPath(invocation.arguments[0]!)
    context.output.line(String(await context.client().allChildrenNumber(path)))
  },
}

const getEphemerals: Command = {
  name: 'getEphemerals',
  usage: 'path',
  argumentsMin: 0,
  async run(context, invocation) {
    const [prefix = '/'] = invocation.arguments
    const paths = await context.client().ephemerals(checkPath(prefix))
    context.output.line(`[${paths.join(', ')}]`)
  },
}

export const readingCommands: readonly Command[] = [
  get,
  ls,
  stat,
  getAllChildrenNumber,
  getEphemerals,
]

/** The order of zkCli: a node's children stand together, and the first one's own children follow. */
export async function visitSubtree(
  client: Client,
  path: string,
  watch: boolean,
  visit: (path: string) => void | Promise<void>,
): Promise<void> {
  await client.get(path, { watch })
  await visit(path)
  const unvisited = [path]
  while (unvisited.length > 0) {
    const parent = unvisited.pop()!
    const children = await childrenIfThere(client, parent, watch)
    const paths = children.toSorted().map((child) => childPath(parent, child))
    for (const child of paths) await visit(child)
    for (const child of paths.toReversed()) unvisited.push(child)
  }
}

/** A node that was listed may be gone when it is its turn. */
async function childrenIfThere(
  client: Client,
  path: string,
  watch: boolean,
): Promise<readonly string[]> {
  try {
    return await client.children(path, { watch })
  } catch (error) {
    if (error instanceof ZooKeeperError && error.code === 'NoNode') return []
    throw error
  }
}

/** The path, and whether to watch it: by `-w`, or by a second argument as in the days before options. */
function watchedPath(
  { output }: CommandContext,
  invocation: Invocation,
  successor: string,
): { readonly path: string; readonly watch: boolean } {
  const [path, deprecated] = invocation.arguments
  const isDeprecated = deprecated !== undefined
  if (isDeprecated) {
    const [name] = successor.split(' ')
    output.notice(`'${name} path [watch]' has been deprecated. Please use '${successor}' instead.`)
  }
  return { path: checkPath(path!), watch: isDeprecated || invocation.has('w') }
}

function format(data: Uint8Array | null, invocation: Invocation): string {
  if (invocation.has('b') && invocation.has('x'))
    throw new CommandError('-b and -x cannot be used together')
  const bytes = data ?? new TextEncoder().encode('null')
  if (invocation.has('b')) return Buffer.from(bytes).toString('base64')
  return invocation.has('x') ? hexDump(bytes) : dataText(data)
}
