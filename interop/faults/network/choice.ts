/**
 * Which network a run has. Where the kernel can do all that is asked of it, its own. Where it lacks some of that (netem is an optional
 * module), every other seed has relays, which can, so that neither the kernel's ways of losing packets nor delays go without tests.
 */
import type { Prng } from '@quorate/simulator'
import type { FaultNetwork, NetworkPlan } from './fault-network.ts'
import { NamespaceNetwork } from './namespace-network.ts'
import { RelayNetwork } from './relay-network.ts'

export type NetworkChoice = 'auto' | 'namespaces' | 'relays'

export const networkChoices: readonly NetworkChoice[] = ['auto', 'namespaces', 'relays']

const weatherCount = 3

/**
 * @param print told what the choice was made by
 * @throws Error when namespaces are asked for and can't be had
 */
export async function chooseNetwork(options: {
  readonly choice: NetworkChoice
  readonly seed: number
  readonly plan: NetworkPlan
  readonly random: Prng
  readonly print: (line: string) => void
}): Promise<FaultNetwork> {
  const { choice, seed, plan, random, print } = options
  if (choice === 'relays') return RelayNetwork.create(plan, random)
  const refusal = NamespaceNetwork.refusal()
  if (refusal !== undefined) {
    if (choice === 'namespaces') throw new Error(`there can be no network namespaces: ${refusal}`)
    print(`network namespaces: not here (${refusal})`)
    return RelayNetwork.create(plan, random)
  }
  await NamespaceNetwork.sweep()
  const network = await NamespaceNetwork.create(plan)
  for (const what of network.missing) print(`network namespaces: ${what}`)
  const isWhole = network.weathers.size === weatherCount
  if (isWhole || choice === 'namespaces' || seed % 2 === 1) return network
  network.dispose()
  print('network: this kernel cannot do everything; even seeds have relays, odd seeds namespaces')
  return RelayNetwork.create(plan, random)
}
