/** Engine, election and history in the simulated world, without a replica: what goes wrong here is theirs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportRun, simulate } from '@quorate/simulator'
import { CommitQuorum } from '../../src/checkers/commit-quorum.ts'
import { LeaderEpochs } from '../../src/checkers/leader-epochs.ts'
import { ServerFailures } from '../../src/checkers/server-failures.ts'
import { TotalOrder } from '../../src/checkers/total-order.ts'
import { TxnHistory } from '../../src/history/txn-history.ts'
import { BareMember } from './bare-member.ts'

for (const voterCount of [1, 3, 5]) {
  for (const seed of [1, 2, 3]) {
    test(`seed ${seed} leaves ${voterCount} engines with one history`, () => {
      const result = simulate({
        seed,
        topology: { voterCount, observerCount: 1, spareCount: 0 },
        clientCount: 1,
        createMember: (driver, options) => new BareMember(driver, options.zab.serverId),
        createCheckers: () => {
          const history = new TxnHistory()
          return [
            new ServerFailures(),
            new LeaderEpochs(),
            new TotalOrder(history),
            new CommitQuorum(history),
          ]
        },
      })
      assert.equal(result.violation, undefined, reportRun(result))
      assert.ok(result.leaderCount > 1 && result.recoveryCount > 2, reportRun(result))
    })
  }
}
