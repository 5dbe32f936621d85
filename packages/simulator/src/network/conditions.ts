/** How the network is at the moment: faults change it, connections ask it. Times are virtual microseconds. */
export interface NetworkConditions {
  latencyLeastUs: number
  latencyMostUs: number
  /** The chance that a message arrives in several parts. */
  splitChance: number
  /** Set while latencies are surging. */
  isSlow: boolean
}

export const calmConditions: Readonly<NetworkConditions> = {
  latencyLeastUs: 100,
  latencyMostUs: 2_000,
  splitChance: 0.1,
  isSlow: false,
}
