/**
 * The few paths that a round works on, so that ops meet each other. `~` is the root of the round.
 *
 * Restricted ACLs are put on guarded paths only. Reads that leave a watch go to open paths: an exists that lacks READ
 * leaves a watch in the reference and none with us.
 */
import type { Random } from './random.ts'
import type { Text } from './request.ts'

export const openPaths: readonly string[] = [
  '~',
  '~/a',
  '~/a/b',
  '~/a/b/c',
  '~/a/d',
  '~/e',
  '~/e/f',
  '~/s',
  '~/t',
]
export const guardedPaths: readonly string[] = ['~/g', '~/g/h', '~/g/h/i', '~/k']
/** Parents of sequential nodes; the names they get are guessed by {@link pathOf}. */
const sequentialPrefixes = ['~/a/n-', '~/e/n-', '~/s/', '~/t/n-', '~/g/n-']
export const ephemeralPaths: readonly string[] = ['~/x', '~/a/x', '~/g/x', '~/x/y', '~/a/x/y']
export const quotaPaths: readonly string[] = ['~/q', '~/q/r', '~/q/u', '~/q/r/v']
/** Never deleted: without limits the reference counts no more, and finds old numbers when they come back. */
export const quotaNodes: readonly string[] = [
  '/zookeeper/quota~/zookeeper_limits',
  '/zookeeper/quota~/zookeeper_stats',
  '/zookeeper/quota~/q/zookeeper_limits',
  '/zookeeper/quota~/q/zookeeper_stats',
]
const systemPaths = ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config', '/zookeeper/n', '']

/** Every way in which a path can be wrong, and a few that look wrong and are not. */
const oddPaths: readonly Text[] = [
  '',
  'x',
  'x/y',
  '~nowhere/x',
  '//',
  '~//b',
  '~/a/',
  '~/a//b',
  '~/.',
  '~/..',
  '~/a/./b',
  '~/a/../b',
  '~/...',
  '~/.a',
  '~/a.',
  '/.',
  '/..',
  '~/a\u0000',
  '\u0000',
  '/\u0000',
  '~/\u0000/b',
  '~/a\u0001',
  '~/a\u001f',
  '~/a\u0020',
  '~/a\u007e',
  '~/a\u007f',
  '~/a\u009f',
  '~/a\u00a0',
  '~/a\u2028',
  '~/a\ud7ff',
  '~/a\ue000',
  '~/a\uf8ff',
  '~/a\uf900',
  '~/a\uffef',
  '~/a\ufff0',
  '~/a\ufffd',
  '~/a\uffff',
  '~/a\u{1f600}',
  '~/größe',
  { hex: '~2fff' },
  { hex: '~2fc0af' },
  { hex: '~2feda080' },
  { hex: '~2fe282' },
  { hex: '~2ff09f98' },
  null,
]

export function pathOf(random: Random): Text {
  const kind = random.weighted([
    [60, 'open'],
    [28, 'guarded'],
    [14, 'sequential'],
    [18, 'ephemeral'],
    [6, 'system'],
    [10, 'odd'],
    [6, 'absent'],
  ] as const)
  switch (kind) {
    case 'open':
      return random.pick(openPaths)
    case 'guarded':
      return random.pick(guardedPaths)
    case 'sequential':
      return random.pick(sequentialPrefixes) + String(random.below(24)).padStart(10, '0')
    case 'ephemeral':
      return random.pick(ephemeralPaths)
    case 'system':
      return random.pick(systemPaths)
    case 'odd':
      return random.pick(oddPaths)
    default:
      return random.pick(['~/nowhere', '~/nowhere/x', '~/a/nowhere/y', '/nowhere'])
  }
}

export function quotaPathOf(random: Random): Text {
  return random.pick(quotaPaths)
}

/** A path that a read may leave a watch on. */
export function watchedPathOf(random: Random): Text {
  return random.chance(0.1)
    ? random.pick(['/', '/zookeeper', '~/nowhere', '~/x', '~/a/x', ''])
    : random.pick(openPaths)
}

export function sequentialPathOf(random: Random): Text {
  return random.chance(0.85) ? random.pick(sequentialPrefixes) : pathOf(random)
}
