/**
 * Who votes in a membership, read from its text without the servers' own code for it.
 *
 * 1. Without groups more than half of the voters decide. With groups a group is won by more than half of its weight, and more than
 *    half of the groups that have any weight decide.
 */
import { OpCode, type Txn, utf8Decode, type Zxid } from '@quorate/protocol'

export interface Electorate {
  /** The zxid of the transaction that made it. */
  readonly version: Zxid
  readonly text: string
  /** Names of all members. */
  readonly members: ReadonlySet<string>
  /** Names of the voters. */
  readonly voters: readonly string[]
  /** Voters' weights by group; undefined: each voter counts as one. */
  readonly groups: readonly ReadonlyMap<string, number>[] | undefined
}

/** The electorate of a membership's text: `server.3=…:participant` is `server3`. */
export function electorateOf(text: string): Electorate {
  const lines = text.split(/[\n,]/)
  const members = new Set<string>()
  const voters: string[] = []
  const weights = new Map<string, number>()
  const groups: string[][] = []
  let version: Zxid = 0
  for (const line of lines) {
    const [, kind, id, value = ''] = /^(server|group|weight)\.(\d+)=(.*)$/.exec(line) ?? []
    if (kind === 'server') members.add(`server${id}`)
    if (kind === 'server' && !value.includes(':observer')) voters.push(`server${id}`)
    if (kind === 'weight') weights.set(`server${id}`, Number(value))
    if (kind === 'group') groups.push(value.split(':').map((member) => `server${member}`))
    const hex = /^version=([0-9a-f]+)$/.exec(line)?.[1]
    if (hex !== undefined) version = Number.parseInt(hex, 16)
  }
  if (groups.length === 0) return { version, text, members, voters, groups: undefined }
  const weighted = groups.map(
    (names) => new Map(names.map((name) => [name, weights.get(name) ?? 1] as const)),
  )
  return { version, text, members, voters, groups: weighted }
}

/** Whether those of whom `isIn` is true decide. */
export function isQuorum({ voters, groups }: Electorate, isIn: (name: string) => boolean): boolean {
  if (groups === undefined) return 2 * voters.filter((name) => isIn(name)).length > voters.length
  let counted = 0
  let won = 0
  for (const weights of groups) {
    let all = 0
    let present = 0
    for (const [name, weight] of weights) {
      all += weight
      if (voters.includes(name) && isIn(name)) present += weight
    }
    if (all === 0) continue
    counted++
    if (2 * present > all) won++
  }
  return 2 * won > counted
}

/** The membership that the transaction puts in place. */
export function reconfigurationIn({ body }: Txn): Electorate | undefined {
  if (body.type !== OpCode.reconfig || body.data === null) return undefined
  return electorateOf(utf8Decode(body.data, 0, body.data.length))
}
