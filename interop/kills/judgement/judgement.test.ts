/** The judges of a run, handed journals and histories that are wrong. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OpCode, openAcl, type SessionId, type Txn, type TxnBody } from '@quorate/protocol'
import { TxnHistory } from '@quorate/simulator'
import { paths, roundPath, type Said, sectionPath, type Word } from '../words.ts'
import type { Pause } from '../worker-process.ts'
import { judge, type Witness } from './judgement.ts'

type Step = readonly ['create' | 'set' | 'delete', path: string, data?: string]

const epochStart = 0x1_0000_0000
const sessionTimeoutMs = 3_000

function bodyOf([op, path, data = '']: Step): TxnBody {
  const bytes = Buffer.from(data)
  switch (op) {
    case 'create': {
      const rest = { acl: openAcl, ephemeral: false, parentCVersion: -1 }
      return { type: OpCode.create, path, data: bytes, ...rest }
    }
    case 'set':
      return { type: OpCode.setData, path, data: bytes, version: 1 }
    default:
      return { type: OpCode.delete, path }
  }
}

/** The first step is transaction 1. */
function historyOf(steps: readonly Step[]): TxnHistory {
  const history = new TxnHistory()
  let last = history.root
  for (const [i, step] of steps.entries()) {
    const body = bodyOf(step)
    const header = { clientId: 7n as SessionId, cxid: i, zxid: zxid(i + 1), time: 1_000 + i }
    const txn: Txn = { header: { ...header, type: body.type }, body, digest: undefined }
    last = history.add(last, txn, undefined)
  }
  history.commit(last)
  return history
}

function zxid(counter: number): number {
  return epochStart + counter
}

/** @param words one each ms */
function witness(
  name: string,
  words: readonly Word[],
  more: { readonly pauses?: readonly Pause[]; readonly wasKilled?: boolean } = {},
): Witness {
  const said = words.map((word, i): Said => ({ atUs: 1_000 * (i + 1), word }))
  return { name, journal: { said }, pauses: [], wasKilled: false, ...more }
}

interface Case {
  readonly steps?: readonly Step[]
  readonly workers?: readonly Witness[]
  /** What stands in the resource outside ZooKeeper. */
  readonly stored?: readonly { readonly path: string; readonly token: number }[]
}

