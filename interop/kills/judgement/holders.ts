/**
 * What holders did with what they held.
 *
 * 1. Every guarded write was made while the node stood that its lock is held by.
 * 2. Who had lost a lock before it wrote, by the history, was refused; and it learned that it had lost it: at once after a pause
 *    longer than its session's timeout, where it goes by its lease.
 * 3. A resource outside ZooKeeper that compares tokens takes no late write, and refuses nobody who still holds the lock: a token
 *    is only overtaken by one of a later holder, when the earlier one's node is gone.
 * 4. Nobody wrote while a reader held the lock.
 * 5. What was acquired more often than released is held still: its node stands.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { Pause } from '../worker-process.ts'
import type { Said, Word } from '../words.ts'
import type { Findings, Statement, Testimony } from './judgement.ts'

type Granted = Extract<Word, { readonly type: 'granted' }>

interface Stored {
  readonly lock: string
  readonly path: string
  readonly token: number
}

const problemsMost = 10

export function judgeHolders(testimony: Testimony): Findings {
  const { committed, statements } = testimony
  const problems: string[] = []
  const grants = grantsByPath(statements)
  let refusedCount = 0
  for (const { by, word } of statements) {
    if (word.type === 'disturbed')
      problems.push(`somebody wrote while ${by} held a read lock by ${word.path}`)
    else if (word.type === 'refused') refusedCount++
    else if (word.type === 'kept' && committed.nodeAt(word.path, word.zxid) === undefined)
      problems.push(`${by} has not released ${word.path} for the last time, and it was gone`)
    else if (word.type === 'wrote' && committed.nodeAt(word.path, word.zxid) === undefined)
      problems.push(`${by} wrote at ${word.zxid} by ${word.path}, which was gone`)
  }
  const stored = judgeStore(testimony, grants)
  const sleepers = judgeSleepers(testimony)
  return {
    problems: [...problems, ...stored.problems, ...sleepers.problems].slice(0, problemsMost),
    figures: [
      ['late guarded writes refused', refusedCount],
      ...stored.figures,
      ...sleepers.figures,
    ],
  }
}

function grantsByPath(statements: readonly Statement[]): ReadonlyMap<string, Granted> {
  const grants = new Map<string, Granted>()
  for (const { word } of statements) if (word.type === 'granted') grants.set(word.path, word)
  return grants
}

function judgeStore(
  { committed, storeFile }: Testimony,
  grants: ReadonlyMap<string, Granted>,
): Findings {
  const problems: string[] = []
  const highest = new Map<string, Stored>()
  let lateCount = 0
  for (const line of existsSync(storeFile) ? readFileSync(storeFile, 'utf8').split('\n') : []) {
    if (line === '') continue
    const stored = JSON.parse(line) as Stored
    const before = highest.get(stored.lock)
    if (before === undefined || before.token <= stored.token) {
      highest.set(stored.lock, stored)
      continue
    }
    lateCount++
    // The store refuses it: then it must have been lost when the other one was granted.
    const { zxid } = grants.get(before.path)!
    if (committed.nodeAt(stored.path, zxid) !== undefined)
      problems.push(`${stored.path} was held, and refused for the token of ${before.path}`)
  }
  return { problems, figures: [['late writes refused by token', lateCount]] }
}

/** Those who were stopped while they held something. */
function judgeSleepers({ committed, workers, sessionTimeoutMs }: Testimony): Findings {
  const problems: string[] = []
  let lostCount = 0
  for (const { name, journal, pauses } of workers)
    for (const pause of pauses) {
      if (pause.toUs - pause.fromUs < sessionTimeoutMs * 1_000) continue
      for (const grant of heldAt(journal.said, pause)) {
        const after = wordsAbout(journal.said, grant.path, pause)
        const woke = after.find((word) => word.type === 'woke')
        if (grant.lossPolicy === 'lease' && woke?.type === 'woke' && woke.isHeld)
          problems.push(`${name} slept beyond its session and still takes ${grant.path} for held`)
        const wrote = after.find((word) => word.type === 'wrote')
        const isGone = committed.now.nodeAt(grant.path, Infinity) === undefined
        if (!isGone) problems.push(`${grant.path} of ${name} is still there`)
        if (wrote === undefined && after.length > 0) lostCount++
      }
    }
  return { problems, figures: [['locks lost asleep', lostCount]] }
}

function heldAt(said: readonly Said[], pause: Pause): readonly Granted[] {
  const held = new Map<string, Granted>()
  for (const { atUs, word } of said) {
    if (atUs > pause.toUs) break
    if (word.type === 'granted') held.set(word.path, word)
    else if (word.type === 'gaveBack' || word.type === 'woke') held.delete(word.path)
    else if (word.type === 'began') held.clear()
  }
  return [...held.values()]
}

function wordsAbout(said: readonly Said[], path: string, pause: Pause): readonly Word[] {
  return said.flatMap(({ atUs, word }) =>
    atUs > pause.toUs && 'path' in word && word.path === path ? [word] : [],
  )
}
