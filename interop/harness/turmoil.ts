/** Kills the servers of an ensemble one after another, while something else goes on: leaders and others in turn. */
import type { Ensemble } from './ensemble.ts'

/**
 * One kill -9 after another, each followed by the server's return.
 * @param kills how many; the first and every other is the leader
 * @param recovered to be awaited behind each return
 */
export async function killInTurn(
  ensemble: Ensemble,
  kills: number,
  recovered?: () => Promise<unknown>,
): Promise<void> {
  for (let i = 0; i < kills; i++) {
    const leader = await ensemble.awaitLeader()
    const victim =
      i % 2 === 0 ? leader : ensemble.members.find((member) => member.id !== leader.id)!
    await victim.kill()
    await ensemble.awaitLeader()
    await victim.start()
    await ensemble.awaitServing()
    await recovered?.()
  }
}
