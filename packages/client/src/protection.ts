/**
 * The name of a node that its creator finds again when the answer to the create was lost: `_c_<uuid>-` before the name,
 * as Curator writes it.
 */
import type { Random } from './world.ts'

const prefix = '_c_'

/** The path with a new identity in its last component. */
export function protectedPath(path: string, random: Random): { path: string; prefix: string } {
  const nameAt = path.lastIndexOf('/') + 1
  const identity = `${prefix}${randomUuid(random)}-`
  return { path: path.slice(0, nameAt) + identity + path.slice(nameAt), prefix: identity }
}

/** Version 4: 122 bits at random. */
function randomUuid(random: Random): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replaceAll(/[xy]/g, (place) => {
    const digit = Math.floor(random.next() * 16)
    return (place === 'x' ? digit : (digit & 3) | 8).toString(16)
  })
}
