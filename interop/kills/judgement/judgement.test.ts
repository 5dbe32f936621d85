/** The judges of a run, handed journals and histories that are wrong. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OpCode, openAcl, type SessionId, type Txn, type TxnBody } from '@quorate/protocol'
import { TxnHistory } from '@quorate/simulator'
import { paths, roundPath, type Said, sectionPath, ttlMs, type Word } from '../words.ts'
import { judge, type Witness } from './judgement.ts'

type Step = readonly [
  op: 'create' | 'set' | 'delete' | 'deleteContainer',
  path: string,
  data?: string,
  /** Of a node that is created; or when, in ms, if not one behind the step before. */
  more?: string,
]

const epochStart = 0x1_0000_0000
const sessionTimeoutMs = 3_000

function bodyOf([op, path, data = '', more]: Step): TxnBody {
  const bytes = Buffer.from(data)
  switch (op) {
    case 'create': {
      const rest = { acl: openAcl, parentCVersion: -1 }
      if (more === 'ttl') return { type: OpCode.createTTL, path, data: bytes, ttl: ttlMs, ...rest }
      if (more === 'container') return { type: OpCode.createContainer, path, data: bytes, ...rest }
      const ephemeral = more === 'ephemeral'
      return { type: OpCode.create, path, data: bytes, ephemeral, ...rest }
    }
    case 'set':
      return { type: OpCode.setData, path, data: bytes, version: 1 }
    case 'deleteContainer':
      return { type: OpCode.deleteContainer, path }
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
    const time = Number(step[0] === 'deleteContainer' ? (step[3] ?? i) : i)
    const header = { clientId: 7n as SessionId, cxid: i, zxid: zxid(i + 1), time: 1_000 + time }
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
  more: Partial<Pick<Witness, 'pauses' | 'wasKilled' | 'killedAtUs'>> = {},
): Witness {
  const said = words.map((word, i): Said => ({ atUs: 1_000 * (i + 1), word }))
  return {
    name,
    journal: { said },
    pauses: [],
    wasKilled: false,
    killedAtUs: undefined,
    ...more,
  }
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
    const history = historyOf(steps)
    const clocks = { sessionTimeoutMs, wallClockAheadMs: 1_000, containerCheckMs: 1_000 }
    return judge({ history, workers, storeFile, ...clocks }).problems
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
  const woke: Word = { type: 'woke', path: '/recipes/mutex/one', isHeld: true, asOfUs: 6_001_000 }
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

function lockOf(by: string, path: string, untilUs: number): Witness {
  return witness(by, [
    granted(path, 3, zxid(3)),
    { type: 'woke', path, isHeld: true, asOfUs: untilUs },
  ])
}

test('two who hold a lock at one time by their leases are told', () => {
  const both = [lockOf('a', '/recipes/mutex/one', 1_900), lockOf('b', '/recipes/mutex/two', 1_500)]
  assert.match(
    problemsOf({ workers: both }).join('\n'),
    /mutex was held by more than 1 at one time, by their leases: a and b/,
  )
  const readers = ['a', 'b'].map((by) => lockOf(by, `/recipes/mutex/${by}__READ__0`, 1_900))
  assert.doesNotMatch(problemsOf({ workers: readers }).join('\n'), /by their leases/)
})

const shareSteps: readonly Step[] = [
  ['create', paths.partition],
  ['create', `${paths.partition}/locks`],
  ['create', `${paths.partition}/locks/a`],
  ['create', `${paths.partition}/locks/a/x__lock__0000000000`, '', 'ephemeral'],
]

function shareOf(by: string, session: string, keptUs: readonly number[]): Witness {
  const kept = keptUs.map((asOfUs): Word => ({ type: 'shareKept', share: by, asOfUs }))
  const items = ['a']
  return witness(by, [
    { type: 'shareTaken', share: by, session, items, zxid: zxid(4) },
    ...kept,
    { type: 'shareEnded', share: by },
  ])
}

test('an item of which one has a share that is not first in the line for its lock is told', () => {
  assert.deepEqual(problemsOf({ steps: shareSteps, workers: [shareOf('a', '7', [1_500])] }), [])
  assert.match(
    problemsOf({ steps: shareSteps, workers: [shareOf('b', '8', [])] }).join('\n'),
    /partition-shares: b was given a at .* without being first/,
  )
})

test('an item that two have by their leases at one time is told', () => {
  const workers = [shareOf('a', '7', [1_500, 2_500]), shareOf('b', '7', [1_700])]
  assert.match(
    problemsOf({ steps: shareSteps, workers }).join('\n'),
    /item a was held by more than 1 at one time, by their leases: a and b/,
  )
  const later: Witness = {
    ...shareOf('b', '7', []),
    journal: {
      said: [
        {
          atUs: 3_000,
          word: { type: 'shareTaken', share: 'b', session: '7', items: ['a'], zxid: zxid(4) },
        },
        { atUs: 3_200, word: { type: 'shareKept', share: 'b', asOfUs: 3_100 } },
      ],
    },
  }
  const earlier = shareOf('a', '7', [1_500, 2_500])
  assert.deepEqual(problemsOf({ steps: shareSteps, workers: [earlier, later] }), [])
})

test('a re-entrant lock that is given back before its last release is told', () => {
  const kept: Word = { type: 'kept', path: '/recipes/mutex/one', zxid: zxid(4), asOfUs: 1_500 }
  assert.match(
    problemsOf({ steps: locked, workers: [witness('a', [one, kept])] }).join('\n'),
    /a has not released \/recipes\/mutex\/one for the last time, and it was gone/,
  )
})

/** Transaction times are a second ahead of words. */
const beats: readonly Step[] = [
  ['create', paths.beats],
  ['create', `${paths.beats}/b`, '0'],
]

function seen(status: 'alive' | 'suspected' | 'gone', atMs: number): Said {
  return {
    atUs: atMs * 1_000,
    word: { type: 'memberSeen', member: 'b', status, zxid: zxid(2) },
  }
}

function observer(said: readonly Said[]): Witness {
  return {
    ...witness('a', []),
    journal: { said: [{ atUs: 0, word: { type: 'connected', session: '7' } }, ...said] },
  }
}

test('a member that is suspected right behind a sign of life is told', () => {
  const early = [observer([seen('alive', 2), seen('suspected', 300)])]
  const late = [observer([seen('alive', 2), seen('suspected', 3_000), seen('alive', 3_010)])]
  assert.match(
    problemsOf({ steps: beats, workers: early }).join('\n'),
    /a suspects b, which gave a sign of life 299 ms before/,
  )
  assert.deepEqual(problemsOf({ steps: beats, workers: late }), [])
})

test('a member that is called gone while it is there is told', () => {
  const workers = [observer([seen('alive', 2), seen('gone', 3_000)])]
  const gone: Step = ['delete', `${paths.beats}/b`]
  assert.match(problemsOf({ steps: beats, workers }).join('\n'), /a calls b gone, which was there/)
  assert.deepEqual(problemsOf({ steps: [...beats, gone], workers }), [])
})

test('a member whose death nobody notices in time is told', () => {
  const dead = witness('b', [], { wasKilled: true, killedAtUs: 5_000 })
  const blind = [dead, observer([seen('alive', 2), seen('alive', 20_000)])]
  const sharp = [dead, observer([seen('alive', 2), seen('suspected', 6_000), seen('gone', 20_000)])]
  const cutOff = [
    dead,
    observer([
      seen('alive', 2),
      { atUs: 7_000_000, word: { type: 'cutOff' } },
      seen('suspected', 20_000),
    ]),
  ]
  const steps: readonly Step[] = [...beats, ['delete', `${paths.beats}/b`]]
  assert.match(
    problemsOf({ steps, workers: blind }).join('\n'),
    /a has not noticed for 9000 ms that b is dead/,
  )
  for (const workers of [sharp, cutOff]) assert.deepEqual(problemsOf({ steps, workers }), [])
})

const ttlNode = `${paths.ttl}/b`
const ttlSteps: readonly Step[] = [
  ['create', '/presence'],
  ['create', paths.ttl],
  ['create', ttlNode, '', 'container'],
  ['create', `${ttlNode}/touch`, '', 'ttl'],
]

test('a node with a time to live that a server takes away too early is told', () => {
  const steps: readonly Step[] = [...ttlSteps, ['deleteContainer', `${ttlNode}/touch`]]
  assert.match(problemsOf({ steps }).join('\n'), /node-removals: .* ms old, with 6000 ms to live/)
})

test('a node with a time to live that goes though its keeper lives is told', () => {
  const keeper: Witness = {
    ...witness('b', []),
    journal: {
      said: [
        { atUs: 0, word: { type: 'connected', session: '7' } },
        { atUs: 30_000_000, word: { type: 'closed' } },
      ],
    },
  }
  const steps: readonly Step[] = [...ttlSteps, ['deleteContainer', `${ttlNode}/touch`, '', '10000']]
  const stopped: Witness = { ...keeper, pauses: [{ fromUs: 5_000_000, toUs: 5_100_000 }] }
  assert.match(
    problemsOf({ steps, workers: [keeper] }).join('\n'),
    /touch was taken away, though b was there to touch it/,
  )
  assert.deepEqual(problemsOf({ steps, workers: [stopped] }), [])
})

test('a node with a time to live that outlives its killed keeper for long is told', () => {
  const dead = witness('b', [], { wasKilled: true, killedAtUs: 5_000 })
  const goneAfter = (atMs: string): readonly Step[] => [
    ...ttlSteps,
    ['deleteContainer', `${ttlNode}/touch`, '', atMs],
    ['deleteContainer', ttlNode, '', atMs],
  ]
  assert.match(problemsOf({ steps: ttlSteps, workers: [dead] }).join('\n'), /was there Infinity ms/)
  assert.match(
    problemsOf({ steps: goneAfter('30000'), workers: [dead] }).join('\n'),
    /was there 29995 ms after b was killed/,
  )
  assert.deepEqual(problemsOf({ steps: goneAfter('12000'), workers: [dead] }), [])
})

function lookedAt(value: string): readonly Witness[] {
  const values = [[`${paths.group}/b`, value]] as const
  return [witness('a', [{ type: 'looked', parent: paths.group, values }])]
}

test('a member of a group that is seen as it never was is told', () => {
  const steps: readonly Step[] = [
    ['create', '/presence'],
    ['create', paths.group],
    ['create', `${paths.group}/b`, 'says b'],
  ]
  assert.deepEqual(problemsOf({ steps, workers: lookedAt('says b') }), [])
  assert.match(
    problemsOf({ steps, workers: lookedAt('says c') }).join('\n'),
    /member-views: a sees/,
  )
})
