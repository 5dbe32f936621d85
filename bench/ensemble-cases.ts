/** What is measured on ensembles of three, each part on a fresh one. */
import { setTimeout as elapsed } from 'node:timers/promises'
import type { BenchedEnsemble } from './benched-ensemble.ts'
import type { BenchedServer } from './benched-server.ts'
import { type CaseOptions, type Figures, lastPath, loads, type Report, runBench } from './cases.ts'

export interface EnsembleOptions extends CaseOptions {
  /** Before the loads: three virtual machines that share two cores take long to compile what is hot. */
  readonly warmUpSeconds: number
}

export type EnsembleMeasure = (
  ensemble: BenchedEnsemble,
  options: EnsembleOptions,
  report: Report,
) => Promise<void>

/** Memory, loads and sessions. */
export const measureLoads: EnsembleMeasure = async (ensemble, options, report) => {
  const { seconds, warmUpSeconds } = options
  await start(ensemble)
  await elapsed(3_000)
  const idle = await bench(ensemble, 'probe', {})
  report('idle', { ...idle, version: await ensemble.members[0]!.version() })
  await warmUp(ensemble, warmUpSeconds)
  for (const { name, ...load } of loads) {
    report(name, await bench(ensemble, 'load', { ...load, seconds }))
  }
  report('sessions, 32 at a time', await bench(ensemble, 'sessions', { connections: 32, seconds }))
  report('loaded', await bench(ensemble, 'probe', {}))
}

/** The time without acknowledged writes when the leader is killed. */
export const measureKill: EnsembleMeasure = failover('kill -9 of the leader', (leader) => {
  void leader.crash()
})

/** The same when it stands still, with its connections open. */
export const measureFreeze: EnsembleMeasure = failover('SIGSTOP of the leader', (leader) => {
  leader.freeze()
})

function failover(name: string, fail: (leader: BenchedServer) => void): EnsembleMeasure {
  return async (ensemble, { seconds }, report) => {
    await start(ensemble)
    await warmUp(ensemble, seconds)
    const leader = await ensemble.leader()
    const outage = bench(ensemble, 'outage', { connections: 12, seconds: 20 })
    await elapsed(6_000)
    fail(leader)
    report(name, await outage)
    // A process that stands still ends by nothing else.
    await leader.crash()
  }
}

/** A follower whose disk is empty joins a large tree while others write. */
export const measureJoin: EnsembleMeasure = async (ensemble, { seconds, manyKeys }, report) => {
  const joining = ensemble.members[0]!
  for (const member of ensemble.members) if (member !== joining) member.launch()
  await ensemble.leader()
  await warmUp(ensemble, seconds)
  const large = { connections: 8, depth: 128, keys: manyKeys, size: 100 }
  report('fill 8 × 128', await bench(ensemble, 'fill', large))
  const writes = { connections: 20, reads: 0 }
  report('join: writes before', await bench(ensemble, 'load', { ...writes, seconds: 4 * seconds }))
  const during = bench(ensemble, 'load', { ...writes, seconds: 4 * seconds })
  await elapsed(2_000)
  joining.launch()
  const last = { server: joining.address, path: lastPath(manyKeys, 100), timeout: 300 }
  const joined = runBench('probe', last)
  report('join: writes meanwhile', await during)
  const { servedAtUnixMs } = await joined
  report('join', { milliseconds: Number(servedAtUnixMs) - joining.startedAtMs })
}

async function start(ensemble: BenchedEnsemble): Promise<void> {
  ensemble.launch()
  for (const { address } of ensemble.members)
    await runBench('probe', { server: address, timeout: 60 })
  for (const member of ensemble.members) member.assertListens()
}

/** A virtual machine compiles what is hot: let it, before anything counts. */
async function warmUp(ensemble: BenchedEnsemble, seconds: number): Promise<void> {
  await bench(ensemble, 'load', { connections: 20, depth: 16, reads: 50, seconds })
}

/** One run of `quorate bench` against all members that run. */
function bench(ensemble: BenchedEnsemble, mode: string, options: Figures): Promise<Figures> {
  return runBench(mode, { server: ensemble.addresses, 'server-pid': ensemble.pids, ...options })
}
