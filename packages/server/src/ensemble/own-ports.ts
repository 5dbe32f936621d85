/**
 * The ports of a member: for elections, for learners, for clients, and for observers where followers serve them. A reconfiguration
 * may move any of them, and the ports follow it while the server runs.
 */
import type { HostPort, Member } from '@quorate/consensus'
import type { ClientConnection } from '@quorate/replica'
import type { BoundAddress, ClientPort } from '../client-port/client-port.ts'
import type { PeerPort } from '../peer-ports/peer-port.ts'

export interface OwnPortsParts {
  readonly election: PeerPort
  readonly quorum: PeerPort
  /** Open while the server votes, at its quorum addresses. */
  readonly observerMaster: PeerPort
  /** Of the observer master; 0: it is never open. */
  readonly observerMasterPort: number
  readonly client: ClientPort<ClientConnection>
  /** Where clients connect now. */
  readonly moved: (bound: BoundAddress) => void
  /** A port could not be moved: the server goes on without it. */
  readonly moveFailed: (error: Error) => void
}

export class OwnPorts {
  readonly #parts: OwnPortsParts
  #bound: BoundAddress = { address: '', port: 0 }
  /** As the membership had it last; undefined: the configuration alone says where clients connect. */
  #clientAddress: string | undefined
  /** All of its addresses, as the membership had them last. */
  #addresses: string | undefined
  #moving: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(parts: OwnPortsParts) {
    this.#parts = parts
  }

  /** What the client port is bound to. */
  get bound(): BoundAddress {
    return this.#bound
  }

  /**
   * Opens all of them.
   * @param own undefined: the membership does not have this server (yet), and no other server connects to it
   * @throws ServerError PEER_PORT_UNAVAILABLE, CLIENT_PORT_UNAVAILABLE
   */
  async open(own: Member | undefined): Promise<void> {
    this.#clientAddress = clientAddressOf(own)
    this.#addresses = own && addressesOf(own)
    this.#bound = await this.#parts.client.listen()
    await this.#parts.election.listen(own?.electionAddresses ?? [])
    await this.#parts.quorum.listen(own?.quorumAddresses ?? [])
    await this.#listenForObservers(own)
  }

  /** A membership has come into force. One that no longer has this server leaves the ports as they are. */
  follow(own: Member | undefined): void {
    if (own !== undefined) this.#moving = this.#moveAfter(this.#moving, own)
  }

  async #moveAfter(before: Promise<void>, own: Member): Promise<void> {
    await before
    try {
      if (!this.#isClosed) await this.#move(own)
    } catch (error) {
      this.#parts.moveFailed(error as Error)
    }
  }

  async #move(own: Member): Promise<void> {
    const lines = addressesOf(own)
    if (lines === this.#addresses) return
    this.#addresses = lines
    const address = clientAddressOf(own)
    if (address !== undefined && address !== this.#clientAddress) {
      const { host, port } = own.clientAddress!
      this.#bound = await this.#parts.client.move({ address: host, port })
      this.#clientAddress = address
    }
    await this.#parts.election.listen(own.electionAddresses)
    await this.#parts.quorum.listen(own.quorumAddresses)
    await this.#listenForObservers(own)
    this.#parts.moved(this.#bound)
  }

  /** Accepts no more. Connections stay. */
  close(): void {
    this.#isClosed = true
    this.#parts.client.stopAccepting()
    this.#parts.election.close()
    this.#parts.quorum.close()
    this.#parts.observerMaster.close()
  }

  async #listenForObservers(own: Member | undefined): Promise<void> {
    const { observerMaster, observerMasterPort } = this.#parts
    if (observerMasterPort === 0) return
    const addresses = own?.isVoter === true ? own.quorumAddresses : []
    await observerMaster.listen(atPort(addresses, observerMasterPort))
  }
}

function clientAddressOf(own: Member | undefined): string | undefined {
  const address = own?.clientAddress
  return address && `${address.host}:${address.port}`
}

/** The hosts of these addresses, each once, with another port. */
export function atPort(addresses: readonly HostPort[], port: number): readonly HostPort[] {
  return [...new Set(addresses.map(({ host }) => host))].map((host) => ({ host, port }))
}

function addressesOf({
  isVoter,
  clientAddress,
  electionAddresses,
  quorumAddresses,
}: Member): string {
  return JSON.stringify([isVoter, clientAddress, electionAddresses, quorumAddresses])
}
