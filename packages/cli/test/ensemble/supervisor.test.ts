/** The supervisor with processes that stand in for servers. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { EnsembleFolder } from '../../src/ensemble/ensemble-folder.ts'
import { choosePlan } from '../../src/ensemble/plan-choice.ts'
import { Supervisor } from '../../src/ensemble/supervisor.ts'
import { scratchFolder } from './scratch-folder.ts'

const scratch = scratchFolder()
const standIn = new URL('stand-in.ts', import.meta.url).pathname

/** The operator's lines, which can be waited for. */
class Lines {
  readonly all: string[] = []
  #wake: (() => void) | undefined

  readonly say = (line: string): void => {
    this.all.push(line)
    this.#wake?.()
  }

  async including(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.all.find((line) => pattern.test(line))
      if (found !== undefined) return found
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function supervise(name: string, behaviour?: string) {
  const folder = EnsembleFolder.open(join(scratch, name))
  const wishes = { folder: name, size: 2, observers: 0, clientPort: 0 }
  const plan = await choosePlan(wishes, undefined)
  folder.keep(plan)
  if (behaviour !== undefined)
    writeFileSync(join(folder.filesOf(plan.members[1]).directory, 'behaviour'), behaviour)
  const lines = new Lines()
  const command = [process.execPath, standIn] as const
  const supervisor = new Supervisor({ folder, plan, command, stopMs: 300, say: lines.say })
  stops.push(async () => {
    await supervisor.stop()
    folder.close()
  })
  supervisor.start()
  return { supervisor, plan, lines }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function processesIn(lines: Lines): readonly number[] {
  return lines.all.flatMap((line) => /process (\d+)$/.exec(line)?.[1] ?? []).map(Number)
}

describe('supervisor', () => {
  it('tells modes, processes and the connection string when all serve', async () => {
    const { supervisor, plan, lines } = await supervise('announce')
    await supervisor.announce()
    for (const { id, clientPort } of plan.members)
      assert.ok(
        lines.all.some((line) =>
          new RegExp(`^server ${id} +follower +127\\.0\\.0\\.1:${clientPort} +process \\d+$`).test(
            line,
          ),
        ),
        lines.all.join('\n'),
      )
    const ports = plan.members.map(({ clientPort }) => `127.0.0.1:${clientPort}`)
    assert.ok(lines.all.includes(`connection string: ${ports.join(',')}`))
  })

  it('starts a member that died again, and says what happened', async () => {
    const { supervisor, lines } = await supervise('death')
    await supervisor.announce()
    const [first, second] = processesIn(lines)
    process.kill(first, 'SIGKILL')
    await lines.including(/server 1 was ended by SIGKILL; starting it again in 0\.25 s/)
    const again = await lines.including(/server 1 serves again as follower \(process \d+\)/)
    assert.notEqual(Number(/process (\d+)/.exec(again)![1]), first)
    assert.ok(isRunning(second))
  })

  it('stops all members, also one that does not hear', async () => {
    const { supervisor, lines } = await supervise('stop', 'deaf')
    await supervisor.announce()
    await supervisor.stop()
    await lines.including(/server 2 does not stop within 0\.3 s and is killed/)
    assert.deepEqual(processesIn(lines).map(isRunning), [false, false])
  })

  it('can be stopped before all serve', async () => {
    const { supervisor, lines } = await supervise('early')
    await supervisor.stop()
    assert.deepEqual(lines.all, [])
  })

  it('gives up on a member that refuses its configuration, with what it said', async () => {
    const { supervisor } = await supervise('refusal', 'refuse')
    const error = await supervisor.refusal
    assert.equal(error.code, 'ENSEMBLE_MEMBER_REFUSED')
    assert.match(
      error.message,
      /^server 2 does not take its configuration: ended with exit code 2, saying "the file makes no sense \(CONFIG_VALUE_INVALID\)"/,
    )
  })
})
