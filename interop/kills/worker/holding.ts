/**
 * What a holder does with what it holds: it trusts the lock as a careless program would. After its pauses it writes, whether it
 * still holds the lock or not; only the guard keeps a late write out, and outside ZooKeeper only the token.
 */
import { appendFileSync } from 'node:fs'
import type { GuardedWriter, HeldLock } from '@quorate/recipes'
import { RecipeError } from '@quorate/recipes'
import { ZooKeeperError } from '@quorate/client'
import type { Stat } from '@quorate/protocol'
import { nowUs, sectionPath, type SoleLock } from '../words.ts'
import { isInDoubt, sayNotCounted, type Workplace } from './workplace.ts'

const holdMostMs = 500
export const tokenRoot = '/recipes/token-'

interface Grant<L extends string> {
  readonly lock: L
  readonly path: string
  readonly token: number
}

export interface Holding {
  readonly grants: readonly Grant<SoleLock>[]
  readonly guarded: GuardedWriter<'utf8'>
  /** By all that is known here. */
  readonly isHeld: () => boolean
}

/** What one holder has alone. */
export async function holdAlone(place: Workplace, holding: Holding): Promise<void> {
  const { grants, guarded } = holding
  const { zk } = place
  for (const grant of grants) sayGranted(place, grant)
  const counts = await Promise.all(grants.map(({ lock }) => zk.get(sectionPath(lock))))
  await rest(place, grants, holding.isHeld)
  for (const { lock } of grants) place.say({ type: 'countBegun', counter: lock, amount: 1 })
  try {
    const results: readonly unknown[] = await guarded.commit((writes) => {
      for (const [i, { lock, token }] of grants.entries()) {
        writes.set(`${tokenRoot}${lock}`, String(token))
        writes.set(sectionPath(lock), String(Number(counts[i]) + 1))
      }
      return writes
    })
    const { mzxid } = results[0] as Stat
    for (const { path } of grants) place.say({ type: 'wrote', path, zxid: mzxid })
    for (const { lock } of grants) place.say({ type: 'counted', counter: lock, outcome: 'done' })
  } catch (error) {
    sayRefused(place, grants, error)
    for (const { lock } of grants) sayNotCounted(place, lock, error)
  } finally {
    for (const { lock, path, token } of grants)
      appendFileSync(place.storeFile, `${JSON.stringify({ lock, path, token })}\n`)
  }
}

/** What readers hold while nobody writes. */
export async function holdAsReader(place: Workplace, held: HeldLock<'utf8'>): Promise<void> {
  const grant = { lock: 'rw', path: held.path, token: held.token }
  sayGranted(place, grant)
  const path = sectionPath('rw')
  const { stat } = await place.zk.getWithStat(path)
  await rest(place, [grant], () => held.isHeld)
  try {
    await held.guarded.commit((writes) => writes.check(path, stat.version))
  } catch (error) {
    if (error instanceof ZooKeeperError && error.code === 'BadVersion')
      place.say({ type: 'disturbed', path: held.path })
    else sayRefused(place, [grant], error)
  }
}

/** What a bounded number hold. */
export async function holdLease(place: Workplace, held: HeldLock<'utf8'>): Promise<void> {
  const grant = { lock: 'semaphore', path: held.path, token: held.token }
  sayGranted(place, grant)
  await rest(place, [grant], () => held.isHeld)
  try {
    const { mzxid } = await held.guarded.set('/sections/semaphore', place.name)
    place.say({ type: 'wrote', path: held.path, zxid: mzxid })
  } catch (error) {
    sayRefused(place, [grant], error)
  }
}

/** What is still held when less was released than acquired. */
export async function holdOn(place: Workplace, held: HeldLock<'utf8'>): Promise<void> {
  const { path } = held
  const { lastZxid: zxid } = place.zk
  const asOfUs = nowUs()
  if (held.isHeld) place.say({ type: 'kept', path, zxid, asOfUs })
  try {
    const { mzxid } = await held.guarded.set('/sections/held-on', place.name)
    place.say({ type: 'wrote', path, zxid: mzxid })
  } catch (error) {
    sayRefused(place, [{ lock: 'reentrant', path, token: held.token }], error)
  }
}

function sayGranted(place: Workplace, grant: Grant<string>): void {
  const { lossPolicy, zk } = place
  place.say({ type: 'granted', ...grant, zxid: zk.lastZxid, lossPolicy })
}

async function rest(
  place: Workplace,
  grants: readonly Grant<string>[],
  isHeld: () => boolean,
): Promise<void> {
  await place.pause(50 + place.random.below(holdMostMs))
  const asOfUs = nowUs()
  const stillHeld = isHeld()
  for (const { path } of grants) place.say({ type: 'woke', path, isHeld: stillHeld, asOfUs })
}

function sayRefused(place: Workplace, grants: readonly Grant<string>[], error: unknown): void {
  const isRefused = error instanceof RecipeError && error.code === 'LockLost'
  if (!isRefused && !isInDoubt(error)) throw error
  for (const { path } of grants)
    if (isRefused) place.say({ type: 'refused', path })
    else place.say({ type: 'doubted', path, code: error.code })
}
