/** All configuration keys: the one table that parsing, messages and the reference page are made from. */
import { basicKeys } from './basic-keys.ts'
import type { ConfigKey } from './config-key.ts'
import { operationKeys } from './operation-keys.ts'
import { quorumKeys } from './quorum-keys.ts'
import { requestKeys } from './request-keys.ts'
import { securityKeys } from './security-keys.ts'
import { storageKeys } from './storage-keys.ts'

export const configKeys: readonly ConfigKey[] = [
  ...basicKeys,
  ...storageKeys,
  ...requestKeys,
  ...quorumKeys,
  ...securityKeys,
  ...operationKeys,
]

const keysByName = new Map(configKeys.map((key) => [key.name, key]))
const keysByProperty = new Map(
  configKeys.flatMap((key) => (key.property === undefined ? [] : [[key.property, key] as const])),
)
const families = configKeys.filter((key) => key.name.endsWith('.*'))

/**
 * The key that `name` in a zoo.cfg stands for. Apache's reader turns every name that it does not know into the system
 * property `zookeeper.<name>`, so a key may also be spelled as the rest of its property.
 */
export function findKey(name: string): ConfigKey | undefined {
  return (
    keysByName.get(name) ??
    keysByProperty.get(name) ??
    keysByProperty.get(`zookeeper.${name}`) ??
    families.find((key) => name.startsWith(key.name.slice(0, -1)))
  )
}

/** The key that a system property sets, or undefined when there is none. */
export function findKeyOfProperty(property: string): ConfigKey | undefined {
  return (
    keysByProperty.get(property) ??
    families.find(
      (key) => key.property !== undefined && property.startsWith(key.property.slice(0, -1)),
    )
  )
}

/** The known key most like `name`, when there is one that someone may have meant. */
export function nearestKey(name: string): ConfigKey | undefined {
  let nearest: ConfigKey | undefined
  // A third of the letters wrong is no longer a slip of the pen.
  let best = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const key of configKeys) {
    if (key.name.endsWith('.*')) continue
    const distance = editDistance(name.toLowerCase(), key.name.toLowerCase(), best)
    if (distance < best) {
      best = distance
      nearest = key
    }
  }
  return nearest
}

/** Letters to insert, drop or replace to get from `a` to `b`; at least `limit` when it is no less than that. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
