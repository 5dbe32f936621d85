/** What the recipes make of barriers, nodes that are kept, shares, configurations and several locks. */
import type { PlantedFault } from '../planted-fault.ts'

const barrierFaults: readonly PlantedFault[] = [
  {
    name: 'barrier-opened-by-one',
    explanation: 'The first member opens a double barrier, however many are to enter.',
    edits: [
      {
        file: 'recipes/src/barrier/double-barrier.ts',
        original: 'members.length < this.memberCount',
        planted: 'members.length < 1',
      },
    ],
  },
  {
    name: 'barrier-left-alone',
    explanation: 'Who leaves a double barrier does not wait for the others.',
    edits: [
      {
        file: 'recipes/src/barrier/double-barrier.ts',
        original: 'await this.#untilAllLeft(member, limit)',
        planted: 'await limit.join(member.remove())',
      },
    ],
  },
  {
    name: 'barrier-holds-nobody',
    explanation: 'Who waits for a barrier looks whether it stands, and goes on in either case.',
    edits: [
      {
        file: 'recipes/src/barrier/barrier.ts',
        original: '    await untilDeleted(this.#client, this.path, limit)\n',
        planted: '    await this.#client.exists(this.path, limit.call)\n',
      },
    ],
  },
]

const nodeFaults: readonly PlantedFault[] = [
  {
    name: 'closed-node-stays',
    explanation: 'A node that is given up stays until its session ends.',
    edits: [
      {
        file: 'recipes/src/node/persistent-node.ts',
        original: 'await removeNodeIf(this.#zk, this.path, (stat) => this.#isOurs(stat))',
        planted: 'await this.#keeping',
      },
    ],
  },
]

const shareFaults: readonly PlantedFault[] = [
  {
    name: 'shares-without-locks',
    explanation: 'Members take their shares of the items without locking them.',
    edits: [
      {
        file: 'recipes/src/group/set-partitioner.ts',
        original: 'if (await this.#lock(items, share, limit)) return',
        planted: 'return',
      },
    ],
  },
  {
    name: 'shares-given-back-early',
    explanation: 'A share is given back when the members change, though its owner still works.',
    edits: [
      {
        file: 'recipes/src/group/set-partitioner.ts',
        original: "this.#share?.abort(new Error('the members have changed'))",
        planted:
          "this.#share?.abort(new Error('the members have changed'))\n        void this.#release()",
      },
    ],
  },
]

const configFaults: readonly PlantedFault[] = [
  {
    name: 'version-left-out',
    explanation: 'A version of a configuration is written, and not put into its history.',
    edits: [
      {
        file: 'recipes/src/config/config.ts',
        original: 'transaction.create(this.#versionPath(present.version + 1), bytes)',
        planted: '',
      },
    ],
  },
  {
    name: 'config-falls-back',
    explanation: 'While what a node holds is not valid, the first configuration holds again.',
    edits: [
      {
        file: 'recipes/src/config/config.ts',
        original: 'this.#last = change.node',
        planted: 'this.#last ??= change.node',
      },
    ],
  },
]

const multiLockFault: PlantedFault = {
  name: 'multi-lock-keeps-some',
  explanation: 'Who cannot have all of several locks keeps those that it has.',
  hasRecipes: true,
  edits: [
    {
      file: 'recipes/src/lock/multi-lock.ts',
      original: 'releaseAll(taken).catch(() => {})',
      planted: '',
    },
  ],
}

export const memberFaults: readonly PlantedFault[] = [
  ...[...barrierFaults, ...nodeFaults, ...shareFaults, ...configFaults].map((fault) => ({
    ...fault,
    hasMembers: true,
  })),
  multiLockFault,
]
