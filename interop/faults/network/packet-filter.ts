/**
 * How packets on their way into a network namespace are dropped: by nftables, else by iptables. Where there is neither, by
 * neighbour entries, which send the packets to a machine that is not there.
 */
import { complaintOf, run } from '../commands.ts'

export interface PacketFilter {
  readonly name: string
  /** Whether it can drop some packets only. */
  readonly hasLoss: boolean
  /** Makes the namespace ready. */
  prepare(namespace: string): Promise<void>
  /** From now on what comes from `source` into the namespace of `target` is dropped. */
  drop(source: Host, target: Host): Promise<void>
  /** Drops this part of all that comes into the namespace. */
  lose(target: Host, part: number): Promise<void>
  /** Lets everything in and out again. */
  clear(host: Host, others: readonly Host[]): Promise<void>
}

/** One with a network interface of its own; the clients' is the bridge, outside of all namespaces. */
export interface Host {
  readonly address: string
  readonly namespace: string | undefined
  readonly device: string
}

/** @param namespace one to try it in */
export function choosePacketFilter(namespace: string): {
  readonly filter: PacketFilter
  readonly refused: readonly string[]
} {
  const refused: string[] = []
  for (const { filter, probe } of [
    { filter: nftables, probe: ['nft', 'list', 'ruleset'] },
    { filter: iptables, probe: ['iptables', '--list'] },
  ]) {
    const complaint = complaintOf(inside(namespace, probe))
    if (complaint === undefined) return { filter, refused }
    refused.push(`no ${filter.name} (${complaint})`)
  }
  return { filter: neighbours, refused }
}

export function inside(namespace: string, words: readonly string[]): readonly string[] {
  return ['nsenter', `--net=/run/netns/${namespace}`, ...words]
}

function namespaceOf({ namespace, address }: Host): string {
  if (namespace === undefined) throw new Error(`${address} has no namespace`)
  return namespace
}

const nftables: PacketFilter = {
  name: 'nftables',
  hasLoss: true,
  async prepare(namespace) {
    const lines = [
      'add table inet faults',
      'add set inet faults from { type ipv4_addr; }',
      'add set inet faults to { type ipv4_addr; }',
      'add chain inet faults in { type filter hook input priority 0; }',
      'add chain inet faults losses { type filter hook input priority 1; }',
      'add chain inet faults out { type filter hook output priority 0; }',
      'add rule inet faults in ip saddr @from drop',
      'add rule inet faults out ip daddr @to drop',
    ]
    await run(inside(namespace, ['nft', lines.join('\n')]))
  },
  async drop(source, target) {
    // Clients have no namespace of their own: what is on its way to them is dropped where it comes from.
    const [at, set, address] =
      target.namespace === undefined
        ? [source, 'to', target.address]
        : [target, 'from', source.address]
    const line = `add element inet faults ${set} { ${address} }`
    await run(inside(namespaceOf(at), ['nft', line]))
  },
  async lose(target, part) {
    const percent = Math.round(part * 100)
    const line = `add rule inet faults losses numgen random mod 100 < ${percent} drop`
    await run(inside(namespaceOf(target), ['nft', line]))
  },
  async clear(host) {
    const lines = [
      'flush set inet faults from',
      'flush set inet faults to',
      'flush chain inet faults losses',
    ]
    await run(inside(namespaceOf(host), ['nft', lines.join('\n')]))
  },
}

const iptables: PacketFilter = {
  name: 'iptables',
  hasLoss: true,
  async prepare() {},
  async drop(source, target) {
    const words =
      target.namespace === undefined
        ? inside(namespaceOf(source), ['iptables', '-A', 'OUTPUT', '-d', target.address])
        : inside(target.namespace, ['iptables', '-A', 'INPUT', '-s', source.address])
    await run([...words, '-j', 'DROP'])
  },
  async lose(target, part) {
    const match = ['-m', 'statistic', '--mode', 'random', '--probability', String(part)]
    await run(inside(namespaceOf(target), ['iptables', '-A', 'INPUT', ...match, '-j', 'DROP']))
  },
  async clear(host) {
    await run(inside(namespaceOf(host), ['iptables', '-F']))
  },
}

/** Of no machine; its second bit says that somebody made it up. */
const nobody = '02:00:00:00:00:01'

const neighbours: PacketFilter = {
  name: 'neighbour entries',
  hasLoss: false,
  async prepare() {},
  async drop(source, target) {
    const entry = ['neigh', 'replace', target.address, 'lladdr', nobody, 'nud', 'permanent']
    await run([...ipOf(source), ...entry, 'dev', source.device])
  },
  lose() {
    throw new Error('neighbour entries cannot drop some packets only')
  },
  async clear(host, others) {
    // Of the clients' interface, too: it has no turn of its own.
    for (const other of others) {
      for (const [here, there] of [
        [host, other],
        [other, host],
      ] as const) {
        const found = await run([...ipOf(here), 'neigh', 'show', there.address])
        if (found.includes(nobody))
          await run([...ipOf(here), 'neigh', 'del', there.address, 'dev', here.device])
      }
    }
  },
}

function ipOf({ namespace }: Host): readonly string[] {
  return namespace === undefined ? ['ip'] : ['ip', '-n', namespace]
}
