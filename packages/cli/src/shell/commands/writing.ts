/** Commands that change nodes: create, set, delete, deleteall, sync. */
import { ZooKeeperError, type CreateOptions } from '@quorate/client'
import { parseAcl } from '../acl-text.ts'
import type { Command, CommandContext } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { dataBytes } from '../data-text.ts'
import { errorText, keeperErrorText } from '../error-text.ts'
import type { Invocation } from '../invocation.ts'
import { checkPath } from '../path-check.ts'
import { statLines } from '../stat-text.ts'

const ttlMax = 0xff_ffff_ffff

const create: Command = {
  name: 'create',
  usage: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
  options: { flags: ['s', 'e', 'c'], values: ['t'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const { output } = context
    const [path, data, acl] = invocation.arguments
    const options = {
      ...createOptions(invocation),
      ...(acl === undefined ? {} : { acl: parseAcl(acl, (text) => output.notice(text)) }),
    }
    checkPath(path!, options.sequential)
    const value = data === undefined ? null : dataBytes(data)
    try {
      output.notice(`Created ${await context.client().create(path!, value, options)}`)
    } catch (error) {
      complainOfCreate(context, error)
      throw error
    }
  },
}

const set: Command = {
  name: 'set',
  usage: '[-s] [-v version] [-b] path data',
  options: { flags: ['s', 'b'], values: ['v'] },
  argumentsMin: 2,
  async run(context, invocation) {
    const [path, data] = invocation.arguments
    const version = invocation.integer('v', { kind: 'int' }) ?? -1
    const value = invocation.has('b') ? base64Bytes(data!) : dataBytes(data!)
    const stat = await context.client().set(checkPath(path!), value, { version })
    if (invocation.has('s')) for (const line of statLines(stat)) context.output.line(line)
  },
}

/**
 * Compatibility: zkCli accepts `delete path version`, says that this is deprecated, and then deletes whatever the
 * version is. Here nothing is deleted.
 */
const remove: Command = {
  name: 'delete',
  usage: '[-v version] path',
  options: { values: ['v'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const [path, deprecated] = invocation.arguments
    if (deprecated !== undefined) {
      throw new CommandError(
        "'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.",
      )
    }
    const version = invocation.integer('v', { kind: 'int' }) ?? -1
    await context.client().delete(checkPath(path!), { version })
  },
}

/** Compatibility: zkCli's deleteall succeeds without a word when a permission is missing; here it says why and fails. */
const deleteAll: Command = {
  name: 'deleteall',
  usage: 'path [-b batch size]',
  options: { values: ['b'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const path = checkPath(invocation.arguments[0]!)
    const batchSize = Math.max(1, invocation.integer('b', { kind: 'int' }) ?? 1000)
    try {
      await context.client().delete(path, { recursive: true, batchSize })
    } catch (error) {
      if (error instanceof ZooKeeperError && error.op !== 'multi') throw error
      throw new CommandError(`Failed to delete some node(s) in the subtree!\n${errorText(error)}`)
    }
  },
}

const sync: Command = {
  name: 'sync',
  usage: 'path',
  argumentsMin: 1,
  async run(context, invocation) {
    await context.client().sync(checkPath(invocation.arguments[0]!))
    context.output.line('Sync is OK')
  },
}

export const writingCommands: readonly Command[] = [create, set, remove, deleteAll, sync]

/** @throws CommandError for options that exclude each other */
function createOptions(invocation: Invocation): CreateOptions {
  const ephemeral = invocation.has('e')
  const sequential = invocation.has('s')
  const container = invocation.has('c')
  if (container && (ephemeral || sequential)) {
    throw new CommandError(
      '-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.',
    )
  }
  const ttl = invocation.integer('t', { kind: 'long' })
  if (ttl === undefined) return { ephemeral, sequential, container }
  if (ephemeral) throw new CommandError('TTLs cannot be used with Ephemeral znodes')
  if (container) throw new CommandError('TTLs cannot be used with Container znodes')
  if (ttl <= 0 || ttl > ttlMax)
    throw new CommandError(`ttl must be positive and cannot be larger than: ${ttlMax}`)
  return { sequential, ttl }
}

function complainOfCreate({ output }: CommandContext, error: unknown): void {
  if (!(error instanceof ZooKeeperError)) return
  if (error.code === 'InvalidACL') output.notice(keeperErrorText(error))
  if (error.code === 'EphemeralOnLocalSession')
    output.notice('Unable to create ephemeral node on a local session')
}

function base64Bytes(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new CommandError(`"${text}" is not valid base64`)
  return new Uint8Array(bytes)
}
