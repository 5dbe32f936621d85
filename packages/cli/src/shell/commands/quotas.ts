/** Commands about quotas: setquota, listquota, delquota. The server watches the nodes that these write. */
import { ZooKeeperError } from '@quorate/client'
import type { Client, Command, ShellOutput } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { dataBytes, dataText } from '../data-text.ts'
import type { Invocation } from '../invocation.ts'
import { checkPath } from '../path-check.ts'
import { limitsNode, type QuotaKey, quotaRoot, QuotaText, statsNode } from '../quota-text.ts'

const keysByOption: readonly (readonly [string, QuotaKey])[] = [
  ['n', 'count'],
  ['b', 'bytes'],
  ['N', 'countHardLimit'],
  ['B', 'byteHardLimit'],
]

const setQuota: Command = {
  name: 'setquota',
  usage: '-n|-b|-N|-B val path',
  options: { values: ['n', 'b', 'N', 'B'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const path = checkPath(invocation.arguments[0]!)
    if (path.startsWith(quotaRoot))
      throw new CommandError(`cannot set a quota under the path: ${quotaRoot}`)
    const [key, limit] = wantedLimit(invocation)
    const client = context.client()
    if ((await client.exists(path)) === null) throw new CommandError(`${path} does not exist.`)
    await refuseNestedQuota(client, path)

    const limitsPath = `${quotaRoot}${path}/${limitsNode}`
    const isNew = (await client.exists(limitsPath)) === null
    if (isNew) await createQuotaNodes(client, path, emptyQuota().set(key, limit))
    const limits = (await readQuota(client, limitsPath)).set(key, limit)
    warnOfUse(context.output, limits, await readQuota(client, `${quotaRoot}${path}/${statsNode}`))
    if (!isNew) await client.set(limitsPath, dataBytes(limits.toString()))
  },
}

const listQuota: Command = {
  name: 'listquota',
  usage: 'path',
  argumentsMin: 1,
  async run(context, invocation) {
    const path = checkPath(invocation.arguments[0]!)
    const { output } = context
    const client = context.client()
    output.notice(`absolute path is ${quotaRoot}${path}/${limitsNode}`)
    try {
      const limits = await readQuota(client, `${quotaRoot}${path}/${limitsNode}`)
      const stats = await readQuota(client, `${quotaRoot}${path}/${statsNode}`)
      output.line(`Output quota for ${path} ${limits.toString()}`)
      output.line(`Output stat for ${path} ${stats.toString()}`)
    } catch (error) {
      if (!isNoNode(error)) throw error
      throw new CommandError(`quota for ${path} does not exist.`)
    }
  },
}

const deleteQuota: Command = {
  name: 'delquota',
  usage: '[-n|-b|-N|-B] path',
  options: { flags: ['n', 'b', 'N', 'B'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const path = checkPath(invocation.arguments[0]!)
    const client = context.client()
    const limitsPath = `${quotaRoot}${path}/${limitsNode}`
    if ((await client.exists(limitsPath)) === null)
      throw new CommandError(`Quota does not exist for ${path}`)
    const keys = keysByOption.filter(([option]) => invocation.has(option)).map(([, key]) => key)
    if (keys.length === 0) {
      await removeQuotaNodes(client, `${quotaRoot}${path}`)
      return
    }
    const limits = await readQuota(client, limitsPath)
    for (const key of keys) limits.set(key, -1)
    await client.set(limitsPath, dataBytes(limits.toString()))
  },
}

export const quotaCommands: readonly Command[] = [setQuota, listQuota, deleteQuota]

function wantedLimit(invocation: Invocation): readonly [QuotaKey, number] {
  const options = keysByOption.filter(([option]) => invocation.has(option))
  const [wanted] = options
  if (wanted === undefined || options.length > 1)
    throw new CommandError(`${setQuota.name} ${setQuota.usage}`)
  const [option, key] = wanted
  const isCount = key === 'count' || key === 'countHardLimit'
  const limit = invocation.integer(option, { kind: isCount ? 'int' : 'long' })!
  if (isCount && limit <= 0) throw new CommandError('the num quota must be greater than zero')
  if (limit < 0) throw new CommandError('the bytes quota must be greater than or equal to zero')
  return [key, limit]
}

function emptyQuota(): QuotaText {
  const quota = new QuotaText()
  for (const [, key] of keysByOption) quota.set(key, -1)
  return quota
}

/** Quotas do not nest: the server would look at the nearest one only. */
async function refuseNestedQuota(client: Client, path: string): Promise<void> {
  const components = path.split('/').slice(1)
  for (let depth = 1; depth < components.length; depth++) {
    const parent = `/${components.slice(0, depth).join('/')}`
    if ((await client.exists(`${quotaRoot}${parent}/${limitsNode}`)) !== null)
      throw new CommandError(`${path} has a parent ${parent} which has a quota`)
  }
  const own = checkPath(`${quotaRoot}${path}`)
  for (const node of await subtreeIfThere(client, own)) {
    const owner = node.slice(0, node.lastIndexOf('/'))
    if (owner !== own && node.endsWith(`/${limitsNode}`))
      throw new CommandError(
        `${path} has a child ${owner.slice(quotaRoot.length)} which has a quota`,
      )
  }
}

async function subtreeIfThere(client: Client, path: string): Promise<readonly string[]> {
  try {
    return await client.subtree(path)
  } catch (error) {
    if (isNoNode(error)) return []
    throw error
  }
}

async function createQuotaNodes(client: Client, path: string, limits: QuotaText): Promise<void> {
  let node = quotaRoot
  for (const component of path.split('/').slice(1)) {
    if (component !== '') node += `/${component}`
    await createIfAbsent(client, node)
  }
  const noUse = new QuotaText().set('count', 0).set('bytes', 0)
  await client.create(`${node}/${limitsNode}`, dataBytes(limits.toString()))
  await client.create(`${node}/${statsNode}`, dataBytes(noUse.toString()))
}

async function createIfAbsent(client: Client, path: string): Promise<void> {
  try {
    await client.create(path, null)
  } catch (error) {
    if (!(error instanceof ZooKeeperError) || error.code !== 'NodeExists') throw error
  }
}

/** Removes the quota's own nodes, and the nodes above them that were only there for it. */
async function removeQuotaNodes(client: Client, path: string): Promise<void> {
  for (const child of [limitsNode, statsNode]) await client.delete(`${path}/${child}`)
  for (let node = path; node !== quotaRoot; node = node.slice(0, node.lastIndexOf('/'))) {
    if ((await client.children(node)).length > 0) return
    await client.delete(node)
  }
}

async function readQuota(client: Client, path: string): Promise<QuotaText> {
  return new QuotaText(dataText(await client.get(path)))
}

function warnOfUse(output: ShellOutput, limits: QuotaText, use: QuotaText): void {
  const isOver = (limit: QuotaKey, used: QuotaKey): boolean =>
    limits.get(limit) > -1 && limits.get(limit) < use.get(used)
  for (const [used, hard] of [
    ['count', 'countHardLimit'],
    ['bytes', 'byteHardLimit'],
  ] as const) {
    if (isOver(used, used) || isOver(hard, used)) {
      output.line(
        `[Warning]: the ${used} quota you create is less than the existing ${used}:${use.get(used)}`,
      )
    }
  }
}

function isNoNode(error: unknown): boolean {
  return error instanceof ZooKeeperError && error.code === 'NoNode'
}