function problemsOf({ steps = [], workers = [], stored = [] }: Case): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'interop-kills-judged-'))
  try {
    const storeFile = join(directory, 'store.jsonl')
    const lines = stored.map((one) => `${JSON.stringify({ lock: 'mutex', ...one })}\n`)
    writeFileSync(storeFile, lines.join(''))
    return judge({ history: historyOf(steps), workers, storeFile, sessionTimeoutMs }).problems
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function granted(path: string, token: number, at: number): Word {
  return { type: 'granted', lock: 'mutex', path, token, zxid: at, lossPolicy: 'lease' }
}

const locked: readonly Step[] = [
  ['create', '/recipes'],
  ['create', '/recipes/mutex'],
  ['create', '/recipes/mutex/one'],
  ['delete', '/recipes/mutex/one'],
  ['create', '/recipes/mutex/two'],
  ['delete', '/recipes/mutex/two'],
]
const one = granted('/recipes/mutex/one', 3, zxid(3))
const two = granted('/recipes/mutex/two', 5, zxid(5))

test('who holds a lock alone, writes, and gives it back is in order', () => {
  const wrote: Word = { type: 'wrote', path: '/recipes/mutex/one', zxid: zxid(3) }
  const gaveBack: Word = { type: 'gaveBack', path: '/recipes/mutex/one' }
  const stored = [
    { path: '/recipes/mutex/one', token: 3 },
    { path: '/recipes/mutex/two', token: 5 },
    { path: '/recipes/mutex/one', token: 3 },
  ]
  const workers = [witness('a', [one, wrote, gaveBack]), witness('b', [two])]
  assert.deepEqual(problemsOf({ steps: locked, workers, stored }), [])
})

test('two holders at once are told', () => {
  const steps = locked.filter(([op]) => op === 'create')
  const other = granted('/recipes/mutex/two', 4, zxid(4))
  const workers = [witness('a', [one]), witness('b', [other])]
  assert.match(problemsOf({ steps, workers }).join('\n'), /lock-exclusion: mutex is held/)
})

test('a guarded write by a lock that was gone is told', () => {
  const wrote: Word = { type: 'wrote', path: '/recipes/mutex/one', zxid: zxid(5) }
  assert.match(
    problemsOf({ steps: locked, workers: [witness('a', [one, wrote])] }).join('\n'),
    /a wrote at \d+ by \/recipes\/mutex\/one, which was gone/,
  )
})

test('a smaller token behind a greater one is told', () => {
  const steps: readonly Step[] = [
    ['create', '/recipes'],
    ['create', '/recipes/token-mutex', '5'],
    ['set', '/recipes/token-mutex', '3'],
  ]
  assert.match(problemsOf({ steps }).join('\n'), /fencing-tokens: /)
})

test('a resource that refuses somebody who holds the lock is told', () => {
  const steps = locked.filter(([op]) => op === 'create')
  const later = granted('/recipes/mutex/two', 4, zxid(4))
  const stored = [
    { path: '/recipes/mutex/two', token: 4 },
    { path: '/recipes/mutex/one', token: 3 },
  ]
  const workers = [witness('a', [one]), witness('b', [later])]
  assert.match(problemsOf({ steps, workers, stored }).join('\n'), /was held, and refused/)
})

test('a sleeper that wakes after its session and still takes the lock for held is told', () => {
  const woke: Word = { type: 'woke', path: '/recipes/mutex/one', isHeld: true }
  const sleeper: Witness = {
    ...witness('a', []),
    journal: {
      said: [
        { atUs: 1_000, word: one },
        { atUs: 6_002_000, word: woke },
      ],
    },
    pauses: [{ fromUs: 2_000, toUs: 6_000_000 }],
  }
  assert.match(
    problemsOf({ steps: locked, workers: [sleeper] }).join('\n'),
    /a slept beyond its session/,
  )
})

function sectionAt(value: string): readonly Step[] {
  return [
    ['create', '/sections'],
    ['create', sectionPath('mutex'), value],
  ]
}

test('a lost increment and one made twice are told', () => {
  const counter = 'mutex'
  const words: readonly Word[] = [
    { type: 'countBegun', counter, amount: 1 },
    { type: 'counted', counter, outcome: 'done' },
  ]
  const workers = [witness('a', words)]
  assert.deepEqual(problemsOf({ steps: sectionAt('1'), workers }), [])
  for (const value of ['0', '2'])
    assert.match(problemsOf({ steps: sectionAt(value), workers }).join('\n'), /mutex is at/)
})

test('what a killed worker was counting may have been counted', () => {
  const counter = 'mutex'
  const workers = [witness('a', [{ type: 'countBegun', counter, amount: 1 }], { wasKilled: true })]
  for (const value of ['0', '1'])
    assert.deepEqual(problemsOf({ steps: sectionAt(value), workers }), [])
})

test('an item that is taken twice, and one that is lost, are told', () => {
  const queue = paths.queue
  const put = (item: string): readonly Word[] => [
    { type: 'itemOffered', queue, item },
    { type: 'itemPut', queue, item },
  ]
  const taken = (item: string): readonly Word[] => [
    { type: 'takeBegun', queue },
    { type: 'takeEnded', queue, item, isSure: true },
  ]
  const twice = [witness('a', [...put('x'), ...taken('x'), ...taken('x')])]
  assert.match(problemsOf({ workers: twice }).join('\n'), /x was taken by a and by a/)
  assert.match(
    problemsOf({ workers: [witness('a', put('x'))] }).join('\n'),
    /are lost, x the first/,
  )
})

test('a number that is drawn twice is told', () => {
  const number: Word = { type: 'numbered', number: 7 }
  const workers = [witness('a', [number]), witness('b', [number])]
  assert.match(problemsOf({ workers }).join('\n'), /7 was drawn by a and by b/)
})

function followed(count: number): Word {
  return { type: 'followed', count }
}

test('a configuration that goes back is told', () => {
  const back = [witness('a', [{ type: 'began' }, followed(2), followed(1)])]
  const another = [witness('a', [{ type: 'began' }, followed(2), { type: 'began' }, followed(1)])]
  assert.match(problemsOf({ workers: back }).join('\n'), /from 2 back to 1/)
  assert.deepEqual(problemsOf({ workers: another }), [])
})

test('who enters a barrier too early, and leaves it while others are there, is told', () => {
  const round = roundPath(0)
  const steps: readonly Step[] = [
    ['create', '/barriers'],
    ['create', round],
    ['create', `${round}/a`],
    ['create', `${round}/b`],
    ['create', `${round}/ready`],
    ['delete', `${round}/a`],
  ]
  const words: readonly Word[] = [
    { type: 'entered', round: 0, zxid: zxid(5) },
    { type: 'left', round: 0, zxid: zxid(6) },
  ]
  assert.deepEqual(problemsOf({ steps, workers: [witness('a', words)] }), [
    'a has entered round 0 when no more than 2 had been there',
    `a has left round 0 while ${round}/b was there`,
  ])
})

test('who passes a gate that stands all the time is told', () => {
  const steps: readonly Step[] = [
    ['create', '/barriers'],
    ['create', paths.gate],
    ['delete', paths.gate],
  ]
  const passed: Word = { type: 'passed', from: zxid(2), zxid: zxid(3) }
  assert.deepEqual(problemsOf({ steps, workers: [witness('a', [passed])] }), [])
  assert.match(
    problemsOf({
      steps: [...steps.slice(0, 2), ['create', '/x']],
      workers: [witness('a', [passed])],
    }).join('\n'),
    /a has passed the gate/,
  )
})

test('a write in doubt, though the session lives, is told', () => {
  const doubted: Word = { type: 'doubted', path: '/recipes/mutex/one', code: 'ConnectionLoss' }
  assert.deepEqual(problemsOf({ workers: [witness('a', [doubted])] }), [
    'a is left in doubt by ConnectionLoss',
  ])
})
