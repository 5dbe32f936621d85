/**
 * Several networks on the loopback interface, each with an address for every server, that can be cut one by one: from then on packets
 * to and from its addresses are lost. It needs to be root, ip and nft.
 *
 * Connections within a network have both their ends in it, as they have on machines with two interfaces: servers look at the other
 * end's address to find out whether it can still be reached.
 */
import { complaintOf, run } from '../faults/commands.ts'

export class LoopbackNetworks {
  readonly #table = `quorate_loopback_${process.pid}`
  /** Of 1 to 254: so that runs side by side don't meet. */
  readonly #second = 1 + (process.pid % 254)

  readonly #count: number

  private constructor(count: number) {
    this.#count = count
  }

  /**
   * @param count of networks, whose numbers begin with 1
   * @throws Error when packets can't be dropped here
   */
  static async create(count: number): Promise<LoopbackNetworks> {
    const networks = new LoopbackNetworks(count)
    for (const route of networks.#routes) await run(['ip', 'route', 'add', ...route])
    const table = `inet ${networks.#table}`
    const lines = [
      `add table ${table}`,
      `add set ${table} cut { type ipv4_addr; flags interval; }`,
      `add chain ${table} in { type filter hook input priority 0; }`,
      `add rule ${table} in ip daddr @cut drop`,
      `add rule ${table} in ip saddr @cut drop`,
    ]
    await run(['nft', lines.join('\n')])
    return networks
  }

  /** The address of a server in a network. */
  address(network: number, server: number): string {
    return `127.${this.#second}.${network}.${server}`
  }

  get #routes(): readonly (readonly string[])[] {
    return Array.from({ length: this.#count }, (_, at) => {
      const [subnet, source] = [`${this.address(at + 1, 0)}/24`, this.address(at + 1, 254)]
      return ['table', 'local', 'local', subnet, 'dev', 'lo', 'src', source]
    })
  }

  async cut(network: number): Promise<void> {
    await run(['nft', `add element inet ${this.#table} cut { ${this.address(network, 0)}/24 }`])
  }

  async heal(): Promise<void> {
    await run(['nft', `flush set inet ${this.#table} cut`])
  }

  dispose(): void {
    for (const route of this.#routes) complaintOf(['ip', 'route', 'del', ...route])
    complaintOf(['nft', `delete table inet ${this.#table}`])
  }
}
