/** What can happen to a server's disk while the server runs. What a power failure does to it: see process-faults.ts. */
import { calmDisk } from '../disk/simulated-disk.ts'
import { usPerMs } from '../world.ts'
import type { Fault } from './fault.ts'

/** Often the leader's, which is to hand over. */
const slowSync: Fault = {
  name: 'disk.slow-sync',
  weight: 3,
  durationMostMs: 1_500,
  begin({ servers, ensemble }, random) {
    const leader = random.chance(0.5) ? ensemble?.leader : undefined
    const { conditions } = (leader ?? random.pick(servers)).disk
    conditions.isSlow = true
    conditions.syncMostUs = random.between(30, 400) * usPerMs
    return () => {
      conditions.isSlow = false
      conditions.syncMostUs = calmDisk.syncMostUs
    }
  },
}

const syncError: Fault = {
  name: 'disk.sync-error',
  weight: 2,
  durationMostMs: 300,
  begin({ servers }, random) {
    const { conditions } = random.pick(servers).disk
    conditions.syncErrorChance = 0.3
    return () => {
      conditions.syncErrorChance = 0
    }
  },
}

const writeError: Fault = {
  name: 'disk.write-error',
  weight: 2,
  durationMostMs: 300,
  begin({ servers }, random) {
    const { conditions } = random.pick(servers).disk
    conditions.writeErrorChance = 0.3
    return () => {
      conditions.writeErrorChance = 0
    }
  },
}

const full: Fault = {
  name: 'disk.full',
  weight: 3,
  durationMostMs: 4_000,
  begin({ servers }, random) {
    const { disk } = random.pick(servers)
    disk.conditions.capacityBytes = disk.usedBytes() + random.below(4_096)
    return () => {
      disk.conditions.capacityBytes = calmDisk.capacityBytes
    }
  },
}

/** The machine is replaced by another one with an empty disk. */
const lost: Fault = {
  name: 'disk.lost',
  weight: 2,
  durationMostMs: 0,
  isHarsh: true,
  begin({ ensemble }, random) {
    if (ensemble === undefined) return undefined
    const server = random.pick(ensemble.servers)
    if (ensemble.mayLoseDisk(server)) server.loseDisk()
    return undefined
  },
}

const bitFlip: Fault = {
  name: 'disk.bit-flip',
  weight: 2,
  durationMostMs: 0,
  isHarsh: true,
  begin({ ensemble }, random) {
    if (ensemble === undefined) return undefined
    const server = random.pick(ensemble.servers)
    if (ensemble.mayLoseDisk(server)) server.flipBit()
    return undefined
  },
}

export const diskFaults: readonly Fault[] = [slowSync, syncError, writeError, full, lost, bitFlip]
