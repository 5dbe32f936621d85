/**
 * Writes through connections that are cut at random bytes, while the process of the leader is killed and comes back: those of
 * `npm run cuts`, on servers as users run them. Here a kill takes memory and sockets at any instant, and the next life finds what
 * is on the disk.
 */
import {
  type LostWritesOptions,
  type LostWritesReport,
  runLostWritesOn,
} from '../../packages/testkit/test/lost-writes/lost-writes-run.ts'
import { Ensemble } from '../harness/ensemble.ts'

export async function runProcessCuts(options: LostWritesOptions): Promise<LostWritesReport> {
  const ensemble = await Ensemble.start({
    voters: ['quorate', 'quorate', 'quorate'],
    configuration: ['tickTime=500', 'syncLimit=4', 'snapCount=2000'],
  })
  try {
    return await runLostWritesOn(
      {
        ports: ensemble.members.map(({ port }) => port),
        async killLeader() {
          const leader = await ensemble.awaitLeader()
          await leader.kill()
          await leader.start()
          await ensemble.awaitServing()
        },
      },
      options,
    )
  } finally {
    await ensemble.dispose()
  }
}
