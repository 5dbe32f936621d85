/** ACLs as zkCli writes them: `scheme:id:cdrwa`, separated by commas. */
import { type Acl, Perms } from '@quorate/client'

const letters: readonly (readonly [string, number])[] = [
  ['c', Perms.create],
  ['d', Perms.delete],
  ['r', Perms.read],
  ['w', Perms.write],
  ['a', Perms.admin],
]

/** Entries that cannot be read are left out, and `complain` is told. */
export function parseAcl(text: string, complain: (text: string) => void): readonly Acl[] {
  return text.split(',').flatMap((entry) => {
    const first = entry.indexOf(':')
    const last = entry.lastIndexOf(':')
    if (first === last) {
      complain(`${entry} does not have the form scheme:id:perm`)
      return []
    }
    const id = { scheme: entry.slice(0, first), id: entry.slice(first + 1, last) }
    return [{ perms: parsePerms(entry.slice(last + 1), complain), id }]
  })
}

export function aclLines(acl: readonly Acl[]): readonly string[] {
  return acl.flatMap(({ perms, id }) => [`'${id.scheme},'${id.id}`, `: ${permsText(perms)}`])
}

export function permsText(perms: number): string {
  return letters
    .filter(([, bit]) => (perms & bit) !== 0)
    .map(([letter]) => letter)
    .join('')
}

function parsePerms(text: string, complain: (text: string) => void): number {
  let perms = 0
  for (const letter of text) {
    const bit = letters.find(([known]) => known === letter)?.[1]
    if (bit === undefined) complain(`Unknown perm type: ${letter}`)
    else perms |= bit
  }
  return perms
}
