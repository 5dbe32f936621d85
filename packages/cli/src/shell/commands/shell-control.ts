/** Commands about the shell itself: connect, close, history, redo, printwatches, version, help, quit. */
import type { Command } from '../command.ts'
import { CommandError } from '../command-error.ts'

const connect: Command = {
  name: 'connect',
  usage: 'host:port',
  argumentsMin: 0,
  async run({ shell }, invocation) {
    await shell.connect(invocation.arguments[0])
  },
}

const close: Command = {
  name: 'close',
  usage: '',
  argumentsMin: 0,
  async run({ shell }) {
    await shell.close()
  },
}

const historyShown = 11

const history: Command = {
  name: 'history',
  usage: '',
  argumentsMin: 0,
  async run({ shell, output }) {
    const first = Math.max(0, shell.history.length - historyShown)
    for (const [i, line] of shell.history.slice(first).entries())
      output.line(`${first + i} - ${line}`)
  },
}

const redo: Command = {
  name: 'redo',
  usage: 'cmdno',
  argumentsMin: 1,
  async run({ shell }, invocation) {
    const text = invocation.arguments[0]!
    const index = Number(text)
    const line = /^\d+$/.test(text) ? shell.history[index] : undefined
    if (line === undefined || index >= shell.history.length - 1)
      throw new CommandError('Command index out of range')
    if (line.trim().split(/\s/)[0] === 'redo') throw new CommandError('No redoing redos')
    await shell.redo(index)
  },
}

const printWatches: Command = {
  name: 'printwatches',
  usage: 'on|off',
  argumentsMin: 0,
  async run({ shell, output }, invocation) {
    const [wanted] = invocation.arguments
    if (wanted === undefined) output.line(`printwatches is ${shell.printsWatches ? 'on' : 'off'}`)
    else shell.printsWatches = wanted === 'on'
  },
}

const version: Command = {
  name: 'version',
  usage: '',
  argumentsMin: 0,
  async run({ output }) {
    const { packageVersion } = await import('@quorate/server')
    output.line(`ZooKeeper CLI version: quorate-${packageVersion}`)
  },
}

const help: Command = {
  name: 'help',
  usage: '',
  argumentsMin: 0,
  async run({ shell, output }) {
    output.line(shell.usage())
  },
}

const quit: Command = {
  name: 'quit',
  usage: '',
  argumentsMin: 0,
  async run({ shell }) {
    shell.quit()
  },
}

const exit: Command = { ...quit, name: 'exit' }

export const shellControlCommands: readonly Command[] = [
  connect,
  close,
  history,
  redo,
  printWatches,
  version,
  help,
  quit,
  exit,
]
