/** What the recipes make of locks, tokens, items, numbers and copies of the tree. */
import type { PlantedFault } from '../planted-fault.ts'

const lockFaults: readonly PlantedFault[] = [
  {
    name: 'front-by-name',
    explanation: 'The front of the line is the first name, and not the smallest number.',
    edits: [
      {
        file: 'recipes/src/lock/line.ts',
        original: 'sortSequenced(await childrenOf(node.zk, place.parent, limit), place.kinds)',
        planted:
          'sortSequenced(await childrenOf(node.zk, place.parent, limit), place.kinds).toSorted((a, b) => (a.name < b.name ? -1 : 1))',
      },
    ],
  },
  {
    name: 'granted-at-any-deletion',
    explanation:
      'Who stands behind one that has left the line is granted the lock, and does not look who is before that one.',
    edits: [
      {
        file: 'recipes/src/lock/line.ts',
        original: 'await untilDeleted(zk, childPath(place.parent, inTheWay.name), part)',
        planted:
          'await untilDeleted(zk, childPath(place.parent, inTheWay.name), part)\n        return node',
      },
    ],
  },
  {
    name: 'writer-passes-readers',
    explanation: 'A writer waits for writers only.',
    edits: [
      {
        file: 'recipes/src/lock/lock-names.ts',
        original: `'__WRIT__', kazoo: '__lock__' }[layout]
  return { name, prefixOf: prefixes[layout], waitsFor: () => true }`,
        planted: `'__WRIT__', kazoo: '__lock__' }[layout]
  return { name, prefixOf: prefixes[layout], waitsFor: (kind) => !readerKinds.includes(kind) }`,
      },
    ],
  },
  {
    name: 'semaphore-forgets-itself',
    explanation: 'Who wants a lease counts those of the others only, and takes one too many.',
    edits: [
      {
        file: 'recipes/src/lock/semaphore.ts',
        original: 'if (children.length <= this.leaseCount) return true',
        planted: 'if (children.length - 1 <= this.leaseCount) return true',
      },
    ],
  },
  {
    name: 'lost-lock-guards',
    explanation: 'A lock that was lost still lets its holder write, in a new session too.',
    edits: [
      {
        file: 'recipes/src/lock/guarded-writer.ts',
        original: 'for (const guard of this.#guards) guard.check()',
        planted: '',
      },
      {
        file: 'recipes/src/lock/guarded-writer.ts',
        original: '.check(first!.path, -1)',
        planted: ".check('/', -1)",
      },
    ],
  },
  {
    name: 'token-of-session',
    explanation: "The fencing token is the number of the session, and not of the lock's node.",
    edits: [
      {
        file: 'recipes/src/lock/held-lock.ts',
        original: 'this.token = node.czxid',
        planted: 'this.token = Number(node.zk.sessionId ?? 0n)',
      },
    ],
  },
]

const dataFaults: readonly PlantedFault[] = [
  {
    name: 'queue-takes-what-is-gone',
    explanation: 'An item that somebody else has just taken is handed over all the same.',
    edits: [
      {
        file: 'recipes/src/queue/queue.ts',
        original: 'if (!isInDoubt) return undefined',
        planted: 'if (!isInDoubt) return bytes === undefined ? undefined : { path, bytes }',
      },
    ],
  },
  {
    name: 'consumed-item-stays',
    explanation: 'An item that is consumed loses its lock, and stays in the queue.',
    edits: [
      {
        file: 'recipes/src/queue/locking-queue.ts',
        original: 'zk.transaction().delete(this.path).delete(this.#lock.path)',
        planted: 'zk.transaction().delete(this.#lock.path)',
      },
    ],
  },
  {
    name: 'counter-overwrites',
    explanation: 'A counter is set whatever its version, over what others have counted.',
    edits: [
      {
        file: 'recipes/src/counter/conditional-write.ts',
        original: 'zk.set(path, bytes, { version, ...limit.call })',
        planted: 'zk.set(path, bytes, { version: -1, ...limit.call })',
      },
    ],
  },
  {
    name: 'cache-exact-too-soon',
    explanation: 'A copy is called exact while some of its nodes are still being read.',
    edits: [
      {
        file: 'recipes/src/cache/cache.ts',
        original: 'if (isIdle) {',
        planted: 'if (isIdle || readBelow !== undefined) {',
      },
    ],
  },
  {
    name: 'cache-ignores-gaps',
    explanation: 'A cache does not read again what may have changed while it had no connection.',
    edits: [
      {
        file: 'recipes/src/cache/cache.ts',
        original: `case 'gap':
        this.#reload()`,
        planted: `case 'gap':`,
      },
    ],
  },
]

export const recipeFaults: readonly PlantedFault[] = [...lockFaults, ...dataFaults].map(
  (fault) => ({
    ...fault,
    hasRecipes: true,
  }),
)
