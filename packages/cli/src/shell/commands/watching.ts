/** Commands about watches: addWatch, removewatches. */
import type { RemoveWatchesOptions } from '@quorate/client'
import type { Command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import type { Invocation } from '../invocation.ts'
import { checkPath } from '../path-check.ts'

const modes: ReadonlyMap<string, boolean> = new Map([
  ['PERSISTENT', false],
  ['PERSISTENT_RECURSIVE', true],
])

const addWatch: Command = {
  name: 'addWatch',
  usage:
    '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE',
  options: { values: ['m'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const mode = invocation.value('m')?.toUpperCase() ?? 'PERSISTENT_RECURSIVE'
    const recursive = modes.get(mode)
    if (recursive === undefined) throw new CommandError(`${addWatch.name} ${addWatch.usage}`)
    await context.client().addWatch(checkPath(invocation.arguments[0]!), { recursive })
  },
}

const removeWatches: Command = {
  name: 'removewatches',
  usage: 'path [-c|-d|-p|-r|-a] [-l]',
  // -l asked zkCli to forget the watches without a server; our client does that in any case.
  options: { flags: ['c', 'd', 'p', 'r', 'a', 'l'] },
  argumentsMin: 1,
  async run(context, invocation) {
    const path = checkPath(invocation.arguments[0]!)
    await context.client().removeWatches(path, { type: watchType(invocation) })
  },
}

export const watchingCommands: readonly Command[] = [addWatch, removeWatches]

function watchType(invocation: Invocation): NonNullable<RemoveWatchesOptions['type']> {
  if (invocation.has('c')) return 'children'
  if (invocation.has('d')) return 'data'
  if (invocation.has('p')) return 'persistent'
  return invocation.has('r') ? 'persistentRecursive' : 'any'
}
