/** Jobs that wait for each other: rounds through a double barrier, and a gate that is put up and taken away. */
import { Barrier, DoubleBarrier } from '@quorate/recipes'
import { ZooKeeperError } from '@quorate/client'
import { membersPerBarrier, paths, roundPath } from '../words.ts'
import { repeat, type Workplace } from './workplace.ts'

const enterMostMs = 3_000
const leaveMostMs = 12_000
const gateMostMs = 3_000
/** So often a worker puts the gate up and takes it away, instead of waiting for that. */
const keeperChance = 0.3

export function goRounds(place: Workplace): Promise<void> {
  const { zk, random } = place
  return repeat(place, 'round', 80, async () => {
    const { value, stat } = await zk.getWithStat(paths.round)
    const round = Number(value)
    const barrier = new DoubleBarrier(zk, roundPath(round), membersPerBarrier, { id: place.name })
    await barrier.enter({ deadlineMs: enterMostMs })
    place.say({ type: 'entered', round, zxid: zk.lastZxid })
    await place.pause(random.below(150))
    await barrier.leave({ deadlineMs: leaveMostMs })
    place.say({ type: 'left', round, zxid: zk.lastZxid })
    await zk.set(paths.round, String(round + 1), { version: stat.version }).catch(othersWereFirst)
  })
}

function othersWereFirst(error: unknown): void {
  if (!(error instanceof ZooKeeperError && error.code === 'BadVersion')) throw error
}

export function passGate(place: Workplace): Promise<void> {
  const { zk, random } = place
  const gate = new Barrier(zk, paths.gate)
  return repeat(place, 'gate', 200, async () => {
    if (random.chance(keeperChance)) {
      await gate.set()
      await place.pause(random.below(200))
      await gate.remove()
      return
    }
    const from = zk.lastZxid
    await gate.wait({ deadlineMs: gateMostMs })
    place.say({ type: 'passed', from, zxid: zk.lastZxid })
  })
}
