/** What a transaction does to the tree. */
import type { PlantedFault } from '../planted-fault.ts'

export const treeFaults: readonly PlantedFault[] = [
  {
    name: 'half-multi',
    explanation: 'Of a multi that fails the operations before the one that failed are carried out.',
    edits: [
      {
        file: 'tree/src/txn-applier.ts',
        original: 'if (!hasFailed) this.#applyOp(moment, -1)',
        planted: 'if (!hasFailed || type !== OpCode.error) this.#applyOp(moment, -1)',
      },
    ],
  },
  {
    name: 'multi-not-rolled-back',
    explanation:
      'What a multi that fails would have changed is there for the checks of the next request.',
    edits: [
      {
        file: 'tree/src/preparer.ts',
        original: 'else this.#changes.rollBackMulti()\n    return failure',
        planted: 'else this.#changes.endMulti()\n    return failure',
      },
    ],
  },
  {
    name: 'sequence-counts-children',
    explanation: 'A sequential node gets the number of its siblings, so that numbers come again.',
    edits: [
      {
        file: 'tree/src/op-preparer.ts',
        original: 'this.#sequential.of(request, parent.cversion)',
        planted: 'this.#sequential.of(request, parent.childCount)',
      },
    ],
  },
  {
    name: 'version-not-checked',
    explanation: 'setData does not compare the version.',
    edits: [
      {
        file: 'tree/src/op-preparer.ts',
        original: `    if (request.version !== -1 && request.version !== node.version) return ErrorCode.BadVersion
    const { digester } = this.#state`,
        planted: '    const { digester } = this.#state',
      },
    ],
  },
  {
    name: 'in-flight-not-seen',
    explanation:
      'A leader checks a request against what is committed, and not against what is under way.',
    edits: [
      {
        file: 'tree/src/pending-changes.ts',
        original: '    if (pending !== undefined) return pending.exists ? pending : undefined\n',
        planted: '',
      },
    ],
  },
  {
    name: 'ttl-counts-from-birth',
    explanation:
      'A TTL node is removed when its time since its creation is over, however lately it was changed.',
    edits: [
      {
        file: 'replica/src/node-cleaner.ts',
        original: 'wallMs - nodes.long(node, LongField.mtime) > ttlMs',
        planted: 'wallMs - nodes.long(node, LongField.ctime) > ttlMs',
      },
    ],
  },
  {
    name: 'container-removed-in-use',
    explanation: 'A container is removed though a child of it is about to be created.',
    edits: [
      {
        file: 'tree/src/preparer.ts',
        original: 'else if (node.childCount > 0) err = ErrorCode.NotEmpty',
        planted: 'else if (node.childCount > 1e9) err = ErrorCode.NotEmpty',
      },
      {
        file: 'replica/src/write-pipeline.ts',
        original: '    if (this.#preparer.isChanging(path)) return\n',
        planted: '',
      },
    ],
  },
]
