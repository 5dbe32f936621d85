/** Commands about identities and permissions: addauth, whoami, getAcl, setAcl. */
import { ZooKeeperError } from '@quorate/client'
import { aclLines, parseAcl } from '../acl-text.ts'
import type { Command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { dataBytes } from '../data-text.ts'
import { keeperErrorText } from '../error-text.ts'
import { checkPath } from '../path-check.ts'
import { statLines } from '../stat-text.ts'
import { visitSubtree } from './reading.ts'

const addAuth: Command = {
  name: 'addauth',
  usage: 'scheme auth',
  argumentsMin: 1,
  async run(context, invocation) {
    const [scheme, auth] = invocation.arguments
    await context.client().addAuth(scheme!, auth === undefined ? null : dataBytes(auth))
  },
}

const whoAmI: Command = {
  name: 'whoami',
  usage: '',
  argumentsMin: 0,
  async run(context) {
    const identities = await context.client().whoAmI()
    context.output.line('Auth scheme: User')
    for (const { authScheme, user } of identities) context.output.line(`${authScheme}: ${user}`)
  },
}

const getAcl: Command = {
  name: 'getAcl',
  usage: '[-s] path',
  options: { flags: ['s'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const { acl, stat } = await context.client().getAcl(checkPath(invocation.arguments[0]!))
    for (const line of aclLines(acl)) context.output.line(line)
    if (invocation.has('s')) for (const line of statLines(stat)) context.output.line(line)
  },
}

const setAcl: Command = {
  name: 'setAcl',
  usage: '[-s] [-v version] [-R] path acl',
  options: { flags: ['s', 'R'], values: ['v'] },
  argumentsMin: 2,
  async run(context, invocation) {
    const { output } = context
    const client = context.client()
    const path = checkPath(invocation.arguments[0]!)
    const acl = parseAcl(invocation.arguments[1]!, (text) => output.notice(text))
    const version = invocation.integer('v', { kind: 'int' }) ?? -1
    if (!invocation.has('R')) {
      const stat = await client.setAcl(path, acl, { version })
      if (invocation.has('s')) for (const line of statLines(stat)) output.line(line)
      return
    }
    let failures = 0
    await visitSubtree(client, path, false, async (visited) => {
      try {
        await client.setAcl(visited, acl, { version })
      } catch (error) {
        if (!(error instanceof ZooKeeperError)) throw error
        failures++
        output.print(keeperErrorText(error))
      }
    })
    if (failures > 0) throw new CommandError(`\nFailed to set the ACL of ${failures} node(s)`)
  },
}

export const securityCommands: readonly Command[] = [addAuth, whoAmI, getAcl, setAcl]
