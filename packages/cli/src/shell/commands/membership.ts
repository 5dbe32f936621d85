/** Commands about the ensemble's membership: config, reconfig. */
import { readFile } from 'node:fs/promises'
import type { ReconfigOptions } from '@quorate/client'
import type { Command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import type { Invocation } from '../invocation.ts'
import { statLines } from '../stat-text.ts'

const config: Command = {
  name: 'config',
  usage: '[-c] [-w] [-s]',
  options: { flags: ['c', 'w', 's'] },
  argumentsMin: 0,
  async run(context, invocation) {
    const read = await context.client().getConfig({ watch: invocation.has('w') })
    context.output.line(invocation.has('c') ? connectText(read.config) : read.config)
    if (invocation.has('s')) for (const line of statLines(read.stat)) context.output.line(line)
  },
}

const reconfig: Command = {
  name: 'reconfig',
  usage:
    '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | [-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
  options: { flags: ['s'], values: ['v', 'file', 'members', 'add', 'remove'] },
  argumentsMin: 0,
  async run(context, invocation) {
    const wanted = await reconfigOptions(invocation)
    const committed = await context.client().reconfig(wanted)
    context.output.line(`Committed new configuration:\n${committed.config}`)
    if (invocation.has('s')) for (const line of statLines(committed.stat)) context.output.line(line)
  },
}

export const membershipCommands: readonly Command[] = [config, reconfig]

/** `VERSION host:port,…`: the client addresses of the members. */
export function connectText(configText: string): string {
  const lines = configText.split('\n').map((line) => line.trim())
  const version = lines.find((line) => line.startsWith('version='))?.slice('version='.length) ?? ''
  const addresses = lines
    .filter((line) => line.startsWith('server.'))
    .map((line) => clientAddress(line.slice(line.indexOf('=') + 1)))
  return `${version} ${addresses.join(',')}`
}

/** The part after ';' in `host:port:port:role;[address:]port`; the host itself when only a port is given. */
function clientAddress(server: string): string {
  const [quorum = '', client = ''] = server.split(';')
  if (client === '' || client.includes(':')) return client
  return `${quorum.slice(0, quorum.indexOf(':'))}:${client}`
}

async function reconfigOptions(invocation: Invocation): Promise<ReconfigOptions> {
  const isWhole = invocation.has('file') || invocation.has('members')
  const isPartial = invocation.has('add') || invocation.has('remove')
  if (!isWhole && !isPartial) throw new CommandError(`${reconfig.name} ${reconfig.usage}`)
  if (isWhole && isPartial) {
    throw new CommandError(
      "Can't use -file or -members together with -add or -remove (mixing incremental and non-incremental modes is not allowed)",
    )
  }
  if (invocation.has('file') && invocation.has('members')) {
    throw new CommandError(
      "Can't use -file and -members together (conflicting non-incremental modes)",
    )
  }
  const file = invocation.value('file')
  const members = file === undefined ? invocation.value('members') : await readMembers(file)
  const joining = invocation.value('add')
  const leaving = invocation.value('remove')
  return {
    version: configVersion(invocation.value('v')),
    ...(members === undefined ? {} : { members: members.toLowerCase() }),
    ...(joining === undefined ? {} : { joining: joining.toLowerCase() }),
    ...(leaving === undefined ? {} : { leaving: leaving.toLowerCase() }),
  }
}

function configVersion(text: string | undefined): number {
  if (text === undefined) return -1
  const version = Number.parseInt(text, 16)
  if (!/^[\da-f]+$/i.test(text) || !Number.isSafeInteger(version))
    throw new CommandError('-v must be followed by a long (configuration version)')
  return version
}

async function readMembers(file: string): Promise<string> {
  try {
    const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.trim())
    return lines.filter((line) => /^(server|group|weight)\./.test(line)).join(',')
  } catch (error) {
    throw new CommandError(`Error processing ${file}: ${(error as Error).message}`)
  }
}
