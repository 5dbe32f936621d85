import { broadcastFaults } from './faults/broadcast.ts'
import { clientFaults } from './faults/client.ts'
import { durabilityFaults } from './faults/durability.ts'
import { epochFaults } from './faults/epochs.ts'
import { memberFaults } from './faults/members.ts'
import { outcomeFaults } from './faults/outcomes.ts'
import { readFaults } from './faults/reads.ts'
import { recipeFaults } from './faults/recipes.ts'
import { recoveryFaults } from './faults/recovery.ts'
import { sessionFaults } from './faults/sessions.ts'
import { synchronisationFaults } from './faults/synchronisation.ts'
import { treeFaults } from './faults/tree.ts'
import { watchFaults } from './faults/watches.ts'
import type { PlantedFault } from './planted-fault.ts'

export const allPlantedFaults: readonly PlantedFault[] = [
  ...durabilityFaults,
  ...epochFaults,
  ...synchronisationFaults,
  ...broadcastFaults,
  ...recoveryFaults,
  ...sessionFaults,
  ...readFaults,
  ...watchFaults,
  ...treeFaults,
  ...clientFaults,
  ...outcomeFaults,
  ...recipeFaults,
  ...memberFaults,
]
